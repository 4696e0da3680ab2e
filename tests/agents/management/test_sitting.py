"""One evaluation's turns and money."""

import json
import threading
from pathlib import Path

import pytest

from agents.contracts import Ask, BudgetExhausted, Reply, Usage
from agents.management.sitting import Sitting

FACTS = {"prompt": "p", "model": "m", "briefs": "b"}
ASK = Ask(agent="orchestrator", model="m", system="s", messages=[])
REPLY = Reply(content=[{"type": "text", "text": "ü"}], stop_reason="end_turn", usage=Usage(), model="m")


def sitting(path: Path, most: int = 1_000) -> Sitting:
    return Sitting(path / "begun.jsonl", FACTS, most_microusd=most)


def paid(one: Sitting, brief: str, cost: int | None = 300) -> None:
    journal = one.journal(brief)
    journal.before_call(ASK, cost)
    journal.record(ASK, REPLY, cost=cost, duration_ms=1)


def test_what_was_paid_is_known_to_whoever_goes_on(tmp_path: Path) -> None:
    paid(sitting(tmp_path), "a")
    again = sitting(tmp_path)
    assert (again.is_known("a"), again.is_known("b"), again.spent_microusd) == (True, False, 300)
    (turn,) = again.journal("a").turns()
    assert turn.reply == REPLY
    assert again.journal("a").costs == [], "it was paid before"
    paid(again, "a")
    assert [turn.number for turn in sitting(tmp_path).journal("a").turns()] == [1, 2]


@pytest.mark.parametrize("other", ["prompt", "model", "briefs"])
def test_another_evaluation_begins_anew(other: str, tmp_path: Path) -> None:
    paid(sitting(tmp_path), "a")
    new = Sitting(tmp_path / "begun.jsonl", {**FACTS, other: "x"}, most_microusd=1_000)
    assert not new.is_known("a")
    paid(new, "b")
    assert not sitting(tmp_path).is_known("a")


def test_a_file_that_is_none_of_ours_counts_as_no_file(tmp_path: Path) -> None:
    (tmp_path / "begun.jsonl").write_bytes(b"\xff\xfe")
    assert not sitting(tmp_path).is_known("a")
    (tmp_path / "begun.jsonl").write_text(json.dumps(FACTS) + "\n{")
    assert sitting(tmp_path).spent_microusd == 0


def test_an_unknown_price_counts_and_a_call_that_may_have_been_billed_too(tmp_path: Path) -> None:
    one = sitting(tmp_path, most=600_000)
    paid(one, "a", cost=None)
    assert one.spent_microusd == 250_000
    journal = one.journal("b")
    journal.before_call(ASK, 100)
    journal.call_failed(ASK, billed_unknown=False)
    journal.before_call(ASK, 100)
    journal.call_failed(ASK, billed_unknown=True)
    assert one.spent_microusd == 250_100


def test_no_call_begins_that_may_not_fit_and_one_waits_for_the_room_that_others_hold(tmp_path: Path) -> None:
    one = sitting(tmp_path, most=1_000)
    held = one.reserve(700)
    got: list[int] = []
    waiting = threading.Thread(target=lambda: got.append(one.reserve(700)))
    waiting.start()
    one.settle(held, cost=100)
    waiting.join(10)
    assert got == [700]
    one.settle(700, cost=700)
    with pytest.raises(BudgetExhausted, match=r"may cost \$0\.00, and \$0\.00 is spent"):
        one.reserve(300)


def test_nothing_is_left_of_one_that_is_over(tmp_path: Path) -> None:
    one = sitting(tmp_path)
    paid(one, "a")
    one.is_over()
    one.is_over()
    assert list(tmp_path.iterdir()) == []
