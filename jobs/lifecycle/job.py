"""Verbs of a Job: open, settle, retry, cancel, and what it puts into the inbox."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import dispatch, policy, terms
from jobs.events import Line
from jobs.lifecycle import alarm, notice
from jobs.lifecycle import run as runs
from jobs.lifecycle.item import open_review, weigh_again
from jobs.lifecycle.moves import IllegalMove, move
from jobs.models import Client, Delivery, Job, Receipt, Review, Run, Task, Trigger
from jobs.states import (
    NEVER,
    OPEN_DELIVERY,
    OPEN_REVIEW,
    OPEN_TASK,
    DeliveryState,
    JobState,
    Priority,
    ReviewKind,
    ReviewState,
    RunState,
    TaskState,
)

# Items that tell a person something; no job stands still for them.
_WAITED_BY_NOBODY = {ReviewKind.FAILURE, ReviewKind.ALARM}
_GOING_ON = (RunState.RUNNING, RunState.PARKED)
# The kind of failure after which the conversation goes on where it stopped.
OUT_OF_MONEY = "budget"


class BadJob(ValueError):
    """The request cannot become a job; the message says what to write."""


@dataclass(frozen=True)
class Paced:
    """Whose pace holds a job, and in words for which of them it waits; empty: it was let in."""

    source: str
    sender: str
    waits: str = ""


def open_job(
    *,
    title: str,
    brief: str,
    by: str,
    client: Client | None = None,
    client_id: int | None = None,
    priority: int | None = None,
    data: dict[str, Any] | None = None,
    agents: list[str] | None = None,
    budget_microusd: int | None = None,
    due_at: datetime.datetime | None = None,
    receipt: Receipt | None = None,
    trigger: Trigger | None = None,
    parent: Job | None = None,
    after: Job | None = None,
    again_of: Job | None = None,
    depth: int = 0,
    paced: Paced | None = None,
) -> Job:
    """Open a Job and return it. Priority 1 is planned at once, 2 on the next cycle. Raises BadJob.

    Without a priority, work for a client is 1. With `after`, it waits until that job is completed. A client whose
    row is not at hand may be given by its id. `agents` are the only ones that may work on it; without, all may.
    Until `due_at` its owner wants to have decided what it asks: its items stand further up in the inbox.
    What is `paced` and waits is not ready before `lifecycle.pace` lets it in.
    """
    brief = _clean(brief)
    if not brief:
        raise BadJob(_("A job needs a brief: say in a sentence or more what should come out."))
    client_id = client.pk if client else client_id
    priority = priority or (Priority.CLIENT if client_id else Priority.INTERNAL)
    if priority not in Priority.ALL:
        raise BadJob(_("Priority is 1 (client work) or 2 (internal)."))
    now, waits = timezone.now(), paced.waits if paced else ""
    with transaction.atomic(savepoint=False):
        job = Job(
            title=(_clean(title) or brief.splitlines()[0])[:200],
            brief=brief,
            content_digest=policy.content_digest(brief),
            data=data or {},
            agents=agents or [],
            client_id=client_id,
            priority=priority,
            budget_microusd=settings.JOB_BUDGET if budget_microusd is None else budget_microusd,
            due_at=due_at,
            receipt_id=_key(receipt),
            trigger_id=_key(trigger),
            parent_id=_key(parent),
            after_id=_key(after),
            again_of_id=_key(again_of),
            depth=depth,
            created_by=by[:120],
            ready_at=NEVER if after or waits else _first_look(priority, now),
            reason=waits,
            source=paced.source if paced else "",
            sender=paced.sender if paced else "",
            let_in_at=now if paced and not waits else None,
        ).insert()
        lines = [Line("job.opened", by, "job", job.pk, job.pk, to=JobState.PENDING)]
        if waits:
            lines.append(Line("job.waits", by, "job", job.pk, job.pk, data={"reason": waits}))
        notice.tell_all(lines)
        if after:
            weigh_again(after)
        if not waits and priority == Priority.CLIENT and not after:
            dispatch.wake(dispatch.AGENTS)
    return job


def settle(job_id: int, *, by: str) -> None:
    """Unblock what can start and bring the Job's state in line with its tasks, reviews and deliveries.

    The last step of every verb that changed one of them, inside its transaction. The row lock makes two tasks
    that end at the same moment settle one after the other: neither may miss the other's end.
    """
    job = lock(job_id)
    if job.state not in {JobState.IN_PROGRESS, JobState.NEEDS_REVIEW}:
        return
    _unblock(job, by=by)
    want, reason = _standing(job)
    if want == job.state:
        return
    name = "job.resumed" if want == JobState.IN_PROGRESS else f"job.{want}"
    finished = timezone.now() if want in {JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED} else None
    move(job, want, event=name, by=by, reason=reason, finished_at=finished)
    if want == JobState.COMPLETED:
        _release_followers(job, by=by)
        _alarm_if_empty(job)
    elif want == JobState.CANCELLED:
        _close_what_is_open(job, by=by)


def retry(job: Job, *, by: str, budget_microusd: int | None = None) -> None:
    """Start what failed of a Job again: its failed tasks and deliveries, or its planning. Raises IllegalMove.

    A job whose other parts still go on is not failed yet; then only the failed parts start again.
    """
    with transaction.atomic():
        job = lock(job.pk)
        if job.state not in {JobState.FAILED, JobState.IN_PROGRESS, JobState.NEEDS_REVIEW}:
            raise IllegalMove(
                _("A job that is %(state)s has nothing that could start again.") % {"state": terms.state(job.state)}
            )
        if budget_microusd is not None:
            Job.objects.filter(pk=job.pk).update(budget_microusd=budget_microusd)
        if job.state == JobState.FAILED:
            again: dict[str, Any] = {"starts": 0, "finished_at": None, "ready_at": timezone.now()}
            conversation = job.round if job.tasks.exists() else _next_round(job, None, job.round)
            move(job, JobState.PENDING, event="job.retried", by=by, reason="", round=conversation, **again)
        for task in job.tasks.filter(state=TaskState.FAILED):
            again = {"starts": 0, "finished_at": None, "ready_at": job.created_at}
            conversation = _next_round(job, task, task.round)
            move(task, TaskState.PENDING, event="task.retried", by=by, reason="", round=conversation, **again)
        for delivery in job.deliveries.filter(state=DeliveryState.FAILED):
            move(delivery, DeliveryState.PENDING, event="delivery.retried", by=by, ready_at=timezone.now())
            dispatch.wake(dispatch.DELIVERIES)
        _supersede(job.reviews.filter(state=ReviewState.OPEN, kind=ReviewKind.FAILURE), by=by)
        if job.state == JobState.PENDING and job.tasks.exists():
            # There is a plan: on with it, nothing is planned twice.
            move(job, JobState.IN_PROGRESS, event="job.resumed", by=by)
        settle(job.pk, by=by)
        dispatch.wake(dispatch.AGENTS)


def cancel(job: Job, *, by: str, reason: str = "") -> None:
    """End a Job for good. What is on its way out at this moment is still brought to a known end."""
    with transaction.atomic():
        job = hold(job.pk)
        move(job, JobState.CANCELLED, event="job.cancelled", by=by, reason=reason, finished_at=timezone.now())
        _close_what_is_open(job, by=by)
        if job.after is not None:
            weigh_again(job.after)


def run_again(job: Job, *, by: str, title: str = "", brief: str = "") -> Job:
    """Open another job that is asked for the same, or for this in its place, and return it. Raises BadJob.

    It has the client, files, rule and budget of the first, which stays as it is and is named as its origin. It is
    planned at once: a person asked.
    """
    now = timezone.now()
    with transaction.atomic():
        made = open_job(
            title=title or job.title,
            brief=brief or job.brief,
            by=by,
            client_id=job.client_id,
            priority=job.priority,
            data=job.data,
            agents=job.agents,
            budget_microusd=job.budget_microusd,
            due_at=job.due_at if job.due_at and job.due_at > now else None,
            trigger=job.trigger,
            again_of=job,
        )
        tell("job.repeated", job, by=by, data={"title": made.title, "job": made.pk})
        Job.objects.filter(pk=made.pk).update(ready_at=now)
        made.ready_at = now
        dispatch.wake(dispatch.AGENTS)
    return made


def open_failure(
    job: Job, task: Task | None, *, cause: str, fix: str, written: bool = False, **payload: Any
) -> Review:
    """Add a failure to the inbox: its cause, whether anything was written, and the likely fix.

    A job that is out of money has one item, however many of its tasks stop for it.
    """
    facts = {"cause": cause, "fix": fix, "written": written, **payload}
    title = _("Failed: %(title)s") % {"title": task.title if task else job.title}
    if payload.get("kind") == OUT_OF_MONEY:
        if known := _out_of_money(job).filter(state=ReviewState.OPEN).first():
            return _joined(known, task)
        facts["tasks"] = [task.pk] if task else []
        title = _("Out of money: %(title)s") % {"title": job.title}
    return open_review(job, ReviewKind.FAILURE, task=task, title=title, consequence=cause, payload=facts)


def lock(job_id: int) -> Job:
    """The job's row, locked until the transaction ends, as it stands now."""
    rows = Job.objects.select_for_update(of=("self",), no_key=True).select_related("client")
    return rows.get(pk=job_id)


def lock_with(review: Review) -> Job | None:
    """The job that the item stands at, locked as by `lock`; None of an item about the desk itself."""
    return None if review.job_id is None else lock(review.job_id)


def hold(job_id: int) -> Job:
    """As `lock`, with the Runs that are going on: first those, as every verb that ends a Run does it."""
    list(Run.objects.select_for_update(no_key=True).filter(job=job_id, state__in=_GOING_ON).order_by("id"))
    return lock(job_id)


def tell(name: str, job: Job, *, by: str, data: dict[str, Any]) -> None:
    """Append a history line of a job that moves nothing."""
    notice.tell(name, actor=by, noun="job", row=job.pk, job_id=job.pk, data=data)


def _standing(job: Job) -> tuple[JobState, str]:
    """What the rows of a job that has a plan add up to, and why."""
    tasks = list(job.tasks.all())
    deliveries = list(job.deliveries.filter(state__in=[*OPEN_DELIVERY, DeliveryState.FAILED]))
    kinds = set(job.reviews.filter(state__in=OPEN_REVIEW).values_list("kind", flat=True))
    if not tasks or _is_moving(tasks, deliveries):
        return JobState.IN_PROGRESS, ""
    if kinds - _WAITED_BY_NOBODY or any(row.state == DeliveryState.UNKNOWN for row in deliveries):
        return JobState.NEEDS_REVIEW, ""
    rows: list[Task | Delivery] = [*tasks, *deliveries]
    failed = [row for row in rows if row.state in {TaskState.FAILED, DeliveryState.FAILED}]
    if failed:
        return JobState.FAILED, failed[0].reason
    if any(task.state == TaskState.COMPLETED for task in tasks):
        return JobState.COMPLETED, ""
    return JobState.CANCELLED, _("Nothing of it was wanted.")


def _is_moving(tasks: list[Task], deliveries: list[Delivery]) -> bool:
    """Whether something goes on without a person."""
    if any(task.state in {TaskState.PENDING, TaskState.IN_PROGRESS} for task in tasks):
        return True
    return any(
        row.state in {DeliveryState.PENDING, DeliveryState.SENDING}
        or (row.state == DeliveryState.UNKNOWN and row.ready_at < NEVER)
        for row in deliveries
    )


def _unblock(job: Job, *, by: str) -> None:
    states = dict(job.tasks.values_list("position", "state"))
    for task in job.tasks.filter(state=TaskState.BLOCKED):
        needed = {states.get(position) for position in task.needs}
        if needed <= {TaskState.COMPLETED}:
            move(task, TaskState.PENDING, event="task.unblocked", by=by, ready_at=job.created_at)
            dispatch.wake(dispatch.AGENTS)
        elif TaskState.CANCELLED in needed:
            reason = _("What it needs was declined.")
            move(task, TaskState.CANCELLED, event="task.cancelled", by=by, reason=reason)
            _unblock(job, by=by)
            return


def _release_followers(job: Job, *, by: str) -> None:
    for follower in job.followers.filter(state=JobState.PENDING):
        Job.objects.filter(pk=follower.pk).update(ready_at=timezone.now())
        tell("job.resumed", follower, by=by, data={"after": job.pk})
        dispatch.wake(dispatch.AGENTS)


def _alarm_if_empty(job: Job) -> None:
    """What a schedule ran must leave something behind: a file, an effect, or jobs of its own."""
    if not alarm.is_slot(job):
        return
    if not any(made.exists() for made in (job.artifacts, job.deliveries, job.children)):
        open_review(job, ReviewKind.ALARM, **alarm.empty(job))


def _close_what_is_open(job: Job, *, by: str) -> None:
    # Locked, so that a claim of this very moment is waited for and seen.
    tasks = list(job.tasks.select_for_update(no_key=True).filter(state__in=OPEN_TASK))
    for run in job.runs.select_for_update(no_key=True).filter(state__in=_GOING_ON):
        runs.end(run, RunState.CANCELLED, how=_("the job was cancelled"), by=by, billed_unknown=True)
    for task in tasks:
        move(task, TaskState.CANCELLED, event="task.cancelled", by=by, finished_at=timezone.now())
    _supersede(job.reviews.filter(state__in=OPEN_REVIEW), by=by)
    waiting = job.deliveries.filter(state__in=[DeliveryState.HELD, DeliveryState.PENDING])
    for delivery in waiting.select_for_update(no_key=True):
        move(delivery, DeliveryState.CANCELLED, event="delivery.cancelled", by=by)
    for follower in job.followers.filter(state=JobState.PENDING):
        cancel(
            follower, by=by, reason=_("Job %(number)d, which it waited for, was cancelled.") % {"number": job.pk}
        )


def _supersede(reviews: QuerySet[Review], *, by: str) -> None:
    """Close what is decided by other means; whether something arrived stays a question for a person."""
    for review in reviews:
        if not review.payload.get("unknown"):
            move(review, ReviewState.SUPERSEDED, event="review.superseded", by=by, decided_at=timezone.now())


def _next_round(job: Job, task: Task | None, present: int) -> int:
    """A new conversation, since the stored turns of the old one lead to the same end again.

    Where only money ran out, the old one goes on.
    """
    own = job.reviews.filter(kind=ReviewKind.FAILURE, task=task).last()
    shared = _out_of_money(job).last()
    if shared and (shared.pk == getattr(own, "pk", 0) or (task and task.pk in shared.payload["tasks"])):
        return present if own is None or own.pk <= shared.pk else present + 1
    return present + 1


def _out_of_money(job: Job) -> QuerySet[Review]:
    return job.reviews.filter(kind=ReviewKind.FAILURE, payload__kind=OUT_OF_MONEY).order_by("id")


def _joined(review: Review, task: Task | None) -> Review:
    """Another task that stopped for the same reason stands in the same item."""
    tasks = [*review.payload["tasks"], *([task.pk] if task else [])]
    review.payload = {**review.payload, "tasks": tasks}
    Review.objects.filter(pk=review.pk).update(payload=review.payload, snoozed_until=None)
    return review


def _key(row: models.Model | None) -> int | None:
    """Given by its key, a row that is at hand costs a new one half of what its making takes."""
    return row.pk if row else None


def _first_look(priority: int, now: datetime.datetime) -> datetime.datetime:
    """Now for a client; for internal work the next cycle, on the clock, so that a restart changes nothing."""
    if priority == Priority.CLIENT:
        return now
    every = settings.ORCHESTRATE_EVERY.total_seconds()
    return datetime.datetime.fromtimestamp((now.timestamp() // every + 1) * every, tz=datetime.UTC)


def _clean(text: str) -> str:
    """Without NUL, which PostgreSQL refuses in text, and without outer space."""
    return text.replace("\x00", "").strip()
