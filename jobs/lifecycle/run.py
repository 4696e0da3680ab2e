"""Verbs of a Run: how an attempt ends, and the turns it stores on the way."""

import logging
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from jobs import budget, queue
from jobs.lifecycle.moves import LostRace, move
from jobs.models import Run, Turn
from jobs.states import RunState

log = logging.getLogger(__name__)


def end(run: Run, state: RunState, *, how: str, by: str, billed_unknown: bool = False) -> None:
    """End a running Run: the fence of every verb that writes in its name. Inside a transaction, first statement.

    Raises LostRace if the Run is not running any more; then the caller may write nothing.
    """
    move(run, state, event=f"run.{state}", by=by, exit=how[:500], finished_at=timezone.now())
    budget.release(run, spent=billed_unknown)


def store_turn(run: Run, *, number: int, cost: int | None, **columns: Any) -> Turn:
    """Store one model call and charge it. Raises LostRace if the Run is lost, even though the call was made."""
    try:
        with transaction.atomic():
            running = Run.objects.filter(pk=run.pk, state=RunState.RUNNING)
            if not running.update(
                model=columns["model"],
                input_tokens=F("input_tokens") + columns["input_tokens"],
                output_tokens=F("output_tokens") + columns["output_tokens"],
            ):
                raise LostRace("This Run was taken over: its turn is not kept.")
            turn = Turn.objects.create(
                job_id=run.job_id,
                task_id=run.task_id,
                run=run,
                round=run.round,
                number=number,
                cost_microusd=cost,
                **columns,
            )
            budget.charge(run, cost)
            return turn
    except IntegrityError as error:
        raise LostRace(f"Turn {number} of this round is stored already by another Run.") from error


def store_tool_results(run: Run, *, number: int, results: list[dict[str, Any]]) -> None:
    """Store what the tools answered to turn `number`. Raises LostRace if the Run is lost."""
    with transaction.atomic():
        if not Run.objects.filter(pk=run.pk, state=RunState.RUNNING).exists():
            raise LostRace("This Run was taken over: its tool results are not kept.")
        turns_of(run).filter(number=number).update(tool_results=results)


def got_further(run: Run) -> bool:
    """Whether this attempt stored a turn: work that gets further is not what kills its process."""
    return Turn.objects.filter(run=run).exists()


def turns_of(run: Run) -> QuerySet[Turn]:
    """The stored turns of the Run's round, by earlier Runs too, in order."""
    turns = Turn.objects.filter(round=run.round).order_by("number")
    return turns.filter(task_id=run.task_id) if run.task_id else turns.filter(job_id=run.job_id, task=None)


def make_way(run: Run) -> bool:
    """End the process that holds the Run, so that it can be taken over; False if it may still be alive here.

    On another host only the lease speaks: it has passed, and the fence refuses what comes late.
    """
    holder = queue.holder_of(run)
    if not holder.is_here() or holder.is_dead():
        return True
    log.warning("ending process %s, which let the lease of run %s pass", holder.pid, run.pk)
    return holder.kill()
