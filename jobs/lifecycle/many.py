"""Verbs on many jobs at once: each by its own verb and transaction, so that one that refuses holds up no other."""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import dispatch, terms
from jobs.lifecycle import item
from jobs.lifecycle import job as verbs
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.models import Job, Review
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
        raise IllegalMove(_("A job that is %(state)s has not failed.") % {"state": terms.state(job.state)})
    verbs.retry(job, by=by)


def cancel(job: Job, by: str) -> None:
    """End it for good. Raises IllegalMove if it has ended."""
    verbs.cancel(job, by=by, reason=_("Ended by its owner, with others."))


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
            raise IllegalMove(
                _("A job that is %(state)s has nothing that could be more urgent.")
                % {"state": terms.state(job.state)}
            )
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


def reschedule(job: Job, due_at: datetime.datetime | None, *, by: str) -> None:
    """Change until when what an open job asks is to be decided; without a time none is set. Raises IllegalMove.

    What waits of it changes its place in the inbox, and is back there if it was put off.
    """
    with transaction.atomic():
        job = verbs.lock(job.pk)
        if job.finished_at is not None and job.state != JobState.FAILED:
            raise IllegalMove(
                _("A job that is %(state)s asks nothing any more.") % {"state": terms.state(job.state)}
            )
        if job.due_at == due_at:
            return
        Job.objects.filter(pk=job.pk).update(due_at=due_at)
        for review in job.reviews.filter(state__in=OPEN_REVIEW):
            columns = {"due_at": item.due(review.expires_at, due_at), "snoozed_until": None}
            Review.objects.filter(pk=review.pk).update(**columns)
        verbs.tell("job.rescheduled", job, by=by, data={"due_at": due_at.isoformat() if due_at else None})
