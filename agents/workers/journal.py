"""The journal of a Run in the database: each turn is stored and paid before the next begins."""

from collections.abc import Sequence
from datetime import UTC

from django.utils import timezone

from agents.contracts import Ask, BudgetExhausted, Draining, Json, Reply, RunLost, TurnRecord
from agents.llm import pricing
from jobs import budget, pool
from jobs.lifecycle import run as runs
from jobs.lifecycle.moves import LostRace
from jobs.models import Run, Turn


class StoredJournal:
    """Implements agents.contracts.Journal for one Run."""

    def __init__(self, run: Run, pulse: pool.Pulse) -> None:
        self._run = run
        self._pulse = pulse
        self._stored = [_record_of(turn) for turn in runs.turns_of(run)]
        self._known_messages = 0
        # A Run that was parked still holds what it reserved for the call that it comes back to.
        self._holds = run.reserved_microusd > 0

    def turns(self) -> Sequence[TurnRecord]:
        """The turns stored so far in this round, by earlier Runs too."""
        return list(self._stored)

    def before_call(self, ask: Ask, ceiling: int | None) -> None:
        """Reserve the call's ceiling, unless the process drains or the Run is lost."""
        if self._pulse.draining.is_set():
            raise Draining("the process is asked to stop")
        if self._pulse.is_lost(self._run.pk):
            raise RunLost("this run was taken over or cancelled")
        if self._holds:
            self._holds = False
            return
        try:
            budget.reserve(self._run, ceiling)
        except budget.OverBudget as error:
            raise BudgetExhausted(error.scope, str(error)) from error
        except budget.RunEnded as error:
            raise RunLost("this run was taken over or cancelled") from error

    def call_failed(self, ask: Ask, *, billed_unknown: bool) -> None:
        """Release the reservation, or count it as spent."""
        budget.release(self._run, spent=billed_unknown)

    def record(self, ask: Ask, reply: Reply, *, cost: int | None, duration_ms: int) -> TurnRecord:
        """Store the turn and charge it."""
        usage = reply.usage
        read = usage.input_tokens + usage.cache_read_tokens
        by_cache, by_batch = pricing.saved(reply.model, usage, timezone.now())
        try:
            turn = runs.store_turn(
                self._run,
                number=len(self._stored) + 1,
                cost=cost,
                cache_saved_microusd=by_cache,
                batch_saved_microusd=by_batch,
                ask_digest=ask.digest(),
                request=self._new_part(ask),
                reply=reply.model_dump(mode="json"),
                model=reply.model,
                stop_reason=reply.stop_reason,
                input_tokens=read + usage.cache_write_5m_tokens + usage.cache_write_1h_tokens,
                output_tokens=usage.output_tokens,
                duration_ms=duration_ms,
            )
        except LostRace as error:
            raise RunLost(str(error)) from error
        self._stored.append(_record_of(turn))
        return self._stored[-1]

    def record_tools(self, number: int, results: list[Json]) -> None:
        """Store what the tools answered to turn `number`."""
        try:
            runs.store_tool_results(self._run, number=number, results=results)
        except LostRace as error:
            raise RunLost(str(error)) from error
        self._stored = [
            turn.model_copy(update={"tool_results": results}) if turn.number == number else turn
            for turn in self._stored
        ]

    def _new_part(self, ask: Ask) -> Json:
        """What this call added: messages only grow, so the whole is stored once and then its end."""
        whole = ask.model_dump(mode="json")
        new = whole["messages"][self._known_messages :]
        first = self._known_messages == 0
        self._known_messages = len(whole["messages"])
        return whole if first else {"model": ask.model, "messages": new}


def _record_of(turn: Turn) -> TurnRecord:
    return TurnRecord(
        number=turn.number,
        ask_digest=turn.ask_digest,
        reply=Reply.model_validate(turn.reply),
        tool_results=turn.tool_results,
        at=turn.created_at.astimezone(UTC).isoformat(timespec="seconds"),
    )
