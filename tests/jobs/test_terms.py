"""The house's words as people read them."""

import pytest

from jobs import policy, terms
from jobs.states import MOVES, Outcome, ReviewKind


@pytest.mark.parametrize("name", sorted({*(state for moves in MOVES.values() for state in moves), *Outcome}))
def test_every_state_and_outcome_has_a_word(name: str) -> None:
    assert terms.state(name) == name.replace("_", " ")


def test_every_kind_of_item_has_a_word_and_a_number() -> None:
    assert {terms.kind(kind) for kind in ReviewKind}.isdisjoint(ReviewKind)
    assert terms.counted("merge", 1) == "1 pull request"
    assert terms.counted("merge", 2) == "2 pull requests"


def test_every_effect_that_asks_has_a_word() -> None:
    assert set(policy.GATED_KINDS) <= set(terms.STATES)


def test_what_nobody_listed_is_shown_as_it_is() -> None:
    assert terms.state("gone_fishing") == "gone fishing"
    assert terms.agent("cook") == "cook"
    assert terms.kind("riddle") == "riddle"
    assert terms.counted("riddle", 3) == "3 riddle"
