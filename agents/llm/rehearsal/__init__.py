"""The model for trying everything out without a key: it follows simple rules and says so in all that it writes.

Equal calls have equal answers, in any process; another request has another answer.
"""

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any, ClassVar

from agents.contracts import Ask, Json, Reply, Usage
from agents.llm.filling import fill
from agents.llm.rehearsal import coding, planning, writing
from agents.llm.rehearsal.reading import Told, items, read

NAME = "rehearsal"

_WRITERS: dict[str, Callable[[Told], Json]] = {
    "research": writing.research,
    "drafting": writing.draft,
    "review": writing.critique,
    "communication": writing.message,
    "code": coding.report,
}


class RehearsalLLM:
    """Implements agents.contracts.LLM without a model, a network or a cost.

    Every answer waits `pause_seconds`, so that a person can watch the work go on.
    """

    name: ClassVar[str] = NAME

    def __init__(self, *, pause_seconds: float = 0.0, wait: Callable[[float], None] = time.sleep) -> None:
        self._pause_seconds = pause_seconds
        self._wait = wait

    def complete(self, ask: Ask) -> Reply:
        """The reply of a modest specialist, who is known by `ask.agent`; never raises."""
        if self._pause_seconds:
            self._wait(self._pause_seconds)
        told = read(ask)
        calls = _calls(told, ask)
        if calls:
            return _reply([_tool_use(ask, number, *call) for number, call in enumerate(calls)], "tool_use")
        return _reply([{"type": "text", "text": _text(told, ask)}], "end_turn")

    def ceiling(self, ask: Ask) -> int | None:
        """Nothing."""
        return 0

    def cost(self, reply: Reply) -> int | None:
        """Nothing."""
        return 0


def _calls(told: Told, ask: Ask) -> list[tuple[str, Json]]:
    """The tools to use before answering; each source or tool is used once, so that this ends."""
    offered = [tool["name"] for tool in ask.tools]
    if told.agent == "research":
        return writing.reading_list(told, offered)
    if told.agent == "code":
        call = coding.next_call(told, ask)
        return [call] if call else []
    return []


def _text(told: Told, ask: Ask) -> str:
    if ask.output_schema is None:
        return f"Rehearsal: {told.name}"
    return json.dumps(
        fill(ask.output_schema, seed=told.request, sentence=_sentence(told), proposed=_proposed(told, ask)),
        ensure_ascii=False,
    )


def _proposed(told: Told, ask: Ask) -> Json | None:
    if told.agent == "orchestrator":
        return {"decision": planning.decide(told, planning.catalogue_in(ask.system))}
    writer = _WRITERS.get(told.agent)
    return writer(told) if writer else None


def _sentence(told: Told) -> Callable[[str, int], str]:
    """Texts for fields that no rule knows: the request's own sentences."""
    said = items(told.text) or items(told.name) or [told.name]
    return lambda name, number: f"Rehearsal: {said[number % len(said)]}"


def _tool_use(ask: Ask, number: int, name: str, given: Any) -> Json:
    key = hashlib.sha256(f"{ask.digest()}{number}".encode()).hexdigest()[:16]
    return {"type": "tool_use", "id": f"toolu_{key}", "name": name, "input": given}


def _reply(content: list[Json], stop_reason: str) -> Reply:
    return Reply(content=content, stop_reason=stop_reason, usage=Usage(), model=NAME)
