"""Lists of jobs, narrowed: by state, client, rule, agent, priority, age and words. Each page costs the same."""

import datetime
from dataclasses import asdict, dataclass

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from jobs.models import Job, Task
from jobs.states import OPEN_JOB, JobState

PAGE_SIZE = 50
# What no index answers is looked for in so many jobs at a time; the page says how far it looked.
LOOKED_THROUGH = 20_000
# The latest of what a filter finds: nobody decides about more than that at once.
AT_ONCE = 200
SINCE = {"day": 1, "week": 7, "month": 31}


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to; empty is everything, and for `state` everything that is under way."""

    state: str = ""
    client: str = ""  # slug
    trigger: str = ""  # slug
    agent: str = ""
    priority: int | None = None
    since: str = ""  # a key of SINCE
    words: str = ""

    def is_narrowed(self) -> bool:
        """Whether anything but the state is asked for."""
        return any(value for name, value in asdict(self).items() if name != "state")


@dataclass(frozen=True)
class Found:
    """A page of jobs, newest first. `older` is where the next begins; `is_partial` if it may hold more."""

    jobs: list[Job]
    older: int | None
    is_partial: bool = False


def page(wanted: Wanted, *, before: int | None) -> Found:
    """The newest jobs that meet it, older than job `before`."""
    rows = _narrowed(wanted).select_related("client", "after").order_by("-id")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    begins = None
    if _needs_a_look(wanted):
        begins = (before or _newest() + 1) - LOOKED_THROUGH
        rows = rows.filter(pk__gte=begins)
    found = list(rows[: PAGE_SIZE + 1])
    jobs = found[:PAGE_SIZE]
    if len(found) > PAGE_SIZE:
        return Found(jobs, older=jobs[-1].pk)
    more = begins is not None and begins > 0 and Job.objects.filter(pk__lt=begins).exists()
    return Found(jobs, older=begins if more else None, is_partial=more)


def at_once(wanted: Wanted) -> list[Job]:
    """The latest jobs that meet it, as many as one decision may take."""
    rows = _narrowed(wanted).order_by("-id")
    if _needs_a_look(wanted):
        rows = rows.filter(pk__gt=_newest() - LOOKED_THROUGH)
    return list(rows[:AT_ONCE])


def _narrowed(wanted: Wanted) -> QuerySet[Job]:
    states = [wanted.state] if wanted.state in set(JobState) else sorted(OPEN_JOB)
    rows = Job.objects.filter(state__in=states)
    if wanted.client:
        rows = rows.filter(client__slug=wanted.client)
    if wanted.trigger:
        rows = rows.filter(trigger__slug=wanted.trigger)
    if wanted.priority is not None:
        rows = rows.filter(priority=wanted.priority)
    if wanted.since in SINCE:
        rows = rows.filter(created_at__gte=timezone.now() - datetime.timedelta(days=SINCE[wanted.since]))
    if wanted.agent:
        rows = rows.filter(Exists(Task.objects.filter(job=OuterRef("pk"), agent=wanted.agent)))
    for word in wanted.words.split()[:6]:
        rows = rows.filter(Q(title__icontains=word) | Q(brief__icontains=word))
    return rows


def _needs_a_look(wanted: Wanted) -> bool:
    return bool(wanted.agent or wanted.since or wanted.words)


def _newest() -> int:
    return Job.objects.aggregate(newest=Max("pk"))["newest"] or 0
