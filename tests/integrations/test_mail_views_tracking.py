"""What became of mail that was sent, told by the webhooks of providers: one item for the one that came back."""

import time

import pytest
from pytest_django import Settings

from integrations.mail import sns
from integrations.mail.composing import message_id
from integrations.mail.esp import PROVIDERS, TRACKING
from integrations.mail.marking import key_of
from jobs.lifecycle import planning
from jobs.lifecycle.job import open_job
from jobs.models import Client, Delivery, Receipt, Review
from tests.emulators import esp, esp_tracking
from tests.emulators.esp_tracking import BOUNCES, TRACKING_KEYS, WHY, Made
from tests.emulators.sns import Sns
from tests.integrations.mail.mails import a_mail
from tests.integrations.test_mail_views import send
from tests.jobs.conftest import STEP, claimed, done, message_result

pytestmark = pytest.mark.django_db

SENDER = "Studio <desk@studio.example>"
WHO = "gone@example.com"
MADE = [pytest.param(made, id=name) for name, made in BOUNCES.items()]


@pytest.fixture(autouse=True)
def providers(settings: Settings) -> None:
    """Every provider is set up."""
    known = {"WEBHOOK_SECRET": [esp.PASSWORD], "POSTAL_WEBHOOK_KEY": esp.postal_public_key()}
    settings.ANYMAIL = {**known, **esp.KEYS, **TRACKING_KEYS}
    settings.BASE_URL, settings.MAIL_FROM = esp.BASE_URL, SENDER


@pytest.fixture
def key(trattoria: Client) -> str:
    """The mark of a message that was sent."""
    open_job(title="Autumn menu", brief="Write it.", by="test", client=trattoria)
    planning.accept_plan(claimed(), [STEP], by="orchestrator")
    done(message_result(subject="Autumn menu"))
    row = Delivery.objects.get(kind="client_message")
    sent = message_id(row.key, sender=SENDER)
    Delivery.objects.filter(pk=row.pk).update_state(state="delivered", external_id=sent, approved_digest=row.digest)
    return key_of(sent)


def items() -> list[Review]:
    return list(Review.objects.filter(kind="alarm"))


@pytest.mark.parametrize("made", MADE)
def test_a_mail_that_came_back_is_one_item_however_often_that_is_told(made: Made, key: str) -> None:
    post = made(key, WHO)
    first = send(post)
    assert first.status_code == 202, first.content
    (item,) = items()
    assert item.title == f"A mail to {WHO} came back"
    assert "Autumn menu" in item.payload["cause"]
    assert WHY in item.payload["cause"]
    again = send(post)
    assert (again.status_code, again.json()) == (200, first.json())
    receipt = Receipt.objects.get()
    assert (receipt.kind, receipt.outcome, bytes(receipt.body)) == ("mail.bounced", "ignored", post.body)
    assert len(items()) == 1


@pytest.mark.parametrize("made", MADE)
def test_one_that_is_not_ours_is_kept_and_ignored(made: Made, key: str) -> None:
    assert send(made("0" * 32, WHO)).status_code == 202
    assert (Receipt.objects.get().outcome, items()) == ("ignored", [])


@pytest.mark.parametrize("made", MADE)
def test_without_proof_nothing_is_believed(made: Made, key: str) -> None:
    post = made(key, WHO)
    spoilt = {name: "" for name in post.headers if name != "svix-id"}
    assert send(post, **spoilt).status_code == 401
    other = made(key, "other@example.com")
    if len(post.headers) > 1:
        assert send(esp.Post(post.path, other.body, post.content_type, post.headers)).status_code == 401
    assert not Receipt.objects.exists()
    assert items() == []


def test_amazon_is_believed_by_its_certificate(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    amazon = Sns()
    monkeypatch.setattr(sns, "certificate", amazon.fetch)
    notice = amazon.signed({"Type": "Notification", "Message": esp_tracking.amazon_message(key, WHO)})
    forged = {**notice, "Message": notice["Message"].replace(WHO, "x@y.example")}
    posts = [amazon.post(told) for told in (forged, notice, notice)]
    answers = [
        send(esp.Post(post.path.replace("inbound", "tracking"), post.body, post.content_type, post.headers))
        for post in posts
    ]
    assert [answer.status_code for answer in answers] == [401, 202, 200]
    assert [item.title for item in items()] == [f"A mail to {WHO} came back"]


def test_mailguns_signature_ages_and_is_good_for_one_thing(key: str) -> None:
    now = time.time()
    for at in (now - 8 * 3600 - 60, now + 360):
        assert send(esp_tracking.mailgun(key, WHO, at=at)).status_code == 401
    assert send(esp_tracking.mailgun(key, WHO, token="t" * 50)).status_code == 202
    assert send(esp_tracking.mailgun(key, "other@example.com", token="t" * 50)).status_code == 401
    assert len(items()) == 1


def test_one_that_was_called_spam_says_so(key: str) -> None:
    assert send(esp_tracking.postmark(key, WHO, "SpamComplaint")).status_code == 202
    (item,) = items()
    assert item.title == f"{WHO} called a mail spam"
    assert "“Autumn menu”" in item.payload["cause"]


@pytest.mark.parametrize("kind", ["BadEmailAddress", "Blocked", "SoftBounce", "SMTPApiError"])
def test_one_that_was_refused_is_told_too(kind: str, key: str) -> None:
    send(esp_tracking.postmark(key, WHO, kind))
    assert len(items()) == 1


@pytest.mark.parametrize("kind", ["Transient", "AutoResponder", "Unsubscribe"])
def test_what_is_no_failure_raises_nothing(kind: str, key: str) -> None:
    assert send(esp_tracking.postmark(key, WHO, kind)).status_code == 202
    assert send(esp_tracking.delivered(key, WHO)).status_code == 202
    assert items() == []
    assert {row.outcome for row in Receipt.objects.all()} == {"ignored"}


def test_what_comes_while_the_mail_is_being_sent_is_to_come_again(key: str) -> None:
    Delivery.objects.filter(kind="client_message").update_state(state="sending", external_id="")
    assert send(esp_tracking.postmark(key, WHO)).status_code == 503
    assert not Receipt.objects.exists()
    Delivery.objects.filter(kind="client_message").update_state(
        state="delivered", external_id=f"<{key}@studio.example>"
    )
    assert send(esp_tracking.postmark(key, WHO)).status_code == 202
    assert len(items()) == 1


def test_what_cannot_be_read_is_kept() -> None:
    assert send(esp.Post("/hooks/mail/sendgrid/tracking/", b'[{"event": 1}, 2]')).status_code == 202
    assert Receipt.objects.get().outcome == "ignored"


def test_mail_that_comes_in_at_this_address_is_refused_in_words(key: str) -> None:
    post = esp.postmark_parsed(a_mail())
    answer = send(esp.Post("/hooks/mail/postmark/tracking/", post.body, post.content_type, post.headers))
    assert answer.status_code == 400
    assert "inbound" in answer.json()["detail"]


def test_every_provider_whose_mail_we_read_tells_of_mail_that_was_sent() -> None:
    assert set(TRACKING) == set(PROVIDERS) == {*BOUNCES, "amazon_ses"}
