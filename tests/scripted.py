"""What a unit test of an agent stands on: a model that recites, a journal in memory, a desk."""

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from agents.contracts import LLM, Ask, Desk, Interrupted, Journal, Json, Limits, Reply, TurnRecord, Usage

NIGHT = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)

Line = Reply | Interrupted | Callable[[Ask], Reply]


class ScriptedLLM:
    """Recites its lines in order: a Reply is returned, an Interrupted raised, a function asked. Keeps every Ask."""

    name: ClassVar[str] = "scripted"

    def __init__(self, *lines: Line, cost: int | None = 10, ceiling: int | None = 1_000) -> None:
        self.asks: list[Ask] = []
        self._lines = list(lines)
        self._cost = cost
        self._ceiling = ceiling
        self._lock = threading.Lock()

    def complete(self, ask: Ask) -> Reply:
        """The next line; an AssertionError when there is none left."""
        with self._lock:
            self.asks.append(ask)
            assert self._lines, f"the model was asked a {len(self.asks)}. time, and has nothing left to say"
            line = self._lines.pop(0)
        if isinstance(line, Interrupted):
            raise line
        return line if isinstance(line, Reply) else line(ask)

    def ceiling(self, ask: Ask) -> int | None:
        """The same for every call."""
        return self._ceiling

    def cost(self, reply: Reply) -> int | None:
        """The same for every call."""
        return self._cost


def says(answer: str | Json, *, stop: str = "end_turn", tokens: int = 5, detail: str = "") -> Reply:
    """A reply of one text block: the text, or the value as JSON."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    content: list[Json] = [{"type": "text", "text": text}] if text else []
    return _reply(content, stop, tokens, detail)


def uses(*calls: tuple[str, Json], stop: str = "tool_use", tokens: int = 5) -> Reply:
    """A reply that asks for tools, after a thinking block as the real models give it; ids are tool_1, tool_2, …."""
    thinking: Json = {"type": "thinking", "thinking": "", "signature": "c2lnbmVk"}
    blocks = [
        {"type": "tool_use", "id": f"tool_{number}", "name": name, "input": given}
        for number, (name, given) in enumerate(calls, start=1)
    ]
    return _reply([thinking, *blocks], stop, tokens, "")


def _reply(content: list[Json], stop: str, tokens: int, detail: str) -> Reply:
    usage = Usage(input_tokens=10, output_tokens=tokens)
    return Reply(content=content, stop_reason=stop, stop_detail=detail, usage=usage, model="scripted")


class MemoryJournal:
    """Implements agents.contracts.Journal in memory, for one Run; `next_run` is the journal of the Run after it.

    `refuse` is raised by the next `before_call`. What was reserved, released and charged is kept in `money`.
    """

    def __init__(self, stored: Iterable[TurnRecord] = ()) -> None:
        self.stored = list(stored)
        self.asks: list[Ask] = []  # of the calls that this Run made
        self.money: list[tuple[Any, ...]] = []
        self.refuse: Interrupted | None = None

    def next_run(self) -> "MemoryJournal":
        """What a Run that takes over finds, as it would come back from a database."""
        return MemoryJournal(TurnRecord.model_validate_json(turn.model_dump_json()) for turn in self.stored)

    def turns(self) -> Sequence[TurnRecord]:
        """The stored turns."""
        return list(self.stored)

    def before_call(self, ask: Ask, ceiling: int | None) -> None:
        """Raise what was set to be raised, once; else reserve."""
        if self.refuse:
            refuse, self.refuse = self.refuse, None
            raise refuse
        self.money.append(("reserved", ceiling))

    def call_failed(self, ask: Ask, *, billed_unknown: bool) -> None:
        """Note it."""
        self.money.append(("failed", billed_unknown))

    def record(self, ask: Ask, reply: Reply, *, cost: int | None, duration_ms: int) -> TurnRecord:
        """Store and charge."""
        turn = TurnRecord(number=len(self.stored) + 1, ask_digest=ask.digest(), reply=reply)
        self.stored.append(turn)
        self.asks.append(ask)
        self.money.append(("charged", cost))
        return turn

    def record_tools(self, number: int, results: list[Json]) -> None:
        """Store the results with their turn."""
        index = next(index for index, turn in enumerate(self.stored) if turn.number == number)
        self.stored[index] = self.stored[index].model_copy(update={"tool_results": results})


def a_desk(
    llm: LLM,
    workdir: Path,
    *,
    journal: Journal | None = None,
    model: str = "scripted",
    limits: Limits | None = None,
    now: Callable[[], datetime] = lambda: NIGHT,
    options: Json | None = None,
) -> Desk:
    """A desk with everything that a test does not care about filled in."""
    return Desk(
        llm=llm,
        model=model,
        journal=journal or MemoryJournal(),
        now=now,
        workdir=workdir,
        limits=limits or Limits(),
        options=options or {},
    )
