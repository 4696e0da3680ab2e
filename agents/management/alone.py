"""Agents by themselves, from the command line: a journal that is forgotten, a desk, and what it cost."""

from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from agents import workers
from agents.contracts import Ask, Desk, Json, Limits, Reply, TurnRecord

MICRO_USD = 1_000_000


class MemoryOnly:
    """A journal that is forgotten at the end; nothing is reserved, the cost is only added up."""

    def __init__(self) -> None:
        self.costs: list[int | None] = []
        self._turns: list[TurnRecord] = []

    def turns(self) -> Sequence[TurnRecord]:
        """The turns of this one Run."""
        return list(self._turns)

    def before_call(self, ask: Ask, ceiling: int | None) -> None:
        """Always allowed: the person at the keyboard is the budget."""

    def call_failed(self, ask: Ask, *, billed_unknown: bool) -> None:
        """Remember a call that may have been billed as one of unknown cost."""
        if billed_unknown:
            self.costs.append(None)

    def record(self, ask: Ask, reply: Reply, *, cost: int | None, duration_ms: int) -> TurnRecord:
        """Keep the turn and its cost."""
        self.costs.append(cost)
        self._turns.append(TurnRecord(number=len(self._turns) + 1, ask_digest=ask.digest(), reply=reply))
        return self._turns[-1]

    def record_tools(self, number: int, results: list[Json]) -> None:
        """Keep what the tools answered."""
        self._turns[number - 1] = self._turns[number - 1].model_copy(update={"tool_results": results})


def desk(agent: str, journal: MemoryOnly, workdir: Path, **options: object) -> Desk:
    """A desk with this installation's model and settings, some of them replaced."""
    return Desk(
        llm=workers.llm(),
        model=workers.model_for(agent),
        journal=journal,
        now=timezone.now,
        workdir=workdir,
        limits=Limits(),
        options={**settings.AGENT_OPTIONS, **options},
    )


def spent(costs: Sequence[int | None]) -> str:
    """ "3 calls, $0.0123"; an unknown price is said, never counted as nothing."""
    known = sum(cost for cost in costs if cost is not None)
    unknown = sum(cost is None for cost in costs)
    amount = f"${known / MICRO_USD:.4f}"
    calls = f"{len(costs)} call{'' if len(costs) == 1 else 's'}"
    return f"{calls}, {amount}" + (f" and {unknown} of unknown price" if unknown else "")
