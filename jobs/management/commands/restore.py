"""manage.py restore: put a backup back. What it was about to send is looked for, or asked about, first."""

import datetime
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from jobs.backups import archive
from jobs.backups.databases import Unusable
from jobs.lifecycle import restoration
from jobs.models import Delivery, Job, Process, Receipt, Review
from jobs.states import OPEN_DELIVERY, OPEN_JOB, OPEN_REVIEW

_FRESH = datetime.timedelta(seconds=30)


class Command(BaseCommand):
    """Refuses an installation that holds anything, unless told to replace it, and one that is running."""

    help = "Put a backup in place of what is here, so that no effect of it is made a second time."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which archive, and whether what is here may go."""
        parser.add_argument("archive", type=Path)
        parser.add_argument(
            "--replace", action="store_true", help="although there is something here: it is gone then"
        )

    def handle(self, *args: Any, archive: Path, replace: bool, **options: Any) -> None:
        """Look, put it back, and mark where the past ends."""
        if _is_running():
            raise CommandError("Nightdesk is running on this database. Stop manage.py up and every worker first.")
        if not replace and _holds_something():
            raise CommandError("There is something here already. With --replace it is gone; back it up before.")
        _put_back(archive.resolve())
        self._tell(archive)

    def _tell(self, archive: Path) -> None:
        jobs, reviews = Job.objects.filter(state__in=OPEN_JOB), Review.objects.filter(state__in=OPEN_REVIEW)
        held = Delivery.objects.filter(state__in=OPEN_DELIVERY)
        self.stdout.write(
            f"{archive.name} is back: {jobs.count()} open jobs, {reviews.count()} items in the inbox."
        )
        self.stdout.write(
            f"{held.count()} effects had not been made then. Each is looked for at its target before it is made; "
            "where nobody can be asked, it waits in the inbox for your word."
        )
        self.stdout.write("Everybody logs in anew. Accounts, tokens and rules are as they were: look them through.")
        self.stdout.write("Start it with: manage.py up")


def _put_back(path: Path) -> None:
    try:
        manifest = archive.restore(path)
    except (Unusable, OSError) as error:
        raise CommandError(f"Nothing was put back: {error}") from error
    except DatabaseError as error:
        raise CommandError(f"It broke off half way ({error}). Run it again with --replace.") from error
    restoration.settle(made_at=manifest.made_at, archive=path.name)


def _is_running() -> bool:
    try:
        return Process.objects.filter(heartbeat_at__gte=timezone.now() - _FRESH).exists()
    except DatabaseError:
        return False  # no tables yet


def _holds_something() -> bool:
    try:
        return any(model.objects.exists() for model in (Job, Receipt, User))
    except DatabaseError:
        return False
