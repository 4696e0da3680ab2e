"""Mail by the webhooks of providers: every one that is proven is kept, once, before the answer."""

import json
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import OperationalError
from django.test import Client as Browser
from pytest_django import Settings

from integrations import trials
from integrations.mail import replies, sns
from jobs.lifecycle import rule as rules
from jobs.models import Client, Job, Receipt, Trigger
from jobs.states import JobState, Outcome
from tests.emulators import esp
from tests.emulators.mail_apis import MailApis
from tests.emulators.sns import TOPIC, Sns
from tests.integrations.mail.mails import AUTHSERV, a_mail, cpython_mails, with_files

pytestmark = pytest.mark.django_db

Made = Callable[[bytes], esp.Post]


@pytest.fixture(autouse=True)
def providers(settings: Settings) -> None:
    """Every provider is set up."""
    settings.ANYMAIL = {
        "WEBHOOK_SECRET": [esp.PASSWORD],
        "POSTAL_WEBHOOK_KEY": esp.postal_public_key(),
        **esp.KEYS,
    }
    settings.SOURCES = {"mail": {"own": ["desk@example.com"], "authserv_ids": [AUTHSERV]}}
    settings.BASE_URL = esp.BASE_URL


@pytest.fixture
def rule(trattoria: Client) -> Trigger:
    """Mail from anybody at example.com who can prove it."""
    return Trigger.objects.create(
        name="Mail", slug="mail", source="mail", conditions={"sender": "*@example.com"}, client_from="from"
    )


@pytest.fixture
def amazon(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Sns:
    """SNS, standing where the network would."""
    sender = Sns()
    monkeypatch.setattr(sns, "ask_amazon", sender.fetch)
    monkeypatch.setattr(sns, "certificate", sender.fetch)
    return sender


@pytest.fixture
def apis(settings: Settings) -> Iterator[MailApis]:
    """The APIs from which announced mail is fetched."""
    emulator = MailApis().start()
    urls = {f"{name}_API_URL": emulator.url for name in ("RESEND", "MAILTRAP", "BREVO")}
    settings.ANYMAIL = {**settings.ANYMAIL, **urls}
    yield emulator
    emulator.stop()
    assert not emulator.bugs()


def send(post: esp.Post, **headers: str) -> Any:
    """What the provider hears."""
    return Browser().post(post.path, post.body, content_type=post.content_type, headers={**post.headers, **headers})


@pytest.mark.parametrize("made", [*esp.WHOLE.values(), esp.postmark_parsed, esp.sendgrid_parsed, esp.mailjet])
def test_a_mail_by_any_provider_is_kept_and_opens_its_job(made: Made, rule: Trigger, trattoria: Client) -> None:
    post = made(a_mail())
    first = send(post)
    assert first.status_code == 202, first.content
    receipt = Receipt.objects.get(pk=first.json()["receipt"])
    assert receipt.sha256
    assert bytes(receipt.body) == post.body
    assert (receipt.sender, receipt.summary) == ("marta@example.com", "Autumn menu")
    assert receipt.data["text"] == "Please call me back."
    job = Job.objects.get(pk=first.json()["jobs"][0])
    assert (job.client, job.trigger) == (trattoria, rule)
    again = send(post)
    assert (again.status_code, again.json()) == (200, first.json())


@pytest.mark.parametrize("made", esp.WHOLE.values())
def test_the_same_mail_by_another_way_is_known(made: Made, rule: Trigger) -> None:
    first = send(esp.postmark_parsed(a_mail()))
    again = send(made(a_mail()))
    assert (again.status_code, again.json()) == (200, first.json())
    assert Receipt.objects.count() == Job.objects.count() == 1


def test_another_mail_that_claims_the_same_id_is_another(rule: Trigger) -> None:
    assert send(esp.postmark(a_mail())).status_code == 202
    assert send(esp.postmark(a_mail("Something else.\n"))).status_code == 202


@pytest.mark.parametrize("made", esp.WHOLE.values())
def test_without_proof_nothing_is_believed(made: Made) -> None:
    post = made(a_mail())
    for spoilt in (
        {"authorization": ""},
        {"authorization": "Basic bmlnaHRkZXNrOm5v"},
        {"authorization": "Basic ¿"},
    ):
        answer = send(post, **spoilt)
        assert (answer.status_code, answer.json()["error"]) == (401, "bad_signature")
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    ("made", "proof"),
    [(esp.mailersend, "signature"), (esp.mandrill, "x-mandrill-signature"), (esp.postal, "x-postal-signature")],
)
def test_a_signature_that_is_missing_or_wrong_is_refused(made: Made, proof: str) -> None:
    post = made(a_mail())
    for value in (None, "", "AAAA", post.headers[proof][::-1], "ü"):
        headers = {name: given for name, given in post.headers.items() if name != proof}
        spoilt = esp.Post(post.path, post.body, post.content_type, headers | ({proof: value} if value else {}))
        assert send(spoilt).status_code == 401, value
    assert send(esp.Post(post.path, post.body + b" ", post.content_type, post.headers)).status_code in {400, 401}
    assert not Receipt.objects.exists()


def test_the_signature_alone_is_proof_enough_where_no_password_is_set(settings: Settings) -> None:
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": []}
    assert send(esp.mailgun(a_mail()), authorization="").status_code == 202
    answer = send(esp.postmark(a_mail()))
    assert answer.status_code == 401
    assert "ANYMAIL_WEBHOOK_SECRET" in answer.json()["detail"]


def test_a_provider_without_its_key_says_which_is_missing(settings: Settings) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": [esp.PASSWORD]}
    answer = send(esp.mailgun(a_mail()))
    assert answer.status_code == 401
    assert "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY" in answer.json()["detail"]
    assert send(esp.Post("/hooks/mail/pigeon/inbound/", b"{}")).status_code == 404


def test_mailguns_signature_ages_and_is_good_for_one_mail() -> None:
    now = time.time()
    for at in (now - 8 * 3600 - 60, now + 360):
        assert send(esp.mailgun(a_mail(), at=at)).status_code == 401
    assert send(esp.mailgun(a_mail(), at=now - 7 * 3600, token="t" * 50)).status_code == 202
    # What it sends again is the same mail; with any other, somebody has seen the signature.
    assert send(esp.mailgun(a_mail(), at=now - 7 * 3600, token="t" * 50)).status_code == 200
    forged = send(esp.mailgun(a_mail("Pay 1,000 to me.\n"), at=now - 7 * 3600, token="t" * 50))
    assert (forged.status_code, forged.json()["error"]) == (401, "bad_signature")
    assert Receipt.objects.count() == 1


@pytest.mark.parametrize("version", ["1", "2"])
def test_amazon_is_believed_by_its_certificate(amazon: Sns, rule: Trigger, version: str) -> None:
    answer = send(amazon.mail(a_mail(), SignatureVersion=version))
    assert answer.status_code == 202
    assert Receipt.objects.get().data["text"] == "Please call me back."
    assert len(answer.json()["jobs"]) == 1


def test_what_amazon_did_not_sign_is_refused(amazon: Sns) -> None:
    good = amazon.mail(a_mail())
    notice = json.loads(good.body)
    other = Sns()
    spoilt = [
        {**notice, "Message": notice["Message"].replace("Received", "Received ")},
        {**notice, "Timestamp": "2026-11-24T06:30:00.000Z"},
        {**notice, "Signature": ""},
        {**notice, "Signature": other.signed(notice)["Signature"]},
        {**notice, "SignatureVersion": "3"},
        {**notice, "SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/cert.pem"},
        {**notice, "SigningCertURL": "http://sns.eu-west-1.amazonaws.com/cert.pem"},
        {**notice, "SigningCertURL": "https://sns.eu-west-1.amazonaws.com@evil.example/cert.pem"},
    ]
    for one in spoilt:
        assert send(amazon.post(one)).status_code == 401, one
    assert {url.partition("/Simple")[0] for url in amazon.fetched} <= {"https://sns.eu-west-1.amazonaws.com"}
    assert not Receipt.objects.exists()


def test_a_subscription_is_confirmed_for_our_topics_alone(amazon: Sns, settings: Settings) -> None:
    settings.ANYMAIL = {"AMAZON_SES_TOPIC_ARNS": [TOPIC]}
    foreign = amazon.confirmation(TopicArn=f"{TOPIC}-of-others")
    assert send(foreign, authorization="").status_code == 401
    elsewhere = amazon.confirmation(SubscribeURL="https://127.0.0.1/?Action=ConfirmSubscription")
    assert send(elsewhere, authorization="").status_code == 401
    amazon.fetched.clear()
    answer = send(amazon.confirmation(), authorization="")
    assert (answer.status_code, answer.json()) == (200, {"receipt": None, "jobs": []})
    assert amazon.fetched[-1].startswith("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription")


def test_amazon_that_cannot_be_asked_means_send_it_again(amazon: Sns, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(address: str) -> bytes:
        raise sns.Unreachable("Amazon SNS could not be asked: timed out.")

    monkeypatch.setattr(sns, "certificate", fails)
    assert send(amazon.mail(a_mail())).status_code == 503
    assert not Receipt.objects.exists()


def test_announced_mail_is_fetched_and_its_bytes_are_kept(apis: MailApis, rule: Trigger) -> None:
    apis.mails["m-1"] = a_mail()
    answer = send(esp.resend("m-1"))
    assert answer.status_code == 202, answer.content
    assert bytes(Receipt.objects.get().body) == a_mail()
    assert send(esp.mailtrap(7, "m-1")).status_code == 200
    apis.mails["m-2"], apis.mails["m-3"] = (
        a_mail(Message_ID="<2@example.com>"),
        a_mail(Message_ID="<3@example.com>"),
    )
    both = send(esp.mailtrap(7, "m-2", "m-3"))
    assert both.status_code == 202
    kept = Receipt.objects.filter(pk__in=both.json()["receipts"]).order_by("pk")
    assert [bytes(row.body) for row in kept] == [apis.mails["m-2"], apis.mails["m-3"]]


def test_mail_that_cannot_be_fetched_is_asked_for_again(apis: MailApis) -> None:
    for post in (esp.resend("m-9"), esp.mailtrap(7, "m-9"), esp.brevo(a_mail(), "m-9")):
        answer = send(post)
        assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
    apis.mails["m-9"] = a_mail()
    apis.fault("GET /signed/m-9", "drop")
    assert send(esp.resend("m-9")).status_code == 503
    assert not Receipt.objects.exists()
    assert send(esp.resend("m-9")).status_code == 202


def test_brevos_files_are_fetched(apis: MailApis) -> None:
    apis.mails["token"] = b"tick"
    assert send(esp.brevo(a_mail(), "token")).status_code == 202
    assert Receipt.objects.get().artifacts.get().name == "clock.txt"


def test_several_mails_in_one_post_are_several_receipts(rule: Trigger) -> None:
    post = esp.mandrill(a_mail(), a_mail("Another.\n", Message_ID="<other@example.com>"))
    answer = send(post)
    assert answer.status_code == 202
    assert len(answer.json()["receipts"]) == len(answer.json()["jobs"]) == 2
    assert send(post).json()["receipts"] == answer.json()["receipts"]


def test_attached_files_are_kept_as_what_came_from_outside(rule: Trigger) -> None:
    raw = with_files(("Menü.bin", b"\x00\xff soup \r\n\r\n"), ("../../passwd", b"root"))
    for made in (esp.postmark, esp.sendgrid_parsed, esp.postmark_parsed):
        send(made(raw))
    files = {row.name: row for row in Receipt.objects.get().artifacts.all()}
    assert set(files) == {"Menü.bin", "passwd"}
    assert all(row.is_untrusted for row in files.values())


def test_a_sender_who_cannot_be_proven_is_no_client(trattoria: Client) -> None:
    open_to_all = {"sender": "*@example.com", "unverified": True}
    Trigger.objects.create(name="All", slug="all", source="mail", conditions=open_to_all, client_from="from")
    forged = a_mail(Authentication_Results=f"{AUTHSERV}; dmarc=fail header.from=example.com")
    answer = send(esp.postmark(forged))
    assert Job.objects.get(pk=answer.json()["jobs"][0]).client is None


def test_loops_are_kept_out_and_say_why(rule: Trigger) -> None:
    answer = send(esp.postmark(a_mail(Auto_Submitted="auto-replied")))
    assert answer.json()["jobs"] == []
    receipt = Receipt.objects.get()
    assert receipt.outcome == Outcome.IGNORED
    assert "answers mail by itself" in receipt.problems["every rule"]


def test_an_answer_finds_its_job_by_its_address_and_no_rule_takes_it(rule: Trigger, trattoria: Client) -> None:
    opened = send(esp.postmark(a_mail())).json()["jobs"][0]
    job = Job.objects.get(pk=opened)
    address = replies.address_for(str(job.uid), "desk@example.com")
    answer = send(esp.postmark(a_mail("Yes, please.\n", Message_ID="<2@example.com>"), recipient=address))
    assert answer.json()["jobs"] == [job.pk]
    job.refresh_from_db()
    assert job.data["replies"] == [{"from": "marta@example.com", "text": "Yes, please."}]
    assert Receipt.objects.get(pk=answer.json()["receipt"]).outcome == Outcome.ANSWERED
    Job.objects.filter(pk=job.pk).update_state(state=JobState.COMPLETED)
    late = send(esp.postmark(a_mail("One more thing.\n", Message_ID="<3@example.com>"), recipient=address))
    follow_up = Job.objects.get(pk=late.json()["jobs"][0])
    assert (follow_up.parent, follow_up.client, follow_up.trigger) == (job, trattoria, None)
    assert "One more thing." in follow_up.brief


@pytest.mark.parametrize("made", [esp.postmark, esp.mailgun, esp.sendgrid, esp.mandrill])
def test_every_mail_of_pythons_own_tests_is_kept(made: Made) -> None:
    for path in cpython_mails():
        raw = path.read_bytes()
        answer = send(made(raw))
        assert answer.status_code in {200, 202}, (path.name, answer.content)
        receipt = Receipt.objects.get(pk=answer.json()["receipt"])
        subject = str(message_from_bytes(esp.text(raw).encode()).get("Subject", ""))
        assert receipt.outcome == Outcome.UNMATCHED or receipt.problems, path.name
        if subject.isascii() and subject and "=?" not in subject:
            assert receipt.data["subject"] == " ".join(subject.split()), path.name
    assert not Receipt.objects.filter(summary="A mail that cannot be read").exists()


def test_a_mail_that_anymail_cannot_read_is_kept_all_the_same(rule: Trigger) -> None:
    post = esp.Post("/hooks/mail/postmark/inbound/", b'{"MessageID": "1", "Headers": 7}')
    answer = send(post)
    assert (answer.status_code, answer.json()["jobs"]) == (202, [])
    receipt = Receipt.objects.get()
    assert (bytes(receipt.body), receipt.outcome) == (post.body, Outcome.IGNORED)
    assert send(post).status_code == 200


@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("postmark/inbound/", "application/json", b""),
        ("postmark/inbound/", "application/json", b"{"),
        ("postmark/inbound/", "application/json", b"[]"),
        ("postmark/inbound/", "application/json", b'{"RecordType": "Bounce"}'),
        ("sendgrid/inbound/", "multipart/form-data; boundary=x", b"--x\r\nhalf"),
        ("sendgrid/inbound/", "multipart/form-data", b"--x\r\nhalf"),
        ("sparkpost/inbound/", "application/json", b'"text"'),
    ],
)
def test_what_is_not_what_it_says_is_refused(path: str, content_type: str, body: bytes) -> None:
    answer = send(esp.Post(f"/hooks/mail/{path}", body, content_type))
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed")
    assert not Receipt.objects.exists()


def test_a_mail_of_twenty_megabytes_is_taken_and_a_larger_body_is_not() -> None:
    large = with_files(("large.bin", b"x" * 14_000_000))
    assert send(esp.mailgun(large)).status_code == 202
    assert Receipt.objects.get().artifacts.get().size == 14_000_000
    answer = send(esp.Post("/hooks/mail/postmark/inbound/", b"{" + b" " * 35_000_000 + b"}"))
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


def test_our_own_trouble_is_told_so_that_it_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OperationalError("database is locked")

    monkeypatch.setattr("jobs.lifecycle.intake._keep", full)
    assert send(esp.postmark(a_mail())).status_code == 503
    monkeypatch.undo()
    monkeypatch.setattr(storages["artifacts"], "save", full)
    assert send(esp.postmark(with_files(("a", b"a")))).status_code == 503
    assert not Receipt.objects.exists()


def test_a_look_whether_anybody_is_there_is_answered() -> None:
    assert Browser().head("/hooks/mail/mandrill/").status_code == 200
    assert Browser().get("/hooks/mail/mandrill/").status_code == 405


def test_a_rule_is_tried_with_a_raw_mail_by_the_same_password(rule: Trigger, settings: Settings) -> None:
    settings.SOURCE_SECRETS = {"mail": [esp.PASSWORD]}
    post = esp.Post("/hooks/mail/", a_mail(), "message/rfc822")
    assert send(post).status_code == 202
    assert send(post, authorization="").status_code == 401


@pytest.mark.parametrize("conditions", [{}, {"sender": "*@example.org", "subject": "menu", "has_attachment": True}])
def test_a_test_event_takes_the_whole_way_in_and_opens_nothing(
    conditions: dict[str, Any], settings: Settings
) -> None:
    settings.SOURCE_SECRETS = {"mail": [esp.PASSWORD]}
    tested = Trigger.objects.create(name="Mail", slug="mail", source="mail", conditions=conditions)
    heard = trials.send(tested)
    assert (heard.status, heard.answer["jobs"]) == (202, [])
    receipt = Receipt.objects.get()
    assert (heard.receipt_id, receipt.outcome, receipt.problems) == (receipt.pk, Outcome.TEST, {})
    assert rules.prospect(tested, receipt).reason == ""


def test_a_rule_is_tried_with_a_pasted_mail(rule: Trigger) -> None:
    inbound = trials.read(rule, a_mail().decode())
    assert (inbound.sender, inbound.data["text"]) == ("marta@example.com", "Please call me back.")
    assert rules.prospect(rule, inbound).title == "Autumn menu"
