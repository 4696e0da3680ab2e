"""Client messages, kept as files."""

import email.policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.core.mail.backends.base import BaseEmailBackend

from integrations.contracts import CannotTell, DeliveryError, OutcomeUnknown, Outgoing
from integrations.mail.target import MailTarget
from tests.integrations.target_contract import OnThisMachine, TargetContract

SENDER = "Nightdesk <desk@studio.example>"
FIELDS = {"to": ["marta@example.com"], "cc": ["tom@example.com"], "subject": "Your autumn menu"}
FILED = "integrations.mail.outbox.EmailBackend"


class TestMailToFiles(OnThisMachine, TargetContract):
    kind = "client_message"
    fields = FIELDS

    @pytest.fixture(autouse=True)
    def files(self, settings: Any, world: None) -> None:
        settings.EMAIL_BACKEND = FILED
        settings.EMAIL_FILE_PATH = self.folder / "mail"

    def make(self) -> MailTarget:
        return MailTarget(sender=SENDER)

    def mails(self) -> list[EmailMessage]:
        paths = sorted((self.folder / "mail").glob("*.eml"))
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths]

    def effects(self) -> int:
        return len(self.mails())

    def refused_for_good(self) -> tuple[MailTarget, Outgoing]:
        return self.make(), self.outgoing(fields={**FIELDS, "to": []})

    def test_what_was_approved_is_in_the_file(self) -> None:
        landed = self.make().deliver(self.outgoing())
        (mail,) = self.mails()
        body = mail.get_body(("plain",))
        assert body is not None
        assert body.get_payload(decode=True) == b"# Menu\n\nWarm soup.\n"
        assert (mail["To"], mail["Cc"], mail["Subject"]) == (
            "marta@example.com",
            "tom@example.com",
            "Your autumn menu",
        )
        assert mail["Message-ID"] == landed.external_id
        assert landed.external_id.endswith("@studio.example>")
        assert "not sent; for marta@example.com, tom@example.com" in landed.detail
        assert Path(landed.detail.removeprefix("kept as ").partition(", not sent")[0]).is_file()

    def test_a_repeat_is_in_the_index_once(self) -> None:
        for _ in range(3):
            self.make().deliver(self.outgoing())
        lines = (self.folder / "mail" / "index.txt").read_text().splitlines()
        assert len(lines) == 1
        assert lines[0].endswith("to marta@example.com  Your autumn menu")


@pytest.mark.parametrize("backend", ["locmem.EmailBackend", "smtp.EmailBackend"])
def test_where_mails_leave_nobody_can_be_asked(settings: Any, backend: str) -> None:
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}"
    mails = TestMailToFiles()
    with pytest.raises(CannotTell):
        mails.make().find(mails.outgoing())


def test_another_backend_is_taken_at_its_word(settings: Any, mailoutbox: list[Any]) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mails = TestMailToFiles()
    landed = mails.make().deliver(mails.outgoing())
    assert landed.detail == "taken by the mail server for marta@example.com, tom@example.com"
    assert mailoutbox[0].extra_headers["Message-ID"] == landed.external_id


def test_the_error_of_another_backend_is_unknown(settings: Any) -> None:
    # Django's own backend says only that the connection broke, not when.
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    mails = TestMailToFiles()
    with pytest.raises(OutcomeUnknown, match="ConnectionRefusedError"):
        mails.make().deliver(mails.outgoing())
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert mails.make().deliver(mails.outgoing())


class Silent(BaseEmailBackend):
    """A backend that does not say how it went."""

    def send_messages(self, email_messages: Any) -> int:
        return 0


def test_a_backend_that_says_nothing_is_unknown(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Silent"
    mails = TestMailToFiles()
    with pytest.raises(OutcomeUnknown, match="does not say"):
        mails.make().deliver(mails.outgoing())


def test_a_sender_that_is_none_is_refused_at_the_start() -> None:
    for sender in ("", "desk", "desk@studio.example\nBcc: eve@example.com", "a@b.example, c@d.example"):
        with pytest.raises(ValueError, match=r"."):
            MailTarget(sender=sender)


def test_a_full_disk_is_told(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = FILED, tmp_path / "file"
    mails = TestMailToFiles()
    with pytest.raises(DeliveryError, match="no folder"):
        mails.make().deliver(mails.outgoing())
