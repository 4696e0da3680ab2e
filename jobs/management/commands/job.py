"""manage.py job: open a job from the command line, and follow it if asked to."""

import datetime
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from jobs.lifecycle.job import BadJob, open_job
from jobs.models import Client, Job
from jobs.states import JobState, Priority

_MAX_FILE_BYTES = 1_000_000
_LOOK_SECONDS = 0.5
# What --wait exits with: done, a person is needed, or it went wrong.
_EXITS = {
    JobState.COMPLETED: 0,
    JobState.NEEDS_REVIEW: 2,
    JobState.NEEDS_CLARIFICATION: 2,
    JobState.FAILED: 1,
    JobState.CANCELLED: 1,
}


class Command(BaseCommand):
    """Opens one job; with --wait follows it to its end or to where a person is needed."""

    help = "Open a job. With --wait: exits 0 completed, 2 needs a person, 1 failed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Brief, whom it is for, and what comes with it."""
        parser.add_argument("brief", help="What should come out, in a sentence or more.")
        parser.add_argument("--title", default="", help="A short name; the brief's first line otherwise.")
        parser.add_argument("--client", default="", help="Slug of the client it is for.")
        parser.add_argument("--priority", type=int, choices=Priority.ALL, help="1 client work, 2 internal.")
        parser.add_argument("--due", default="", metavar="TIME", help="When it is due, such as 2026-11-28T14:00.")
        parser.add_argument("--data", action="append", default=[], metavar="KEY=VALUE", help="A named value.")
        parser.add_argument("--file", action="append", default=[], type=Path, help="A text file to work with.")
        parser.add_argument("--wait", action="store_true", help="Follow it until it ends or needs a person.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Open the job and say where it is."""
        try:
            job = open_job(
                title=options["title"],
                brief=options["brief"],
                by="command line",
                client=_client(options["client"]),
                priority=options["priority"],
                due_at=_moment(options["due"]),
                data={**_pairs(options["data"]), "files": [_file(path) for path in options["file"]]},
            )
        except BadJob as error:
            raise CommandError(str(error)) from error
        where = f"{settings.BASE_URL}/jobs/{job.uid}/"
        self.stdout.write(f"Job {job.pk} opened: {job.title} (priority {job.priority}), {where}")
        if options["wait"]:
            sys.exit(self._follow(job))

    def _follow(self, job: Job) -> int:
        seen = ""
        while True:
            job.refresh_from_db()
            if job.state != seen:
                seen = job.state
                self.stdout.write(f"  {seen}{': ' + job.reason if job.reason else ''}")
                self.stdout.flush()
            if seen in _EXITS:
                return _EXITS[JobState(seen)]
            time.sleep(_LOOK_SECONDS)


def _client(slug: str) -> Client | None:
    if not slug:
        return None
    client = Client.objects.filter(slug=slug).first()
    if client is None:
        known = ", ".join(Client.objects.values_list("slug", flat=True)) or "none yet; add one in the admin"
        raise CommandError(f"There is no client {slug!r}. Known: {known}.")
    return client


def _moment(given: str) -> datetime.datetime | None:
    """A time on the owner's clock, unless it names its zone."""
    if not given:
        return None
    try:
        moment = datetime.datetime.fromisoformat(given)
    except ValueError as error:
        raise CommandError(f"--due takes a time such as 2026-11-28T14:00, not {given!r}.") from error
    moment = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    if moment <= timezone.now():
        raise CommandError(f"--due names a time that has passed: {given}.")
    return moment


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = {}
    for item in given:
        key, mark, value = item.partition("=")
        if not mark or not key or key == "files":
            raise CommandError(f"--data takes KEY=VALUE, not {item!r}.")
        pairs[key] = value
    return pairs


def _file(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise CommandError(f"{path} is over {_MAX_FILE_BYTES // 1000} kB; name a smaller file.")
        return {"name": path.name, "text": path.read_text(encoding="utf-8").replace("\x00", "")}
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read as text: {error}") from error
