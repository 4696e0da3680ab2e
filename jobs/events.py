"""The history: append one line, in the transaction of what it tells."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections
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
        "job.repeated",
        "job.reprioritised",
        "job.rescheduled",
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
        "run.parked",
        "run.resumed",
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
        "house.restored",
        "delivery.returned",
        "allowance.changed",
        "client.added",
        "client.changed",
        "client.forgot",
        "review.readdressed",
    }
)

# Every verb appends, some of them many times: plain SQL costs a fifth of a model's `create`.
_APPEND = 'INSERT INTO jobs_event (name, actor, job_id, noun, "row", source, "to", data, at) VALUES '
_VALUES = "(%s, %s, %s, %s, %s, %s, %s, %s, %s)"


class Line(NamedTuple):
    """One history line: what happened to which row, by whom."""

    name: str
    actor: str
    noun: str
    row: int
    job_id: int | None
    source: str = ""
    to: str = ""
    data: dict[str, Any] | None = None


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
    return append_all([Line(name, actor, noun, row, job_id, source, to, data)])[0]


def append_all(lines: Sequence[Line]) -> list[int]:
    """Write these history lines, at least one, in one statement and return their ids in the same order."""
    own = connections[DEFAULT_DB_ALIAS]
    at = own.ops.adapt_datetimefield_value(timezone.now())
    values: list[Any] = []
    for line in lines:
        if line.name not in NAMES:
            raise ValueError(f"{line.name!r} is not an event; the list is in jobs/events.py")
        values += (line.name, line.actor[:120], line.job_id, line.noun, line.row, str(line.source), str(line.to))
        values += (json.dumps(line.data or {}), at)
    with own.cursor() as cursor:
        cursor.execute(f"{_APPEND}{', '.join([_VALUES] * len(lines))} RETURNING id", values)
        # The databases number the rows in their order, and promise none for what they return.
        return sorted(int(pk) for (pk,) in cursor.fetchall())


def job_id_of(row: Any) -> int | None:
    """The job that a noun's row belongs to."""
    return row.pk if isinstance(row, Job) else row.job_id
