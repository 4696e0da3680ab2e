"""manage.py digest: the message about a night, as it would be sent."""

import datetime
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from jobs import digest


class Command(BaseCommand):
    """Prints; what is sent at the owner's hour is sent by the workers, once."""

    help = "Print the digest of last night, or of the night to a date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which night."""
        parser.add_argument("date", nargs="?", default="", help="The date of its morning, such as 2026-11-27.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        try:
            date = datetime.date.fromisoformat(options["date"]) if options["date"] else timezone.localdate()
        except ValueError as error:
            raise CommandError(f"{options['date']!r} is no date: write one such as 2026-11-27.") from error
        found = digest.compose(date, now=timezone.now())
        self.stdout.write(f"{found.subject}\n\n{found.text}")
