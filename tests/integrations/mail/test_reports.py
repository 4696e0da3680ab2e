"""Reports of mail servers, as Postfix and Exchange write them."""

from email import message_from_bytes

import pytest

from integrations.contracts import Returned
from integrations.mail import replies, reports
from integrations.mail.source import MailSource
from tests.integrations.mail.mails import a_mail, a_report, cpython_mails

UID = "3f2a9c1e-0000-4000-8000-000000000001"
WHY = "5.1.1 550 5.1.1 <gone@example.com>: Recipient address rejected: User unknown"


def read(raw: bytes) -> Returned | None:
    return reports.returned(message_from_bytes(raw))


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_a_mail_that_was_given_up_is_known_by_its_id_and_its_jobs_address(kind: str) -> None:
    answers = replies.address_for(UID, "desk@studio.example")
    original = f"Message-ID: <abc@studio.example>\nReply-To: {answers}\nSubject: Autumn menu"
    assert read(a_report(original, kind=kind)) == Returned(
        message_id="<abc@studio.example>", job=UID, recipient="gone@example.com", why=WHY
    )


def test_an_address_that_nobody_here_made_names_no_job() -> None:
    forged = replies.address_for(UID, "desk@studio.example").replace("+", "+a")
    assert read(a_report(f"Reply-To: {forged}\nSubject: x")) is None
    found = read(a_report(f"Reply-To: {forged}\nMessage-ID: <abc@studio.example>"))
    assert found
    assert found.job == ""


@pytest.mark.parametrize(
    "raw",
    [
        a_report("Message-ID: <abc@studio.example>", action="delayed"),
        a_report("Message-ID: <abc@studio.example>", action="relayed"),
        a_report("Subject: without anything that is known here"),
        a_mail(),
        a_mail(Subject="Undelivered Mail Returned to Sender"),
    ],
    ids=["delayed", "relayed", "nobodys", "a mail", "a mail that says so"],
)
def test_what_says_nothing_of_the_end_of_a_mail_of_ours_is_no_report(raw: bytes) -> None:
    assert read(raw) is None


def test_nothing_that_a_stranger_can_write_breaks_it() -> None:
    odd = a_report("Message-ID: <abc@studio.example>").replace(b"rfc822; gone@example.com", b"=?x?q?=00?=\x00;")
    assert read(odd) is not None
    for path in cpython_mails():
        read(path.read_bytes())


def test_it_opens_no_job_and_says_what_came_back() -> None:
    incoming = MailSource().read(None, raw=a_report("Message-ID: <abc@studio.example>"))
    assert incoming.ignored
    assert incoming.returned
    assert incoming.returned.message_id == "<abc@studio.example>"
