"""What earlier evaluations came to."""

from pathlib import Path
from typing import Any

import pytest

from agents.golden import Score, scores

FACTS: dict[str, Any] = {
    "version": "v1",
    "prompt": "p1",
    "model": "m",
    "briefs": "b",
    "on": "2026-11-20T08:00:00+00:00",
    "cost_microusd": 5,
}


def row(*points: int, **facts: Any) -> scores.Row:
    found = [
        Score(name=f"brief {number}", outcome="plan", points=got, of=3, faults=[] if got == 3 else ["less"])
        for number, got in enumerate(points)
    ]
    return scores.Row.made_of(found, **FACTS | facts)


def test_rows_are_kept_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "made" / "scores.json"
    assert scores.kept(path) == []
    for number in (1, 2):
        scores.keep(path, row(3, number))
    assert [kept.points for kept in scores.kept(path)] == [4, 5]
    assert [child.name for child in path.parent.iterdir()] == ["scores.json"]


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scores.json").write_text('{"a": 1}')
    with pytest.raises(ValueError, match="list"):
        scores.kept(tmp_path / "scores.json")


def test_a_prompt_is_compared_with_the_one_before_it_on_the_same_model_and_set() -> None:
    old, again = row(3, 3), row(3, 2, on="2026-11-21")
    others = [row(1, model="other"), row(1, briefs="other")]
    new = row(3, 1, prompt="p2")
    assert scores.before([old, again, *others], new) == again
    assert scores.before([old, new, *others], new) == old
    assert scores.before([old], again) == old, "the same prompt is compared with its own last time"
    assert scores.before(others, new) is None


def test_what_got_worse_is_said_with_its_names() -> None:
    old = row(3, 3)
    assert scores.worse(row(3, 1), old) == (
        "Worse than v1 of 2026-11-20 (2 of 2 reached, 6 of 6 points); no longer reached: brief 1."
    )
    assert scores.worse(row(3, 3), old) == ""
    assert scores.worse(row(3, 3), row(3, 1)) == ""
