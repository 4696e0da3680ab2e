"""Mails to test with."""

import importlib.util
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

AUTHSERV = "mx.example.org"
PROVEN = f"{AUTHSERV}; spf=pass smtp.mailfrom=example.com; dkim=pass header.d=example.com; dmarc=pass"


def a_mail(text: str = "Please call me back.\n", **headers: str | None) -> bytes:
    """A mail of Marta's; an underscore in a header's name stands for a hyphen, and None leaves one out."""
    named: dict[str, Any] = {
        "Authentication-Results": f"{PROVEN} header.from=example.com",
        "From": "Marta Lume <marta@example.com>",
        "To": "Desk <desk@example.com>",
        "Subject": "Autumn menu",
        "Date": "Mon, 23 Nov 2026 06:30:00 +0000",
        "Message-ID": "<menu-1@example.com>",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    mail = EmailMessage()
    for name, value in named.items():
        if value is not None:
            mail[name] = value
    mail.set_content(text)
    return mail.as_bytes()


def with_files(*files: tuple[str, bytes], **headers: str) -> bytes:
    """The same with files."""
    named = {
        "From": "marta@example.com",
        "To": "desk@example.com",
        "Subject": "With files",
        "Message-ID": "<files-1@example.com>",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    mail = EmailMessage()
    for name, value in named.items():
        mail[name] = value
    mail.set_content("Here they are.\n")
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def cpython_mails() -> list[Path]:
    """Every message of the tests of Python's own email library; skips loudly where this Python came without."""
    found = importlib.util.find_spec("test.test_email")
    folder = Path(found.origin).parent / "data" if found and found.origin else Path()
    messages = sorted(folder.glob("msg_*.txt"))
    if not messages:
        pytest.skip("this Python came without test.test_email.data: its mails are not tried")
    return messages


def a_report(
    original: str, *, action: str = "failed", kind: str = "message/rfc822", address: str = "gone@example.com"
) -> bytes:
    """What Postfix writes when a mail, of which these are the headers, is given up."""
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
To: desk@studio.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <20261123063100.1@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Arrival-Date: Mon, 23 Nov 2026 06:30:00 +0000

Final-Recipient: rfc822; {address}
Original-Recipient: rfc822;{address}
Action: {action}
Status: 5.1.1
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; 550 5.1.1 <{address}>: Recipient address rejected:
    User unknown

--b1
Content-Type: {kind}

{original}

--b1--
""".encode()
