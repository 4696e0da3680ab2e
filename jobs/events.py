"""The history: append one line, in the transaction of what it tells."""

import json
from typing import Any

from django.db import connection
from django.utils import timezone

from jobs.models import Job

NAMES = frozenset(
    {
        "job.opened",
        "job.missed",
        "job.waits",
        "job.planning",
        "job.planned",
        "job.split",
        "job.followed",
        "job.not_followed",
        "job.replied",
        "job.asked",
        "job.answered",
        "job.given_back",
        "job.needs_review",
        "job.resumed",
        "job.completed",
        "job.failed",
        "job.retried",
        "job.reprioritised",
        "job.cancelled",
        "task.started",
        "task.unblocked",
        "task.given_back",
        "task.needs_review",
        "task.completed",
        "task.failed",
        "task.retried",
        "task.revising",
        "task.sent_back",
        "task.judged",
        "task.held",
        "task.asked",
        "task.answered",
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
        "review.tried",
        "review.reopened",
        "delivery.held",
        "delivery.released",
        "delivery.sending",
        "delivery.given_back",
        "delivery.unknown",
        "delivery.delivered",
        "delivery.failed",
        "delivery.cancelled",
        "delivery.retried",
        "branch.checked",
        "branch.remarked",
        "branch.moved",
        "branch.merged",
        "branch.closed",
        "delivery.withdrawn",
    }
)

# Every verb appends, some of them many times: plain SQL costs a fifth of a model's `create`.
_APPEND = (
    'INSERT INTO jobs_event (name, actor, job_id, noun, "row", source, "to", data, at)'
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id"
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
) -> int:
    """Write one history line and return its id; an unknown name is an error."""
    if name not in NAMES:
        raise ValueError(f"{name!r} is not an event; the list is in jobs/events.py")
    at = connection.ops.adapt_datetimefield_value(timezone.now())
    values = [name, actor[:120], job_id, noun, row, str(source), str(to), json.dumps(data or {}), at]
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, values)
        return int(cursor.fetchone()[0])


def job_id_of(row: Any) -> int | None:
    """The job that a noun's row belongs to."""
    return row.pk if isinstance(row, Job) else row.job_id
