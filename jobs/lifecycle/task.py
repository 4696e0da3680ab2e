"""Verbs of a Task: what becomes of it when its Run ends, well or not."""

import datetime
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import dispatch, events, policy
from jobs.lifecycle import addressing, merge
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import question as questions
from jobs.lifecycle import run as runs
from jobs.lifecycle.digest import digest_of
from jobs.lifecycle.follow_up import WantedJob, open_follow_ups
from jobs.lifecycle.item import open_review
from jobs.lifecycle.job import lock, open_failure, settle
from jobs.lifecycle.moves import move
from jobs.models import Artifact, Delivery, Job, Review, Run, Task
from jobs.states import DeliveryState, ReviewKind, ReviewState, RunState, TaskState

# What an agent may say of an effect; whatever steers it (to whom, where) is added here, from the owner's data.
_OWN_FIELDS = {
    "document": (),
    "brief": (),
    "branch": ("repository", "base_sha", "message", "explanation", "open_points"),
    "client_message": ("subject",),
}
# What a branch says of the event that asked for it, if the event has it.
_ASKED_IN = ("repository", "number", "url")


@dataclass(frozen=True)
class WantedEffect:
    """One outward act that a Task asks for; `files` are names among what it made."""

    kind: str
    fields: dict[str, Any]
    files: list[str]


@dataclass(frozen=True)
class Result:
    """What a Task made."""

    output: dict[str, Any]
    summary: str
    files: list[artifacts.File]
    effects: list[WantedEffect] = field(default_factory=list)
    follow_ups: list[WantedJob] = field(default_factory=list)
    tainted: bool = False  # words from outside went into it


def succeed(run: Run, result: Result, *, by: str) -> list[Delivery]:
    """Keep what the Run made and let its effects go, at once or behind a Review. Raises LostRace.

    1. store the bytes (content-addressed: a repeat is a no-op); 2. one transaction: end the Run, artifacts,
    deliveries, reviews, follow-up jobs, move the Task, settle the Job, ring.
    """
    for file in result.files:
        artifacts.keep(file)
    with transaction.atomic():
        runs.end(run, RunState.SUCCEEDED, how=result.summary, by=by)
        job = lock(run.job_id)
        task = Task.objects.get(runs=run)
        task.output = result.output  # what its items are weighed by; `_finish` writes it
        made = {
            file.name: artifacts.enter(file, task=task, run=run, by=by, tainted=result.tainted)
            for file in result.files
        }
        _close_revised(task, by=by)
        deliveries = [
            _enter(effect, number, task=task, job=job, made=made)
            for number, effect in enumerate(result.effects, start=1)
        ]
        waits = any(policy.gate(effect.kind) or policy.asks_after(effect.kind) for effect in result.effects)
        # A revision that found nothing to change: what was pushed before still waits to be merged.
        pushed = None if waits else merge.pushed_before(task)
        _finish(task, result, waits=waits or pushed is not None, by=by)
        if pushed:
            merge.ask(job, task, pushed, fields=merge.fields_before(task))
        open_follow_ups(job, result.follow_ups, by=by)
        settle(job.pk, by=by)
    return deliveries


def fail(run: Run, *, cause: str, fix: str, by: str, kind: str = "") -> None:
    """The Task cannot be done as things are: it fails, with one item for a person. Siblings go on."""
    with transaction.atomic():
        # What is still reserved was on its way to the model when it broke: it may have been billed.
        runs.end(run, RunState.FAILED, how=cause, by=by, billed_unknown=True)
        job = lock(run.job_id)
        task = Task.objects.get(runs=run)
        _fail(task, job, cause=cause, fix=fix, by=by, kind=kind)
        settle(job.pk, by=by)


def ask(run: Run, *, by: str, **question: Any) -> Review:
    """The Task cannot go on before a person has answered; its siblings do. `question`: see `question.ask`."""
    with transaction.atomic():
        runs.end(run, RunState.SUCCEEDED, how="asked a question", by=by)
        job = lock(run.job_id)
        task = Task.objects.get(runs=run)
        move(task, TaskState.NEEDS_REVIEW, event="task.asked", by=by, reason=question["question"], starts=0)
        _close_revised(task, by=by)
        review = questions.ask(job, task=task, **question)
        settle(job.pk, by=by)
    return review


def give_back(run: Run, *, how: str, delay_seconds: float, by: str, billed_unknown: bool = False) -> None:
    """The Run ended early for a reason that passes: the Task is ready again after the delay."""
    with transaction.atomic():
        runs.end(run, RunState.ABANDONED, how=how, by=by, billed_unknown=billed_unknown)
        task = Task.objects.get(runs=run)
        ready_at = (
            timezone.now() + datetime.timedelta(seconds=delay_seconds) if delay_seconds else run.job.created_at
        )
        move(task, TaskState.PENDING, event="task.given_back", by=by, ready_at=ready_at, reason=how, starts=0)
        dispatch.wake(dispatch.AGENTS)


def rescue(run: Run, *, by: str) -> None:
    """Take a Task from a holder that is gone: it is ready again at once, or set aside after three starts.

    Only starts that got no further count: the bystanders of a process that dies again and again are not set aside.
    """
    with transaction.atomic():
        runs.end(run, RunState.ABANDONED, how=_("its process died or lost its lease"), by=by, billed_unknown=True)
        job = lock(run.job_id)
        task = Task.objects.get(runs=run)
        starts = 1 if runs.got_further(run) else task.starts
        if starts >= policy.MAX_STARTS:
            cause = _("It was started %(number)d times and its process died each time.") % {"number": task.starts}
            _fail(task, job, cause=cause, fix=_("Look at the worker's log, then retry or end the job."), by=by)
            settle(job.pk, by=by)
            return
        ready_at = job.created_at
        if delay := policy.restart_delay_seconds(starts, task.pk):
            ready_at = timezone.now() + datetime.timedelta(seconds=delay)
        move(task, TaskState.PENDING, event="task.given_back", by=by, ready_at=ready_at, starts=starts)
        dispatch.wake(dispatch.AGENTS)


def _finish(task: Task, result: Result, *, waits: bool, by: str) -> None:
    to = TaskState.NEEDS_REVIEW if waits else TaskState.COMPLETED
    move(
        task,
        to,
        event=f"task.{to}",
        by=by,
        output=result.output,
        summary=result.summary[:300],
        reason="",
        starts=0,
        finished_at=None if waits else timezone.now(),
    )


def _fail(task: Task, job: Job, *, cause: str, fix: str, by: str, kind: str = "") -> None:
    move(task, TaskState.FAILED, event="task.failed", by=by, reason=cause, finished_at=timezone.now())
    _close_revised(task, by=by)
    written = task.deliveries.filter(state=DeliveryState.DELIVERED).exists()
    open_failure(job, task, cause=cause, fix=fix, written=written, kind=kind)


def _close_revised(task: Task, *, by: str) -> None:
    for review in task.reviews.filter(state=ReviewState.REVISING):
        move(review, ReviewState.SUPERSEDED, event="review.superseded", by=by)


def _enter(effect: WantedEffect, number: int, *, task: Task, job: Job, made: dict[str, Artifact]) -> Delivery:
    """Add the Delivery, behind its Review where the policy asks for one. Its key is never used again."""
    fields = {name: effect.fields[name] for name in _OWN_FIELDS[effect.kind] if name in effect.fields}
    target = _target_for(effect.kind, fields)
    if effect.kind == "client_message":
        target, fields["to"] = job.client.way if job.client else (target, [])
    files = [
        {"name": row.name, "kind": row.kind, "media_type": row.media_type, "sha256": row.sha256}
        for row in (made[name] for name in effect.files)
    ]
    if effect.kind == "branch" and (asked := {name: job.data[name] for name in _ASKED_IN if name in job.data}):
        fields["asked_in"] = asked
    digest = digest_of(target=target, kind=effect.kind, fields=fields, files=files)
    gate = policy.gate(effect.kind)
    says = addressing.sends_to(target, fields.get("to", []))
    review = _open_gate(gate, task=task, job=job, fields=fields, says=says, digest=digest) if gate else None
    state = DeliveryState.HELD if review else DeliveryState.PENDING
    delivery = Delivery.objects.create(
        key=f"{job.uid}:{task.position}:{task.round}:{number}",
        job=job,
        client_id=job.client_id,
        task=task,
        review=review,
        target=target,
        kind=effect.kind,
        fields=fields,
        files=files,
        digest=digest,
        priority=job.priority,
        state=state,
        ready_at=timezone.now(),
    )
    name = "delivery.held" if review else "delivery.released"
    events.append(name, actor="policy", noun="delivery", row=delivery.pk, job_id=job.pk, to=state)
    if not review:
        dispatch.wake(dispatch.DELIVERIES)
    return delivery


def _target_for(kind: str, fields: dict[str, Any]) -> str:
    """Who makes the effect: a repository may have a target of its own."""
    other: str | None = settings.BRANCHES_BY.get(str(fields.get("repository"))) if kind == "branch" else None
    return other or settings.DELIVERED_BY[kind]


def _open_gate(gate: ReviewKind, *, task: Task, job: Job, fields: dict[str, Any], says: str, digest: str) -> Review:
    title = fields.get("subject") or task.title
    return open_review(job, gate, task=task, title=title, consequence=says, digest=digest)
