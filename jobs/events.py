"""The history: append one line, in the transaction of what it tells."""

from typing import Any

from jobs.models import Event, Job

NAMES = frozenset(
    {
        "job.opened",
        "job.planning",
        "job.planned",
        "job.split",
        "job.asked",
        "job.answered",
        "job.given_back",
        "job.needs_review",
        "job.resumed",
        "job.completed",
        "job.failed",
        "job.retried",
        "job.cancelled",
        "task.started",
        "task.unblocked",
        "task.given_back",
        "task.needs_review",
        "task.completed",
        "task.failed",
        "task.retried",
        "task.revising",
        "task.cancelled",
        "run.succeeded",
        "run.failed",
        "run.abandoned",
        "run.cancelled",
        "review.opened",
        "review.edited",
        "review.approved",
        "review.revising",
        "review.declined",
        "review.answered",
        "review.undone",
        "review.snoozed",
        "review.superseded",
        "delivery.held",
        "delivery.released",
        "delivery.sending",
        "delivery.given_back",
        "delivery.unknown",
        "delivery.delivered",
        "delivery.failed",
        "delivery.cancelled",
        "delivery.retried",
    }
)


def append(
    name: str,
    *,
    actor: str,
    noun: str,
    row: int,
    job_id: int | None,
    source: str = "",
    to: str = "",
    data: dict[str, Any] | None = None,
) -> None:
    """Write one history line; an unknown name is an error."""
    if name not in NAMES:
        raise ValueError(f"{name!r} is not an event; the list is in jobs/events.py")
    Event.objects.create(
        name=name, actor=actor[:120], noun=noun, row=row, job_id=job_id, source=source, to=to, data=data or {}
    )


def job_id_of(row: Any) -> int | None:
    """The job that a noun's row belongs to."""
    return row.pk if isinstance(row, Job) else row.job_id
