"""Why a job is not done yet, in a sentence; and when all of them will be."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from django.conf import settings
from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from jobs import terms
from jobs.models import Delivery, Job, Review, Run, Task
from jobs.states import NEVER, OPEN_DELIVERY, OPEN_TASK, DeliveryState, JobState, ReviewState, RunState, TaskState

# How many attempts say how long one usually takes, and how many are needed before that is worth saying.
_MEASURED, _ENOUGH = 100, 5
# A job that is not planned yet counts as so many tasks.
_PLANNED_AS = 3


@dataclass(frozen=True)
class _Open:
    """What of a job is not done yet. `parked` are the tasks that wait for a batch; None: its planning does."""

    tasks: list[Task]
    reviews: list[Review]
    deliveries: list[Delivery]
    parked: set[int | None]


def reasons(jobs: Iterable[Job], now: datetime.datetime) -> dict[int, str]:
    """Job -> why it waits, for those that are open. Four reads, whatever their number."""
    waiting = [job for job in jobs if job.finished_at is None]
    prefetch_related_objects(
        waiting,
        Prefetch("tasks", Task.objects.filter(state__in=OPEN_TASK).order_by("position"), to_attr="open_tasks"),
        Prefetch("reviews", Review.objects.filter(state=ReviewState.OPEN).order_by("id"), to_attr="open_reviews"),
        Prefetch("deliveries", _on_their_way(), to_attr="open_deliveries"),
        Prefetch("runs", Run.objects.filter(state=RunState.PARKED), to_attr="parked_runs"),
    )
    return {job.pk: said for job in waiting if (said := _why(job, _found_with(job), now))}


def reason(
    job: Job,
    now: datetime.datetime,
    *,
    tasks: Iterable[Task],
    runs: Iterable[Run],
    reviews: Iterable[Review],
    deliveries: Iterable[Delivery],
) -> str:
    """Why this job waits, from all of its rows, which are at hand; empty if it has ended. No read."""
    if job.finished_at is not None:
        return ""
    rows = _Open(
        [task for task in tasks if task.state in OPEN_TASK],
        [review for review in reviews if review.state == ReviewState.OPEN],
        [row for row in deliveries if row.state in OPEN_DELIVERY - {DeliveryState.HELD}],
        {run.task_id for run in runs if run.state == RunState.PARKED},
    )
    return _why(job, rows, now)


def through(*, tasks_to_do: int, jobs_to_plan: int, processes: int) -> datetime.timedelta | None:
    """How long so much work takes at the pace of late; None where that cannot be said yet. One read."""
    slots = settings.CONCURRENCY * processes
    number = tasks_to_do + jobs_to_plan * _PLANNED_AS
    if not number:
        return datetime.timedelta()
    if not slots:
        return None
    ended = Run.objects.filter(state=RunState.SUCCEEDED, finished_at__isnull=False).order_by("-id")
    spans = [ends - begins for begins, ends in ended.values_list("started_at", "finished_at")[:_MEASURED] if ends]
    if len(spans) < _ENOUGH:
        return None
    each = median(span.total_seconds() for span in spans)
    return datetime.timedelta(seconds=each * max(1.0, number / slots))


def _on_their_way() -> QuerySet[Delivery]:
    return Delivery.objects.filter(state__in=OPEN_DELIVERY - {DeliveryState.HELD}).order_by("id")


def _found_with(job: Job) -> _Open:
    """What `reasons` found with the job."""
    parked = {run.task_id for run in getattr(job, "parked_runs", [])}
    tasks, reviews = getattr(job, "open_tasks", []), getattr(job, "open_reviews", [])
    return _Open(tasks, reviews, getattr(job, "open_deliveries", []), parked)


def _why(job: Job, rows: _Open, now: datetime.datetime) -> str:
    if job.state == JobState.PENDING:
        return _why_not_planned(job, now)
    if job.state in {JobState.NEEDS_CLARIFICATION, JobState.NEEDS_REVIEW}:
        return _for_a_person(job, rows.reviews)
    if working := [task for task in rows.tasks if task.state == TaskState.IN_PROGRESS]:
        return _at_work(working, rows.parked)
    ready = [task for task in rows.tasks if task.state == TaskState.PENDING]
    if ready:
        return _why_not_begun(ready[0], now)
    if rows.deliveries:
        return _why_not_delivered(rows.deliveries[0], now)
    if rows.tasks:
        return ""
    return _("Its plan waits for the night's batch.") if None in rows.parked else _("It is being planned.")


def _at_work(working: list[Task], parked: set[int | None]) -> str:
    """Who works; where nobody does, what all of them wait for."""
    awake = [task for task in working if task.pk not in parked]
    agents = ", ".join(terms.agent(task.agent) for task in awake or working)
    said = _("At work: %(agents)s.") if awake else _("It waits for the night's batch: %(agents)s.")
    return said % {"agents": agents}


def _why_not_planned(job: Job, now: datetime.datetime) -> str:
    if job.after and job.after.finished_at is None:
        return _("It waits for the job “%(title)s”.") % {"title": job.after.title}
    if job.ready_at >= NEVER:
        return job.reason or _("It waits until the run before it has ended.")
    if job.reason:
        return _("%(reason)s It goes on %(when)s.") % {"reason": job.reason, "when": _when(job.ready_at, now)}
    if job.ready_at <= now:
        return _("It waits for a free slot.")
    return _("It is planned %(when)s.") % {"when": _when(job.ready_at, now)}


def _why_not_begun(task: Task, now: datetime.datetime) -> str:
    if task.ready_at <= now:
        return _("The %(agent)s agent waits for a free slot.") % {"agent": terms.agent(task.agent)}
    words = {"agent": terms.agent(task.agent), "when": _when(task.ready_at, now)}
    goes_on = _("The %(agent)s agent goes on %(when)s.") % words
    return f"{task.reason} {goes_on}".lstrip()


def _why_not_delivered(delivery: Delivery, now: datetime.datetime) -> str:
    if delivery.state == DeliveryState.UNKNOWN:
        return _("Nobody can say yet whether it reached %(target)s; it is looked up.") % {"target": delivery.target}
    if delivery.state == DeliveryState.SENDING or delivery.ready_at <= now:
        return _("It is on its way to %(target)s.") % {"target": delivery.target}
    words = {"target": delivery.target, "when": _when(delivery.ready_at, now), "reason": delivery.reason}
    if delivery.reason:
        return _("It goes to %(target)s %(when)s: %(reason)s.") % words
    return _("It goes to %(target)s %(when)s.") % words


def _for_a_person(job: Job, reviews: list[Review]) -> str:
    asked = [review for review in reviews if review.kind not in {"failure", "alarm"}] or reviews
    if not asked:
        return job.reason or _("It waits for you.")
    review = asked[0]
    # The title of what an agent made is mostly the job's own: its consequence says more.
    says = review.consequence if review.kind in {"message", "merge"} else review.title
    return _("It waits for you: %(what)s") % {"what": says or review.title}


def _when(moment: datetime.datetime, now: datetime.datetime) -> str:
    """On the clock; a date only where it is another day."""
    there, here = timezone.localtime(moment), timezone.localtime(now)
    time = f"{there:%H:%M}"
    if there.date() == here.date():
        return _("at %(time)s") % {"time": time}
    date = date_format(there, pgettext("date format", "j M"))
    return _("on %(date)s at %(time)s") % {"date": date, "time": time}
