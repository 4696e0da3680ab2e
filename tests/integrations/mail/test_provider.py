"""Client messages by a provider's API: what is certain after each of its answers."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from integrations.contracts import CannotTell, DeliveryError, OutcomeUnknown, Outgoing, TargetClosed
from integrations.mail import postmark, replies
from integrations.mail.owner import OwnerMailTarget
from integrations.mail.target import MailTarget
from tests.emulators.postmark import TOKEN, Postmark
from tests.integrations.target_contract import CREATED, TargetContract, out_file

SENDER = "Nightdesk <desk@studio.example>"
FIELDS = {"to": ["marta@example.com"], "cc": ["tom@example.com"], "subject": "Your autumn menu"}


class TestMailByPostmark(TargetContract):
    kind = "client_message"
    fields = FIELDS
    knows_its_keys = False
    api: Postmark

    @pytest.fixture(autouse=True)
    def postmark(self, settings: Settings) -> Iterator[None]:
        self.api = Postmark().start()
        self.api.now = lambda: CREATED
        settings.EMAIL_BACKEND, settings.EMAIL_PROVIDER = "integrations.mail.provider.EmailBackend", "postmark"
        settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": TOKEN, "POSTMARK_API_URL": self.api.url}
        yield
        self.api.stop()
        assert not self.api.bugs()

    def make(self) -> MailTarget:
        return MailTarget(sender=SENDER, reply_to="desk@studio.example")

    def effects(self) -> int:
        return len(self.api.sent)

    def refused_for_good(self) -> tuple[MailTarget, Outgoing]:
        self.api.inactive.add("marta@example.com")
        return self.make(), self.outgoing(fields={"to": ["marta@example.com"], "subject": "Your autumn menu"})

    def lose_the_next_answer(self) -> bool:
        self.api.fault("POST /email", "lost")
        return True

    def ask_for_a_pause(self, seconds: int) -> bool:
        self.api.fault("POST /email", "status", status=429, body={}, headers={"Retry-After": f"{seconds}"})
        return True

    def test_an_effect_is_made_and_found(self) -> None:
        """As everywhere; but what is not found is a person's to say: the search may not have seen it yet."""
        target = self.make()
        with pytest.raises(CannotTell):
            target.find(self.outgoing())
        landed = target.deliver(self.outgoing())
        found = target.find(self.outgoing())
        assert found
        assert found.external_id == landed.external_id
        assert "postmark has it as 00000000-" in found.detail

    def test_the_same_key_twice_is_one_effect(self) -> None:
        """The outbox asks before it sends a second one: Postmark itself sends whatever it gets."""
        self.make().deliver(self.outgoing())
        assert self.make().find(self.outgoing()) is not None
        assert self.effects() == 1

    def test_a_lost_answer_is_found_by_another_process(self) -> None:
        self.api.fault("POST /email", "lost")
        with pytest.raises(OutcomeUnknown):
            self.make().deliver(self.outgoing())
        assert self.make().find(self.outgoing()) is not None
        with pytest.raises(CannotTell):
            self.make().find(self.outgoing(key="job-1:1:1:1"))
        self.api.hidden = True
        with pytest.raises(CannotTell):
            self.make().find(self.outgoing())

    def test_it_is_what_was_approved(self) -> None:
        menu = out_file(b"%PDF\x00\xff", "Menü.pdf", media_type="application/pdf")
        thread = {
            "source": "mail",
            "message_id": "<2@x>",
            "references": ["<1@x>", "<2@x>"],
            "with": "marta@example.com",
        }
        landed = self.make().deliver(self.outgoing(files=[out_file(), menu], thread=thread))
        (mail,) = self.api.sent
        headers = {one["Name"]: one["Value"] for one in mail["Headers"]}
        assert (mail["TextBody"], mail["Subject"]) == ("# Menu\n\nWarm soup.\n", "Your autumn menu")
        assert (mail["To"], mail["Cc"]) == ("marta@example.com", "tom@example.com")
        assert "<h1>Menu</h1>" in mail["HtmlBody"]
        assert mail["Attachments"][0]["Content"] == "JVBERgD/"
        assert headers["Message-ID"] == landed.external_id
        assert headers["X-PM-KeepID"] == "true"
        assert headers["In-Reply-To"] == "<2@x>"
        assert headers["References"] == "<1@x> <2@x>"
        assert replies.job_of(mail["ReplyTo"]) == self.outgoing().job_uid

    def test_whom_the_provider_leaves_out_is_told(self) -> None:
        self.api.inactive.add("tom@example.com")
        landed = self.make().deliver(self.outgoing())
        assert "NOT delivered to tom@example.com" in landed.detail

    @pytest.mark.parametrize(
        ("status", "raised", "permanent"),
        [
            (401, TargetClosed, False),
            (403, TargetClosed, False),
            (413, DeliveryError, True),
            (422, DeliveryError, True),
            (429, DeliveryError, False),
            (500, OutcomeUnknown, None),
            (503, OutcomeUnknown, None),
        ],
    )
    def test_each_refusal_is_what_it_is(self, status: int, raised: type[Exception], permanent: bool | None) -> None:
        body = {"ErrorCode": 10, "Message": "Refused."}
        self.api.fault("POST /email", "status", status=status, body=body, headers={"Retry-After": "7"})
        with pytest.raises(raised) as caught:
            self.make().deliver(self.outgoing())
        if isinstance(caught.value, DeliveryError):
            assert caught.value.permanent is permanent
            assert caught.value.retry_after == (7.0 if status == 429 else None)
        assert self.effects() == 0

    @pytest.mark.parametrize("kind", ["drop", "reset", "lost", "truncate", "truncate_json"])
    def test_a_connection_that_breaks_leaves_it_unknown(self, kind: str) -> None:
        self.api.fault("POST /email", kind)
        with pytest.raises(OutcomeUnknown):
            self.make().deliver(self.outgoing())

    def test_a_provider_that_is_away_was_not_given_anything(self, settings: Settings) -> None:
        settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": "http://127.0.0.1:1"}
        with pytest.raises(DeliveryError) as caught:
            self.make().deliver(self.outgoing())
        assert not caught.value.permanent
        with pytest.raises(OutcomeUnknown):
            self.make().find(self.outgoing())

    def test_a_search_that_fails_is_no_answer(self) -> None:
        for answer in ({"status": 500}, {"raw": b"<html>"}):
            self.api.fault("GET /messages", "status", **answer)
            with pytest.raises(OutcomeUnknown):
                self.make().find(self.outgoing())

    def test_a_double_is_listed_beside_the_first_and_the_owners_mail_apart(self) -> None:
        landed = self.make().deliver(self.outgoing())
        self.make().deliver(self.outgoing())
        self.make().deliver(self.outgoing(key="job-1:2:0:1"))
        OwnerMailTarget(sender=SENDER, to=["me@example.com"]).deliver(
            self.outgoing(key="digest:owner:1", kind="notice", fields={"digest": {"subject": "Night", "text": "x"}})
        )
        found = self.make().listing(CREATED - timedelta(hours=1))
        assert [one.key for one in found] == [self.outgoing().key, self.outgoing().key, "job-1:2:0:1"]
        assert found[0].external_id == landed.external_id
        assert found[1].external_id == "00000000-0000-4000-8000-000000000002"
        owners = OwnerMailTarget(sender=SENDER, to=["me@example.com"]).listing(CREATED - timedelta(hours=1))
        assert [one.key for one in owners] == ["digest:owner:1"]

    def test_a_key_that_is_too_long_to_be_told_is_sent_and_not_listed(self) -> None:
        self.make().deliver(self.outgoing(key="k" * 81))
        assert self.make().find(self.outgoing(key="k" * 81))
        assert self.make().listing(CREATED - timedelta(hours=1)) == []

    def test_a_list_of_many_pages_is_whole_or_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(postmark, "_PAGE", 2)
        for number in range(3):
            self.make().deliver(self.outgoing(key=f"job-1:{number}:0:1"))
        assert len(self.make().listing(CREATED - timedelta(hours=1))) == 3
        monkeypatch.setattr(postmark, "_MOST", 2)
        with pytest.raises(OutcomeUnknown, match="more messages"):
            self.make().listing(CREATED - timedelta(hours=1))

    @pytest.mark.parametrize(
        "said", [{}, {"Messages": {}}, {"Messages": [{"MessageID": "1", "Metadata": {"nightdesk_key": "k"}}]}]
    )
    def test_a_list_that_cannot_be_read_concludes_nothing(self, said: dict[str, Any]) -> None:
        self.api.fault("GET /messages", "status", status=200, body=said)
        with pytest.raises(OutcomeUnknown, match="cannot be read"):
            self.make().listing(CREATED)

    def test_only_postmark_needs_time_to_find_it(self, settings: Settings) -> None:
        assert self.make().lag_seconds == 60
        settings.EMAIL_PROVIDER = ""
        assert self.make().lag_seconds == 0


@pytest.mark.parametrize(
    ("esp", "keys"),
    [
        ("brevo", {"BREVO_API_KEY": "k"}),
        ("mailersend", {"MAILERSEND_API_TOKEN": "k"}),
        ("mailgun", {"MAILGUN_API_KEY": "k", "MAILGUN_SENDER_DOMAIN": "mg.example.com"}),
        ("mailjet", {"MAILJET_API_KEY": "k", "MAILJET_SECRET_KEY": "s"}),
        ("mailtrap", {"MAILTRAP_API_TOKEN": "k"}),
        ("mandrill", {"MANDRILL_API_KEY": "k"}),
        ("resend", {"RESEND_API_KEY": "k"}),
        ("sparkpost", {"SPARKPOST_API_KEY": "k"}),
    ],
)
def test_the_others_take_the_mail_and_cannot_be_asked(settings: Settings, esp: str, keys: dict[str, Any]) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_PROVIDER = "integrations.mail.provider.EmailBackend", esp
    settings.ANYMAIL = {**keys, f"{esp.upper()}_API_URL": "http://127.0.0.1:1/"}
    outgoing = TestMailByPostmark().outgoing()
    target = MailTarget(sender=SENDER, reply_to="desk@studio.example")
    # All of the mail could be said in the provider's words: only nobody was there to hear it.
    with pytest.raises(DeliveryError, match="could not be reached"):
        target.deliver(outgoing)
    with pytest.raises(CannotTell):
        target.find(outgoing)
