"""The numbers over the list of jobs, and the pulse: whether anything is new. One read each, at any size."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection

from jobs.models import Event, Job
from jobs.states import NEVER, OPEN_JOB, JobState

# Finished jobs are counted up to here: "1,000+" is read as fast at a thousand as at a million rows.
COUNT_CAP = 1000
# A process without a heartbeat for so long is not counted.
_FRESH = datetime.timedelta(seconds=30)
_ALL = 2**31 - 1
_IN_STATE = "(SELECT count(*) FROM (SELECT 1 FROM jobs_job WHERE state = %s LIMIT %s) AS counted)"
_TO_DO = [
    "(SELECT count(*) FROM jobs_task WHERE state IN ('blocked', 'in_progress', 'pending'))",
    "(SELECT count(*) FROM jobs_job WHERE state = 'pending' AND ready_at < %s)",
    "(SELECT count(*) FROM jobs_process WHERE cluster = 'agents' AND heartbeat_at >= %s)",
]
_AWAKE = "FROM jobs_review WHERE state = 'open' AND (snoozed_until IS NULL OR snoozed_until <= %s)"
# The newest line of the history; the items that wait, and the newest of them: two moments are its values.
PULSE = ["(SELECT max(id) FROM jobs_event)", f"(SELECT count(*) {_AWAKE})", f"(SELECT max(id) {_AWAKE})"]


@dataclass(frozen=True)
class Tally:
    """A number of jobs in a state; `is_more` when it was only counted up to the cap."""

    state: str
    number: int
    is_more: bool = False


@dataclass(frozen=True)
class Figures:
    """How many jobs stand in each state, in the order of a job's life; what is to be done, and by how many."""

    counts: list[Tally]
    tasks_to_do: int
    jobs_to_plan: int
    processes: int  # of agents, alive
    waiting: int  # items of the inbox
    stamp: str  # as stamp_of_inbox


def figures(now: datetime.datetime) -> Figures:
    """Every number that the list of jobs shows. One read."""
    caps = {str(state): _ALL if state in OPEN_JOB else COUNT_CAP + 1 for state in JobState}
    fresh = connection.ops.adapt_datetimefield_value(now - _FRESH)
    never, until = (connection.ops.adapt_datetimefield_value(moment) for moment in (NEVER, now))
    values: list[Any] = [value for pair in caps.items() for value in pair]
    with connection.cursor() as cursor:
        columns = [*[_IN_STATE] * len(caps), *_TO_DO, *PULSE]
        cursor.execute(f"SELECT {', '.join(columns)}", [*values, never, fresh, until, until])
        *numbers, tasks, unplanned, processes, event, waiting, newest = cursor.fetchone()
    counts = [
        Tally(state, min(number, cap - 1) if cap != _ALL else number, is_more=number == cap)
        for (state, cap), number in zip(caps.items(), numbers, strict=True)
    ]
    return Figures(
        counts,
        tasks_to_do=tasks,
        jobs_to_plan=unplanned,
        processes=processes,
        waiting=waiting,
        stamp=stamp(event, waiting, newest),
    )


def stamp_of_job(uid: uuid.UUID) -> str:
    """Stays the same while nothing happened to the job: its last history line, and what it has cost."""
    event = Event.objects.filter(job__uid=uid).order_by("-id").values_list("id", flat=True).first() or 0
    spent = Job.objects.filter(uid=uid).values_list("spent_microusd", flat=True).first() or 0
    return f"{event}-{spent}"


def stamp_of_inbox(now: datetime.datetime) -> str:
    """Stays the same while nothing happened to any job and no snoozed item came back. One read."""
    until = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(PULSE)}", [until, until])
        return stamp(*cursor.fetchone())


def stamp(event: int | None, waiting: int, newest: int | None) -> str:
    """The stamp of what PULSE gives."""
    return f"{event or 0}-{waiting}-{newest or 0}"
