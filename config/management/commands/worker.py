"""manage.py worker: clusters alone, on as many hosts as you like."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from config import checkups, supervisor
from config.management.commands.up import supervise
from config.probes import database_fault
from jobs import dispatch


class Command(BaseCommand):
    """Runs clusters under a supervisor and keeps the schedules; the web and the database are elsewhere."""

    help = "Run workers on this host: all clusters, or one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which cluster."""
        parser.add_argument("--cluster", choices=list(settings.WORKERS), help="this one alone")

    def handle(self, *args: Any, cluster: str | None, **options: Any) -> None:
        """Start them, and return once they have ended."""
        if fault := database_fault():
            raise CommandError(fault)
        supervise([supervisor.cluster(name) for name in ([cluster] if cluster else settings.WORKERS)], sync)


def sync() -> None:
    """Rows of the probes and of the schedules, as this version wants them."""
    checkups.sync()
    dispatch.sync_schedules()
