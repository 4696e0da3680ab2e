"""Verbs of a merge: asked for once a branch is there, and settled here or where the branch is.

Where its target can merge, the review holds a Delivery that merges exactly the commit that was pushed; otherwise
approving it records that its owner took the branch.
"""

from typing import Any

from django.utils import timezone

from jobs import events
from jobs.lifecycle.digest import digest_of
from jobs.lifecycle.item import open_review
from jobs.lifecycle.job import settle
from jobs.lifecycle.moves import move
from jobs.models import Delivery, Job, Review, Task
from jobs.states import DeliveryState, ReviewKind, ReviewState, TaskState

KIND = "merge"


def ask(job: Job, task: Task, pushed: Delivery, *, fields: dict[str, Any] | None, refused: str = "") -> Review:
    """Open the review of a branch's merge, bound to what was pushed. Inside a transaction.

    `fields` are those of the Delivery that would merge it; `refused` says why it was not done when asked before.
    """
    digest = digest_of(target=pushed.target, kind=KIND, fields=fields, files=[]) if fields else pushed.digest
    payload = {
        "delivery": pushed.pk,
        "branch": pushed.detail,
        "commit": pushed.external_id,
        "page": pushed.url,
        "refused": refused,
    }
    review = open_review(
        job,
        ReviewKind.MERGE,
        task=task,
        title=task.title,
        consequence=task.summary or pushed.detail,
        digest=digest,
        payload=payload,
    )
    if fields:
        _hold(review, pushed, fields)
    return review


def pushed_before(task: Task) -> Delivery | None:
    """The branch that an earlier round of the task has pushed, if it did."""
    return task.deliveries.filter(kind="branch", state=DeliveryState.DELIVERED).order_by("-id").first()


def fields_before(task: Task) -> dict[str, Any] | None:
    """How the branch of an earlier round would have been merged; None where its target cannot merge."""
    held = task.deliveries.filter(kind=KIND).order_by("-id").first()
    return dict(held.fields) if held else None


def ask_again(job: Job, refused: Delivery, *, reason: str) -> None:
    """It was approved and could not be done: the question stands anew, with the reason. Inside a transaction."""
    review, task = refused.review, refused.task
    pushed = Delivery.objects.filter(pk=review.payload.get("delivery")).first() if review else None
    if task is not None and pushed is not None:
        ask(job, task, pushed, fields=dict(refused.fields), refused=reason)


def settle_elsewhere(review: Review, to: ReviewState, *, by: str, note: str) -> None:
    """A person merged or closed it where the branch is: the open review closes as they decided.

    Inside a transaction.
    """
    drop_held(review, by=by)
    name, now = f"review.{to}", timezone.now()
    move(review, to, event=name, by=by, where={"version": review.version}, note=note, decided_at=now)
    task = review.task
    if task is not None and task.state == TaskState.NEEDS_REVIEW:
        if to == ReviewState.APPROVED:
            move(task, TaskState.COMPLETED, event="task.completed", by=by, finished_at=now)
        else:
            move(task, TaskState.CANCELLED, event="task.cancelled", by=by, reason=note, finished_at=now)
    settle(review.own_job_id, by=by)


def drop_held(review: Review, *, by: str) -> None:
    """Nothing is merged from here any more. Inside a transaction."""
    for held in review.deliveries.filter(state=DeliveryState.HELD):
        move(held, DeliveryState.CANCELLED, event="delivery.cancelled", by=by)


def _hold(review: Review, pushed: Delivery, fields: dict[str, Any]) -> None:
    held = Delivery.objects.create(
        key=f"{pushed.key}:merge:{review.pk}",
        job=review.job,
        client_id=review.job.client_id if review.job else None,
        task=review.task,
        review=review,
        target=pushed.target,
        kind=KIND,
        fields=fields,
        digest=review.digest,
        priority=review.priority,
        state=DeliveryState.HELD,
        ready_at=timezone.now(),
    )
    events.append(
        "delivery.held", actor="policy", noun="delivery", row=held.pk, job_id=review.job_id, to=DeliveryState.HELD
    )
