"""All states and the legal moves between them: pure data, the words that the owner sees everywhere."""

import datetime
from enum import StrEnum

# Not ready until something else makes it so: a date that every database can hold.
NEVER = datetime.datetime(2200, 1, 1, tzinfo=datetime.UTC)
# Who thinks in a run that has no task.
PLANNER = "orchestrator"


class JobState(StrEnum):
    """Where one requested outcome stands."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    NEEDS_CLARIFICATION = "needs_clarification"
    NEEDS_REVIEW = "needs_review"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TaskState(StrEnum):
    """Where one unit of agent work stands."""

    BLOCKED = "blocked"
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    NEEDS_REVIEW = "needs_review"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RunState(StrEnum):
    """Where one attempt stands."""

    RUNNING = "running"
    PARKED = "parked"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABANDONED = "abandoned"
    CANCELLED = "cancelled"


class CallState(StrEnum):
    """Where a model call that goes through a batch stands."""

    WAITING = "waiting"
    SENDING = "sending"  # a process is about to send it, or died at that
    SENT = "sent"
    ANSWERED = "answered"
    DIRECT = "direct"  # its batch gave no answer: the Run makes the call itself


class ReviewState(StrEnum):
    """Where one decision stands."""

    OPEN = "open"
    REVISING = "revising"
    APPROVED = "approved"
    DECLINED = "declined"
    ANSWERED = "answered"
    SUPERSEDED = "superseded"


class Outcome(StrEnum):
    """What a Receipt came to when it arrived; a replay may open more, and this stays."""

    OPENED = "opened"  # each rule that it met opened its job
    UNMATCHED = "unmatched"  # it met no rule
    ANSWERED = "answered"  # it answers a job, and went to that one
    IGNORED = "ignored"  # no rule may have it, such as what this house caused itself
    FAULT = "fault"  # a rule that it met could not open its job
    TEST = "test"  # sent by the owner to see whether it arrives


class DeliveryState(StrEnum):
    """Where one outward effect stands."""

    HELD = "held"
    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ReviewKind(StrEnum):
    """What a person is asked to decide."""

    MESSAGE = "message"
    MERGE = "merge"
    QUESTION = "question"
    FAILURE = "failure"
    ALARM = "alarm"


class Priority:
    """1 is work for a client, 2 is internal; every claim takes 1 first."""

    CLIENT = 1
    INTERNAL = 2
    ALL = (CLIENT, INTERNAL)


_J, _T, _R, _V, _D = JobState, TaskState, RunState, ReviewState, DeliveryState

MOVES: dict[str, dict[str, frozenset[str]]] = {
    "job": {
        # A slot that was missed waits for a word before anything of it begins.
        _J.PENDING: frozenset({_J.IN_PROGRESS, _J.NEEDS_CLARIFICATION, _J.FAILED, _J.CANCELLED}),
        # Back to pending: the planning Run was rescued, or gave its turn back.
        _J.IN_PROGRESS: frozenset(
            {_J.PENDING, _J.NEEDS_CLARIFICATION, _J.NEEDS_REVIEW, _J.COMPLETED, _J.FAILED, _J.CANCELLED}
        ),
        _J.NEEDS_CLARIFICATION: frozenset({_J.PENDING, _J.FAILED, _J.CANCELLED}),
        _J.NEEDS_REVIEW: frozenset({_J.IN_PROGRESS, _J.COMPLETED, _J.FAILED, _J.CANCELLED}),
        _J.COMPLETED: frozenset(),
        _J.FAILED: frozenset({_J.PENDING, _J.CANCELLED}),
        _J.CANCELLED: frozenset(),
    },
    "task": {
        _T.BLOCKED: frozenset({_T.PENDING, _T.FAILED, _T.CANCELLED}),
        # Back to blocked: what it needs was sent back by a review step.
        _T.PENDING: frozenset({_T.IN_PROGRESS, _T.BLOCKED, _T.FAILED, _T.CANCELLED}),
        _T.IN_PROGRESS: frozenset({_T.PENDING, _T.BLOCKED, _T.NEEDS_REVIEW, _T.COMPLETED, _T.FAILED, _T.CANCELLED}),
        _T.NEEDS_REVIEW: frozenset({_T.PENDING, _T.COMPLETED, _T.FAILED, _T.CANCELLED}),
        _T.COMPLETED: frozenset({_T.PENDING}),  # sent back by a review step
        _T.FAILED: frozenset({_T.PENDING, _T.CANCELLED}),
        _T.CANCELLED: frozenset(),
    },
    "run": {
        _R.RUNNING: frozenset({_R.PARKED, _R.SUCCEEDED, _R.FAILED, _R.ABANDONED, _R.CANCELLED}),
        _R.PARKED: frozenset({_R.RUNNING, _R.ABANDONED, _R.CANCELLED}),
        _R.SUCCEEDED: frozenset(),
        _R.FAILED: frozenset(),
        _R.ABANDONED: frozenset(),
        _R.CANCELLED: frozenset(),
    },
    "review": {
        _V.OPEN: frozenset({_V.REVISING, _V.APPROVED, _V.DECLINED, _V.ANSWERED, _V.SUPERSEDED}),
        _V.REVISING: frozenset({_V.SUPERSEDED}),
        _V.APPROVED: frozenset({_V.OPEN}),  # undone within the hold
        _V.DECLINED: frozenset(),
        _V.ANSWERED: frozenset(),
        _V.SUPERSEDED: frozenset(),
    },
    "delivery": {
        _D.HELD: frozenset({_D.PENDING, _D.CANCELLED}),
        _D.PENDING: frozenset({_D.HELD, _D.SENDING, _D.CANCELLED}),
        # Back to pending: the target said for certain that nothing was done, and when to come again.
        _D.SENDING: frozenset({_D.PENDING, _D.UNKNOWN, _D.DELIVERED, _D.FAILED}),
        _D.UNKNOWN: frozenset({_D.PENDING, _D.DELIVERED, _D.FAILED}),
        _D.DELIVERED: frozenset(),
        _D.FAILED: frozenset({_D.PENDING}),  # sent again by a person
        _D.CANCELLED: frozenset(),
    },
}

OPEN_JOB = frozenset({_J.PENDING, _J.IN_PROGRESS, _J.NEEDS_CLARIFICATION, _J.NEEDS_REVIEW})
OPEN_TASK = frozenset({_T.BLOCKED, _T.PENDING, _T.IN_PROGRESS, _T.NEEDS_REVIEW})
OPEN_REVIEW = frozenset({_V.OPEN, _V.REVISING})
OPEN_DELIVERY = frozenset({_D.HELD, _D.PENDING, _D.SENDING, _D.UNKNOWN})


def is_legal(noun: str, source: str, to: str) -> bool:
    """Whether a row of this noun may move from `source` to `to`."""
    return to in MOVES[noun].get(source, frozenset())
