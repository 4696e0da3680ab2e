"""Verbs of an item of the inbox: open it, with what it is sorted by."""

import datetime
from typing import Any

from jobs import stakes
from jobs.lifecycle import notice
from jobs.models import Job, Review, Task
from jobs.states import NEVER, OPEN_REVIEW, JobState, ReviewKind


def open_review(
    job: Job | None, kind: ReviewKind, *, title: str, consequence: str, task: Task | None = None, **columns: Any
) -> Review:
    """Add an item to the inbox, as urgent as its job; without one it is about the desk. Inside a transaction.

    It is due when its job is, or when its own time has run out.
    """
    if job is not None:
        columns["priority"] = job.priority
    columns["due_at"] = due(columns.get("expires_at"), job.due_at if job else None)
    columns["stake"] = _stake(kind, job, task, columns.get("payload", {}))
    words = {"title": title[:200], "consequence": consequence[:300]}
    review = Review.objects.create(job=job, task=task, kind=kind, **words, **columns)
    notice.tell(
        "review.opened",
        actor="desk",
        noun="review",
        row=review.pk,
        job_id=review.job_id,
        to=review.state,
        data={"kind": kind},
    )
    return review


def due(*times: datetime.datetime | None) -> datetime.datetime:
    """The earliest of these times; the far future where none is set."""
    return min(filter(None, times), default=NEVER)


def weigh_again(job: Job) -> None:
    """The open items of a job that has one follower more, or one less."""
    for review in job.reviews.filter(state__in=OPEN_REVIEW).select_related("task"):
        stake = _stake(review.kind, job, review.task, review.payload)
        Review.objects.filter(pk=review.pk).update(stake=stake)


def _stake(kind: str, job: Job | None, task: Task | None, payload: dict[str, Any]) -> int:
    holds_up = job is not None and job.followers.filter(state=JobState.PENDING).exists()
    return stakes.weight(kind, task.output if task else None, payload, holds_up=holds_up)
