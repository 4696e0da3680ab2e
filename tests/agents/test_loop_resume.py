from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agents.access import ALL_ACCESS
from agents.contracts import Ask, Json, LimitReached, Limits, Reply, Tool, TurnRecord
from agents.loop import converse
from tests.scripted import MemoryJournal, ScriptedLLM, a_desk, says, uses


class Killed(BaseException):
    """The process dies here."""


class DyingJournal(MemoryJournal):
    """Dies when it has done `steps` writes or reservations: before or after the call, before or after the tools."""

    def __init__(self, steps: int, stored: Any = ()) -> None:
        super().__init__(stored)
        self.steps = steps

    def _step(self) -> None:
        if self.steps == 0:
            raise Killed
        self.steps -= 1

    def before_call(self, ask: Ask, ceiling: int | None) -> None:
        self._step()
        super().before_call(ask, ceiling)

    def record(self, ask: Ask, reply: Reply, *, cost: int | None, duration_ms: int) -> TurnRecord:
        turn = super().record(ask, reply, cost=cost, duration_ms=duration_ms)
        self._step()
        return turn

    def record_tools(self, number: int, results: list[Json]) -> None:
        self._step()
        super().record_tools(number, results)
        self._step()


class Answer(BaseModel):
    text: str


class Line(BaseModel):
    line: str


class Nothing(BaseModel):
    pass


class Note:
    """Writes into the workspace: has to be run again in a fresh one."""

    name = "note"
    description = "Writes a line."
    Input: type[BaseModel] = Line
    replay = True
    access = ALL_ACCESS

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "notes"

    def run(self, given: Line) -> str:
        with self.path.open("a") as notes:
            notes.write(given.line + "\n")
        return f"written in {self.folder.name}"


class Fetch:
    """Reads the outside: is not asked twice."""

    name = "fetch"
    description = "Reads."
    Input: type[BaseModel] = Nothing
    replay = False
    access = ALL_ACCESS

    def __init__(self) -> None:
        self.calls = 0

    def run(self, given: Nothing) -> str:
        self.calls += 1
        return f"call {self.calls}"


SCRIPT = [
    uses(("note", {"line": "one"}), ("fetch", {})),
    says("not JSON"),
    says('{"te', stop="max_tokens"),
    uses(("note", {"line": "two"})),
    says("wait", stop="pause_turn"),
    says({"text": "done"}),
]


def play(folder: Path, journal: MemoryJournal, llm: ScriptedLLM, fetch: Fetch, opening: str = "Go.") -> Answer:
    folder.mkdir()
    tools: list[Tool] = [Note(folder), fetch]
    desk = a_desk(llm, folder, journal=journal)
    return converse(desk, agent="code", system="s", opening=opening, tools=tools, output=Answer)


# 6 reservations and 6 records, 2 times tools with a write before and after.
@pytest.mark.parametrize("steps", range(16))
def test_a_run_that_died_anywhere_is_finished_without_a_call_repeated(tmp_path: Path, steps: int) -> None:
    llm, fetch = ScriptedLLM(*SCRIPT), Fetch()
    dying = DyingJournal(steps)
    with pytest.raises(Killed):
        play(tmp_path / "first", dying, llm, fetch)
    again = dying.next_run()
    assert play(tmp_path / "second", again, llm, fetch) == Answer(text="done")
    assert len(llm.asks) == len(SCRIPT)  # every line was asked for exactly once
    assert len({ask.digest() for ask in llm.asks}) == len(SCRIPT)
    assert [turn.number for turn in again.stored] == [1, 2, 3, 4, 5, 6]
    assert (tmp_path / "second" / "notes").read_text() == "one\ntwo\n"
    assert [turn.tool_results is not None for turn in again.stored] == [True, False, False, True, False, False]


def test_stored_results_are_what_the_model_read_and_are_not_replaced(tmp_path: Path) -> None:
    llm, fetch = ScriptedLLM(*SCRIPT), Fetch()
    dying = DyingJournal(5)  # in the second call, after the tools of the first turn were stored
    with pytest.raises(Killed):
        play(tmp_path / "first", dying, llm, fetch)
    again = dying.next_run()
    play(tmp_path / "second", again, llm, fetch)
    results = again.stored[0].tool_results
    assert results is not None
    assert [result["content"] for result in results] == ["written in first", "call 1"]
    assert fetch.calls == 1


def test_tools_whose_results_were_lost_are_run(tmp_path: Path) -> None:
    llm, fetch = ScriptedLLM(*SCRIPT), Fetch()
    dying = DyingJournal(2)  # the turn is stored, its tools ran, their results are not
    with pytest.raises(Killed):
        play(tmp_path / "first", dying, llm, fetch)
    again = dying.next_run()
    play(tmp_path / "second", again, llm, fetch)
    results = again.stored[0].tool_results
    assert results is not None
    assert [result["content"] for result in results] == ["written in second", "call 2"]


def test_a_finished_conversation_is_replayed_without_a_call(tmp_path: Path) -> None:
    journal = MemoryJournal()
    play(tmp_path / "first", journal, ScriptedLLM(*SCRIPT), Fetch())
    again = journal.next_run()
    assert play(tmp_path / "second", again, ScriptedLLM(), Fetch()) == Answer(text="done")
    assert again.money == []


def test_turns_of_another_question_are_passed_over_but_count(tmp_path: Path) -> None:
    journal = MemoryJournal()
    play(tmp_path / "first", journal, ScriptedLLM(*SCRIPT), Fetch())
    again = journal.next_run()
    llm = ScriptedLLM(says({"text": "new"}))
    assert play(tmp_path / "second", again, llm, Fetch(), opening="Another brief.") == Answer(text="new")
    assert [turn.number for turn in again.stored] == [1, 2, 3, 4, 5, 6, 7]
    third = again.next_run()
    assert play(tmp_path / "third", third, ScriptedLLM(), Fetch(), opening="Another brief.") == Answer(text="new")


def test_turns_of_earlier_runs_count_towards_the_limit(tmp_path: Path) -> None:
    llm = ScriptedLLM(*SCRIPT)
    dying = DyingJournal(5)
    with pytest.raises(Killed):
        play(tmp_path / "first", dying, llm, Fetch())
    folder = tmp_path / "second"
    folder.mkdir()
    desk = a_desk(llm, folder, journal=dying.next_run(), limits=Limits(turns=1))
    with pytest.raises(LimitReached):
        converse(desk, agent="code", system="s", opening="Go.", tools=[Note(folder), Fetch()], output=Answer)
