"""manage.py worker: clusters alone, on as many hosts as you like."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from config.management.commands.up import supervise
from config.probes import database_fault
from config.supervisor import cluster


class Command(BaseCommand):
    """Runs clusters under a supervisor; the web and the database are elsewhere."""

    help = "Run workers on this host: all clusters, or those named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which clusters."""
        parser.add_argument("clusters", nargs="*", metavar="cluster", help=", ".join(settings.WORKERS))

    def handle(self, *args: Any, clusters: list[str], **options: Any) -> None:
        """Start them, and return once they have ended."""
        for name in clusters:
            if name not in settings.WORKERS:
                raise CommandError(f"There is no cluster {name!r}. Clusters: {', '.join(settings.WORKERS)}.")
        if fault := database_fault():
            raise CommandError(fault)
        supervise([cluster(name) for name in clusters or settings.WORKERS])
