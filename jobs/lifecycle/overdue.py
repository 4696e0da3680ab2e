"""The watch over runs of schedules: one that is open for far longer than usual raises one alarm."""

import datetime
import itertools
import statistics

from django.db import transaction
from django.db.models import Exists, Max, Min, OuterRef, QuerySet

from jobs import schedules
from jobs.lifecycle import alarm
from jobs.lifecycle.item import open_review
from jobs.lifecycle.job import lock
from jobs.models import Event, Job, Review, Trigger
from jobs.states import NEVER, JobState, ReviewKind

# A run is given this many times what its rule's runs take usually, but never less than an hour.
FACTOR = 3
AT_LEAST = datetime.timedelta(hours=1)
# Of a rule without a history, a run is given the time until its next slot, at most a day.
AT_MOST = datetime.timedelta(days=1)

_LOOKED_AT = 500
_HISTORY = 20
_ENOUGH = 3
_AT_WORK = (JobState.PENDING, JobState.IN_PROGRESS)
# From these on a run is at work again after it waited for a person, or for its turn.
_TAKEN_UP = ("job.answered", "job.resumed", "job.retried")


def check(now: datetime.datetime) -> list[Review]:
    """Raise an alarm for each run that hangs and has none yet; return them.

    A run that waits for a person hangs nowhere: it is in the inbox already. Nor does one that waits for its turn.
    """
    jobs = list(_unsuspected()[:_LOOKED_AT])
    rows = Event.objects.filter(job__in=jobs, name__in=_TAKEN_UP).order_by().values_list("job").annotate(Max("at"))
    taken_up: dict[int, datetime.datetime] = dict(rows)
    raised = []
    for _, runs in itertools.groupby(jobs, key=lambda job: job.trigger_id):
        mine = list(runs)
        usual = _usual(mine[0].trigger)
        for job in mine:
            lasts = now - max(_opened(job), taken_up.get(job.pk, _opened(job)))
            if lasts > _limit(job, usual) and (review := _raise(job, lasts=lasts, usual=usual)):
                raised.append(review)
    return raised


def _unsuspected() -> QuerySet[Job]:
    known = Review.objects.filter(job=OuterRef("pk"), kind=ReviewKind.ALARM, payload__alarm=alarm.HANGING)
    rows = Job.objects.filter(trigger__source=schedules.SOURCE, state__in=_AT_WORK, ready_at__lt=NEVER)
    slots = rows.filter(data__has_key="slot").exclude(Exists(known))
    return slots.select_related("trigger").order_by("trigger", "id")


def _opened(job: Job) -> datetime.datetime:
    """On the clock that opened the slot; a slot that is run again, or later by a replay, begins anew."""
    opened = job.data.get("opened")
    return max(job.created_at, datetime.datetime.fromisoformat(opened)) if opened else job.created_at


def _usual(trigger: Trigger | None) -> datetime.timedelta | None:
    """How long the last runs of a rule took from their first attempt to the end of their last; None if unknown."""
    ended = Job.objects.filter(trigger=trigger, state=JobState.COMPLETED).order_by("-created_at")
    spans = ended.annotate(begins=Min("runs__started_at"), ends=Max("runs__finished_at"))[:_HISTORY]
    lengths = [job.ends - job.begins for job in spans if job.begins and job.ends]
    if len(lengths) < _ENOUGH:
        return None
    return datetime.timedelta(seconds=statistics.median(length.total_seconds() for length in lengths))


def _limit(job: Job, usual: datetime.timedelta | None) -> datetime.timedelta:
    if usual is not None:
        return max(AT_LEAST, FACTOR * usual)
    try:
        rule = schedules.read(job.trigger.conditions if job.trigger else None)
    except schedules.BadSchedule:
        return AT_MOST
    slot = datetime.datetime.fromisoformat(job.data["slot"])
    return min(AT_MOST, max(AT_LEAST, rule.following(slot, 1)[0] - slot))


def _raise(job: Job, *, lasts: datetime.timedelta, usual: datetime.timedelta | None) -> Review | None:
    """The alarm; None if it ended in this moment, or another watch was first."""
    with transaction.atomic():
        if lock(job.pk).state not in _AT_WORK or not _unsuspected().filter(pk=job.pk).exists():
            return None
        return open_review(job, ReviewKind.ALARM, **alarm.hanging(job, lasts=lasts, usual=usual))
