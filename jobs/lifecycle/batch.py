"""Verbs of a BatchCall: a Run is parked for it, it is sent with others, its answer lets the Run go on.

A Run that is parked holds no worker and no lease, and keeps what it has reserved.
"""

import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import dispatch
from jobs.lifecycle.moves import move
from jobs.models import BatchCall, Run
from jobs.states import CallState, RunState

# The provider gives a batch a day; a process that died while it sent one is not waited for.
_GIVEN_UP_AFTER = datetime.timedelta(hours=25)
_SENDING = datetime.timedelta(minutes=10)


def call_of(run: Run, ask_digest: str) -> BatchCall | None:
    """The call of this conversation, made by whichever of its Runs."""
    return _conversation(run).filter(ask_digest=ask_digest).order_by("id").last()


def has_calls(run: Run) -> bool:
    """Whether any call of this conversation went into a batch."""
    return _conversation(run).exists()


def park(run: Run, *, ask_digest: str, ask: dict[str, Any], by: str) -> BatchCall:
    """Let the Run wait for its answer; a call that is on its way already is waited for. Raises LostRace."""
    with transaction.atomic():
        move(run, RunState.PARKED, event="run.parked", by=by, ready_at=None)
        known = call_of(run, ask_digest)
        if known:
            # It ended between the look and the parking: nobody else would wake this Run.
            if known.state in {CallState.ANSWERED, CallState.DIRECT}:
                _wake(known)
            else:
                BatchCall.objects.filter(pk=known.pk).update(run=run)
            return known
        columns = {"job_id": run.job_id, "task_id": run.task_id, "round": run.round}
        return BatchCall.objects.create(run=run, ask_digest=ask_digest, ask=ask, **columns)


def take_waiting(most: int) -> list[BatchCall]:
    """Calls to send now, taken by this process alone; those of Runs that ended meanwhile are not sent any more."""
    with transaction.atomic():
        waiting = BatchCall.objects.filter(state=CallState.WAITING)
        ended = waiting.exclude(run__state=RunState.PARKED).values("pk")
        BatchCall.objects.filter(pk__in=ended).update(state=CallState.DIRECT, reason=_("its attempt ended"))
        rows = list(waiting.select_for_update(of=("self",)).order_by("id")[:most])
        BatchCall.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=CallState.SENDING, sent_at=timezone.now()
        )
    return rows


def sent(calls: list[BatchCall], batch: str) -> None:
    """They are on their way under this name."""
    BatchCall.objects.filter(pk__in=_keys(calls), state=CallState.SENDING).update(state=CallState.SENT, batch=batch)


def put_back(calls: list[BatchCall]) -> None:
    """Nothing was sent: another time."""
    BatchCall.objects.filter(pk__in=_keys(calls), state=CallState.SENDING).update(
        state=CallState.WAITING, sent_at=None
    )


def open_batches() -> list[str]:
    """The batches whose results are not here yet."""
    rows = BatchCall.objects.filter(state=CallState.SENT).order_by("batch").values_list("batch", flat=True)
    return list(rows.distinct())


def calls_of(batch: str) -> list[BatchCall]:
    """What is still waited for of a batch."""
    return list(BatchCall.objects.filter(state=CallState.SENT, batch=batch).order_by("id"))


def is_anything_open() -> bool:
    """Whether there is anything to send or to look for."""
    return BatchCall.objects.filter(state__in=[CallState.WAITING, CallState.SENDING, CallState.SENT]).exists()


def answered(call: BatchCall, reply: dict[str, Any]) -> None:
    """The answer is here: its Run goes on."""
    _end(call, state=CallState.ANSWERED, reply=reply)


def fall_back(call: BatchCall, *, reason: str) -> None:
    """There will be no answer: its Run goes on and makes the call itself, at the full price."""
    _end(call, state=CallState.DIRECT, reason=reason[:300])


def give_up_late(now: datetime.datetime) -> None:
    """What was not answered in its time, or was being sent by a process that died, is called directly."""
    late = BatchCall.objects.filter(state=CallState.SENT, sent_at__lt=now - _GIVEN_UP_AFTER)
    stuck = BatchCall.objects.filter(state=CallState.SENDING, sent_at__lt=now - _SENDING)
    for call in [*late, *stuck]:
        fall_back(
            call,
            reason=_("it was not answered in its time") if call.batch else _("nobody knows whether it was sent"),
        )


def _end(call: BatchCall, **columns: Any) -> None:
    with transaction.atomic():
        going = [CallState.WAITING, CallState.SENDING, CallState.SENT]
        rows = BatchCall.objects.filter(pk=call.pk, state__in=going)
        if rows.update(ended_at=timezone.now(), **columns):
            _wake(BatchCall.objects.get(pk=call.pk))


def _wake(call: BatchCall) -> None:
    if Run.objects.filter(pk=call.run_id, state=RunState.PARKED).update(ready_at=timezone.now()):
        dispatch.wake(dispatch.AGENTS)


def _conversation(run: Run) -> QuerySet[BatchCall]:
    rows = BatchCall.objects.filter(round=run.round)
    return rows.filter(task=run.task_id) if run.task_id else rows.filter(job=run.job_id, task=None)


def _keys(calls: list[BatchCall]) -> list[int]:
    return [call.pk for call in calls]
