"""manage.py sweep: take up what a dead process left, once, by hand."""

from typing import Any

from django.core.management.base import BaseCommand

from jobs.workers import sweep


class Command(BaseCommand):
    """Runs the sweep that the supervisor runs every few seconds."""

    help = "Rescue what dead processes left and ring for what waits. Safe at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep once."""
        sweep()
        self.stdout.write("Swept.")
