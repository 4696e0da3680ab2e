"""Lists of jobs, narrowed: by state, client, rule, agent, priority, age and words. Each page costs the same."""

import datetime
from dataclasses import asdict, dataclass

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from jobs.models import Job, Task, Trigger
from jobs.models.job import IS_OPEN
from jobs.states import JobState

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
    rows = _narrowed(wanted).select_related("client", "after")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    begins = None
    if _needs_a_look(wanted):
        begins = (before or _newest() + 1) - LOOKED_THROUGH
        rows = _looked_through(rows, wanted, begins)
    found = list(_newest_first(rows, wanted)[: PAGE_SIZE + 1])
    jobs = found[:PAGE_SIZE]
    if len(found) > PAGE_SIZE:
        return Found(jobs, older=jobs[-1].pk)
    more = begins is not None and begins > 0 and Job.objects.filter(pk__lt=begins).exists()
    return Found(jobs, older=begins if more else None, is_partial=more)


def at_once(wanted: Wanted) -> list[Job]:
    """The latest jobs that meet it, as many as one decision may take."""
    rows = _narrowed(wanted)
    if _needs_a_look(wanted):
        rows = _looked_through(rows, wanted, _newest() + 1 - LOOKED_THROUGH)
    return list(_newest_first(rows, wanted)[:AT_ONCE])


def _narrowed(wanted: Wanted) -> QuerySet[Job]:
    all_jobs: QuerySet[Job] = Job.objects.all()
    rows = all_jobs.filter(state=wanted.state) if _is_state(wanted) else all_jobs.filter(IS_OPEN)
    if wanted.client:
        rows = rows.filter(client__slug=wanted.client)
    if wanted.trigger:
        rows = _of_rule(rows, wanted.trigger)
    if wanted.priority is not None:
        rows = rows.filter(priority=wanted.priority)
    if wanted.since in SINCE:
        rows = rows.filter(created_at__gte=timezone.now() - datetime.timedelta(days=SINCE[wanted.since]))
    for word in wanted.words.split()[:6]:
        rows = rows.filter(Q(title__icontains=word) | Q(brief__icontains=word))
    return rows


def _of_rule(rows: QuerySet[Job], slug: str) -> QuerySet[Job]:
    """Found among the jobs in their state: led by the rule, all that it ever opened would be read and sorted."""
    return rows.alias(of=F("trigger") + 0).filter(of__in=Trigger.objects.filter(slug=slug))


def _looked_through(rows: QuerySet[Job], wanted: Wanted, begins: int) -> QuerySet[Job]:
    """No job before this one. Its tasks are bounded too: asked for by agent alone, all tasks would be read."""
    if wanted.agent:
        tasks = Task.objects.filter(job=OuterRef("pk"), job_id__gte=begins, agent=wanted.agent)
        rows = rows.filter(Exists(tasks))
    return rows.filter(pk__gte=begins)


def _newest_first(rows: QuerySet[Job], wanted: Wanted) -> QuerySet[Job]:
    """Of open jobs, sorted apart: led by the order of the table, a database reads all of it when few are open."""
    return rows.order_by("-id") if _is_state(wanted) else rows.order_by((F("id") + 0).desc())


def _is_state(wanted: Wanted) -> bool:
    return wanted.state in set(JobState)


def _needs_a_look(wanted: Wanted) -> bool:
    """Whether jobs may have to be passed over that no index leaves out."""
    has_two = _is_state(wanted) and bool(wanted.client or wanted.trigger)
    return bool(wanted.agent or wanted.since or wanted.words) or has_two


def _newest() -> int:
    return Job.objects.aggregate(newest=Max("pk"))["newest"] or 0
