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
