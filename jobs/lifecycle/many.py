"""Verbs on many jobs at once: each by its own verb and transaction, so that one that refuses holds up no other."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from jobs import dispatch
from jobs.lifecycle import job as verbs
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.models import Job
from jobs.states import NEVER, OPEN_DELIVERY, OPEN_JOB, OPEN_REVIEW, OPEN_TASK, JobState, Priority

Verb = Callable[[Job, str], None]


@dataclass
class Outcome:
    """How many were done, and the jobs that refused: somebody else was there first, or it is too late for it."""

    done: int = 0
    refused: list[Job] = field(default_factory=list)


def each(jobs: Iterable[Job], verb: Verb, *, by: str) -> Outcome:
    """Call the verb for every job."""
    outcome = Outcome()
    for job in jobs:
        try:
            verb(job, by)
            outcome.done += 1
        except (IllegalMove, LostRace):
            outcome.refused.append(job)
    return outcome


def retry(job: Job, by: str) -> None:
    """Start what failed of it again. Raises IllegalMove if nothing did."""
    if job.state != JobState.FAILED:
        raise IllegalMove(f"A job that is {job.state} has not failed.")
    verbs.retry(job, by=by)


def cancel(job: Job, by: str) -> None:
    """End it for good. Raises IllegalMove if it has ended."""
    verbs.cancel(job, by=by, reason="Ended by its owner, with others.")


def make_client_work(job: Job, by: str) -> None:
    """Let it go before internal work. Raises IllegalMove if it has ended."""
    reprioritise(job, Priority.CLIENT, by=by)


def make_internal_work(job: Job, by: str) -> None:
    """Let client work go before it. Raises IllegalMove if it has ended."""
    reprioritise(job, Priority.INTERNAL, by=by)


def reprioritise(job: Job, priority: int, *, by: str) -> None:
    """Change how urgent an open job is, with all of it that is to be done. Raises IllegalMove if it has ended."""
    with transaction.atomic():
        job = verbs.lock(job.pk)
        if job.state not in OPEN_JOB:
            raise IllegalMove(f"A job that is {job.state} has nothing that could be more urgent.")
        if job.priority == priority:
            return
        Job.objects.filter(pk=job.pk).update(priority=priority)
        job.tasks.filter(state__in=OPEN_TASK).update(priority=priority)
        job.reviews.filter(state__in=OPEN_REVIEW).update(priority=priority)
        job.deliveries.filter(state__in=OPEN_DELIVERY).update(priority=priority)
        word = "client" if priority == Priority.CLIENT else "internal"
        verbs.tell("job.reprioritised", job, by=by, data={"title": word})
        if job.state == JobState.PENDING and priority == Priority.CLIENT and job.ready_at < NEVER:
            # Client work does not wait for the next cycle.
            Job.objects.filter(pk=job.pk, ready_at__gt=timezone.now(), reason="").update(ready_at=timezone.now())
        dispatch.wake(dispatch.AGENTS)
