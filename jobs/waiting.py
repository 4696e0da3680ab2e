"""Why a job is not done yet, in a sentence; and when all of them will be."""

import datetime
from collections.abc import Iterable
from statistics import median

from django.conf import settings
from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.utils import timezone

from jobs.models import Delivery, Job, Review, Run, Task
from jobs.states import NEVER, OPEN_DELIVERY, OPEN_TASK, DeliveryState, JobState, ReviewState, RunState, TaskState

# How many attempts say how long one usually takes, and how many are needed before that is worth saying.
_MEASURED, _ENOUGH = 100, 5
# A job that is not planned yet counts as so many tasks.
_PLANNED_AS = 3


def reasons(jobs: Iterable[Job], now: datetime.datetime) -> dict[int, str]:
    """Job -> why it waits, for those that are open. Three reads, whatever their number."""
    waiting = [job for job in jobs if job.finished_at is None]
    prefetch_related_objects(
        waiting,
        Prefetch("tasks", Task.objects.filter(state__in=OPEN_TASK).order_by("position"), to_attr="open_tasks"),
        Prefetch("reviews", Review.objects.filter(state=ReviewState.OPEN).order_by("id"), to_attr="open_reviews"),
        Prefetch("deliveries", _on_their_way(), to_attr="open_deliveries"),
    )
    return {job.pk: sentence for job in waiting if (sentence := _why(job, now))}


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


def _why(job: Job, now: datetime.datetime) -> str:
    if job.state == JobState.PENDING:
        return _why_not_planned(job, now)
    open_reviews: list[Review] = getattr(job, "open_reviews", [])
    if job.state in {JobState.NEEDS_CLARIFICATION, JobState.NEEDS_REVIEW}:
        return _for_a_person(job, open_reviews)
    tasks: list[Task] = getattr(job, "open_tasks", [])
    working = [task for task in tasks if task.state == TaskState.IN_PROGRESS]
    if working:
        return f"At work: {', '.join(task.agent for task in working)}."
    ready = [task for task in tasks if task.state == TaskState.PENDING]
    if ready:
        return _why_not_begun(ready[0], now)
    deliveries: list[Delivery] = getattr(job, "open_deliveries", [])
    if deliveries:
        return _why_not_delivered(deliveries[0], now)
    return "It is being planned." if not tasks else ""


def _why_not_planned(job: Job, now: datetime.datetime) -> str:
    if job.after and job.after.finished_at is None:
        return f"It waits for the job “{job.after.title}”."
    if job.ready_at >= NEVER:
        return job.reason or "It waits until the run before it has ended."
    if job.reason:
        return f"{job.reason} It goes on {_when(job.ready_at, now)}."
    return "It waits for a free slot." if job.ready_at <= now else f"It is planned {_when(job.ready_at, now)}."


def _why_not_begun(task: Task, now: datetime.datetime) -> str:
    if task.ready_at <= now:
        return f"The {task.agent} agent waits for a free slot."
    reason = f"{task.reason} " if task.reason else ""
    return f"{reason}The {task.agent} agent goes on {_when(task.ready_at, now)}."


def _why_not_delivered(delivery: Delivery, now: datetime.datetime) -> str:
    if delivery.state == DeliveryState.UNKNOWN:
        return f"Nobody can say yet whether it reached {delivery.target}; it is looked up."
    if delivery.state == DeliveryState.SENDING or delivery.ready_at <= now:
        return f"It is on its way to {delivery.target}."
    reason = f": {delivery.reason}" if delivery.reason else ""
    return f"It goes to {delivery.target} {_when(delivery.ready_at, now)}{reason}."


def _for_a_person(job: Job, reviews: list[Review]) -> str:
    asked = [review for review in reviews if review.kind not in {"failure", "alarm"}] or reviews
    if not asked:
        return job.reason or "It waits for you."
    review = asked[0]
    # The title of what an agent made is mostly the job's own: its consequence says more.
    says = review.consequence if review.kind in {"message", "merge"} else review.title
    return f"It waits for you: {says or review.title}"


def _when(moment: datetime.datetime, now: datetime.datetime) -> str:
    """On the clock; a date only where it is another day."""
    there, here = timezone.localtime(moment), timezone.localtime(now)
    return f"at {there:%H:%M}" if there.date() == here.date() else f"on {there:%-d %b} at {there:%H:%M}"
