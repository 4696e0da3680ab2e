"""manage.py prune: forget what nobody needs, once, by hand."""

from typing import Any

from django.core.management.base import BaseCommand

from jobs.workers import prune


class Command(BaseCommand):
    """Runs the pruning that happens every hour."""

    help = "Delete rows of processes long gone and messages that died with theirs. Safe at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        """Prune once."""
        prune()
        self.stdout.write("Pruned.")
