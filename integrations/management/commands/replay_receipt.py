"""manage.py replay_receipt: run what came in through the rules of today."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from jobs import arrivals
from jobs.lifecycle import replay


class Command(BaseCommand):
    """Opens what is not opened yet, and says what it did; safe to run again."""

    help = "Run receipts through today's rules: opens what is not opened yet. Exits 1 if one could not be replayed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which ones."""
        parser.add_argument("receipts", nargs="+", type=int, metavar="ID", help="Numbers of receipts (/receipts/).")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay each; one that cannot be keeps no other from it."""
        failed = [number for number in options["receipts"] if not self._replay(number)]
        if failed:
            raise CommandError(f"Not replayed: {', '.join(map(str, failed))}.")

    def _replay(self, number: int) -> bool:
        receipt = arrivals.receipt(number)
        if receipt is None:
            self.stdout.write(f"Receipt {number}: there is none.")
            return False
        try:
            steps = replay.replay(receipt, by="command line")
        except replay.NotReplayed as refusal:
            self.stdout.write(f"Receipt {number}: {refusal}")
            return False
        lines = [replay.in_words(step) for step in steps] or ["meets no rule that is on: nothing was opened."]
        for line in lines:
            self.stdout.write(f"Receipt {number}: {line}")
        return True
