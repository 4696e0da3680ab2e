"""A mail backend that keeps each mail as a file instead of sending it: `<message id>.eml`, and an index to open.

The same Message-ID is kept once, so a rehearsal is exactly as strict as the real thing has to be.
"""

import contextlib
import datetime
import hashlib
import os
import re
from collections.abc import Sequence
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from integrations import disk

INDEX = "index.txt"

_SAFE_ID = re.compile(r"<([A-Za-z0-9][A-Za-z0-9._@+-]{0,150})>")


class EmailBackend(BaseEmailBackend):
    """Keeps mails in `file_path`, or in settings.EMAIL_FILE_PATH. Raises DeliveryError where it cannot."""

    def __init__(self, fail_silently: bool = False, file_path: str | Path | None = None, **options: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        folder = file_path or getattr(settings, "EMAIL_FILE_PATH", None)
        if not folder:
            raise ImproperlyConfigured("Set EMAIL_FILE_PATH to the folder in which mails are kept.")
        self._folder = Path(folder)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep every mail, those that are there already included in the count."""
        try:
            for mail in email_messages:
                self._keep(mail.message())
        except OSError as error:
            raise disk.refusal(error, self._folder) from error
        return len(email_messages)

    def path_of(self, message_id: str) -> Path:
        """Where the mail with this Message-ID lies, or would lie."""
        match = _SAFE_ID.fullmatch(message_id)
        name = match[1] if match else hashlib.sha256(message_id.encode()).hexdigest()
        return self._folder / f"{name}.eml"

    def _keep(self, message: Message) -> None:
        path = self.path_of(str(message["Message-ID"]))
        disk.write_once(path, message.as_bytes())
        self._enter(path.name, message)

    def _enter(self, name: str, message: Message) -> None:
        """Add the mail's line to the index, also on a repeat: the first attempt may have ended just before it."""
        index = self._folder / INDEX
        with contextlib.suppress(FileNotFoundError):
            if name in index.read_text(encoding="utf-8"):
                return
        kept = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
        line = f"{kept}  {name}  to {message['To']}  {_readable(message['Subject'])}\n"
        handle = os.open(index, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            os.write(handle, line.encode("utf-8", "replace"))
        finally:
            os.close(handle)


def _readable(header: str) -> str:
    """The header as a person reads it, on one line."""
    return " ".join(str(make_header(decode_header(header))).split())
