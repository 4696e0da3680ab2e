"""From the commit of an urgent job to its claim while 10,000 internal jobs wait and keep the workers busy."""

from django.conf import settings

from jobs import dispatch
from jobs.models import Process
from jobs.states import JobState
from tests.bench import place, processes, rows
from tests.bench.pickup import commit_to_claim, ended, say

_WAITING = 200 if place.quick() else 10_000
_SAMPLES = 3 if place.quick() else 25
_SECONDS = 60.0


def measure() -> None:
    """First an idle house, for comparison; then one urgent job after the other past the crowd."""
    with processes.house():
        first, idle = commit_to_claim()
        processes.until(lambda: ended(first), seconds=_SECONDS, what="the first urgent job is done")
        rows.insert_jobs(first=first.pk + 1, last=first.pk + _WAITING, state=JobState.PENDING)
        rows.settle()
        dispatch.ring(dispatch.AGENTS)
        processes.until(_is_full, seconds=_SECONDS, what="all slots but the urgent one are taken")
        waits = [_sample() for _ in range(_SAMPLES)]
    say(f"pickup_behind_{_WAITING}", waits, limit=idle, limit_what="one urgent job into the same house while idle")


def _sample() -> float:
    job, wait = commit_to_claim()
    # The urgent slot is one: the next job comes when it is free again.
    processes.until(lambda: ended(job), seconds=_SECONDS, what="the urgent job is done")
    processes.until(_is_full, seconds=_SECONDS, what="all slots but the urgent one are taken")
    return wait


def _is_full() -> bool:
    return Process.objects.filter(cluster="agents", in_flight__gte=settings.CONCURRENCY - 1).exists()
