"""From the commit of an urgent job to its claim by a worker process, idle, beside a bare table and a bare loop."""

import datetime
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.db import connection, connections, transaction
from django.utils import timezone

from jobs.lifecycle.job import open_job
from jobs.models import Job, Run
from jobs.states import JobState, Priority
from tests.bench import place, processes, report

_SAMPLES = 4 if place.quick() else 30
_SECONDS = 20.0


def measure() -> None:
    """One urgent job after the other, each into an idle house."""
    with _loop() as answer:
        bare = [answer() for _ in range(_SAMPLES)]
    with processes.house():
        waits = [_idle_sample() for _ in range(_SAMPLES)]
    say(
        "pickup_idle",
        waits,
        limit=report.percentile(bare, 95),
        limit_what="a bare loop that is told by the database",
    )


def say(bench: str, waits: list[float], *, limit: float, limit_what: str) -> None:
    """The goal is the one that a person feels: an urgent job is begun at once."""
    bound = 50 if connection.vendor == "postgresql" else 300
    report.say(
        bench,
        value=report.percentile(waits, 95) * 1000,
        unit="ms, p95",
        limit=limit * 1000,
        limit_what=limit_what,
        goal=f"value <= {bound}",
        p50_ms=round(report.median(waits) * 1000, 1),
        max_ms=round(max(waits) * 1000, 1),
        samples=len(waits),
    )


def commit_to_claim() -> tuple[Job, float]:
    """Open an urgent job; the seconds from its commit to the claim of its planning."""
    committed: list[datetime.datetime] = []
    with transaction.atomic():
        # First of the hooks: whatever else follows the commit is part of the wait.
        transaction.on_commit(lambda: committed.append(timezone.now()))
        job = open_job(title="Urgent", brief=processes.BRIEF, by="bench", priority=Priority.CLIENT)
    processes.until(lambda: job.runs.exists(), seconds=_SECONDS, what="the urgent job is claimed")
    run = Run.objects.filter(job=job).earliest("pk")
    return job, (run.started_at - committed[0]).total_seconds()


def ended(job: Job) -> bool:
    """Whether nothing more of the job is to be done."""
    return not Job.objects.filter(pk=job.pk, state__in=[JobState.PENDING, JobState.IN_PROGRESS]).exists()


def _idle_sample() -> float:
    job, wait = commit_to_claim()
    processes.until(lambda: ended(job), seconds=_SECONDS, what="the urgent job is done")
    processes.until(processes.idle, seconds=_SECONDS, what="the agents' cluster is idle", every=0.01)
    return wait


@contextmanager
def _loop() -> Iterator[Callable[[], float]]:
    """A thread that claims from a table of one column; gives a function that commits a row and returns its wait."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_bare (n INTEGER)")
    claimed: list[float] = []
    stop = threading.Event()
    told = _notified if connection.vendor == "postgresql" else _polling
    thread = threading.Thread(target=told, args=(claimed, stop))
    thread.start()
    try:
        yield lambda: _bare_sample(claimed)
    finally:
        stop.set()
        thread.join()


def _bare_sample(claimed: list[float]) -> float:
    seen = len(claimed)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_bare VALUES (1)")
        committed = time.perf_counter()
        if connection.vendor == "postgresql":
            cursor.execute("NOTIFY bench_bare")
    processes.until(lambda: len(claimed) > seen, seconds=_SECONDS, what="the bare row is claimed", every=0.001)
    return claimed[-1] - committed


def _notified(claimed: list[float], stop: threading.Event) -> None:
    url = f"{place.server_url()}/{settings.DATABASES['default']['NAME']}"
    with psycopg.connect(url, autocommit=True) as listening:
        listening.execute("LISTEN bench_bare")
        while not stop.is_set():
            if listening.execute("DELETE FROM bench_bare RETURNING n").fetchone():
                claimed.append(time.perf_counter())
            for _ in listening.notifies(timeout=0.1, stop_after=1):
                pass


def _polling(claimed: list[float], stop: threading.Event) -> None:
    own = connections["default"]
    with own.cursor() as cursor:
        while not stop.wait(0.01):
            cursor.execute("DELETE FROM bench_bare RETURNING n")
            if cursor.fetchone():
                claimed.append(time.perf_counter())
    own.close()
