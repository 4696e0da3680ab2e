"""manage.py mailbox: mail as it comes, not minutes later."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from integrations import polling
from integrations.mail.mailbox import Unreachable


class Command(BaseCommand):
    """Holds the connection by which the mail server tells of new mail."""

    help = "Take in mail the moment it comes to the mailbox of IMAP_URL (IDLE), until it is stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        """Listen, and return once a signal says so."""
        if not settings.MAILBOX:
            raise CommandError("Set IMAP_URL to the mailbox: imaps://user:password@mail.example.com/INBOX")
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        try:
            polling.listen(stopped)
        except (Unreachable, ValueError) as error:
            raise CommandError(str(error)) from error
