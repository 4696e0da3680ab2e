"""The table of moves, noun by noun: what is listed here is legal, everything else is not."""

from itertools import product

import pytest

from jobs.states import (
    MOVES,
    OPEN_DELIVERY,
    OPEN_JOB,
    OPEN_REVIEW,
    OPEN_TASK,
    DeliveryState,
    JobState,
    ReviewState,
    RunState,
    TaskState,
    is_legal,
)

STATES = {"job": JobState, "task": TaskState, "run": RunState, "review": ReviewState, "delivery": DeliveryState}

LEGAL = {
    "job": """
        pending > in_progress needs_clarification failed cancelled
        in_progress > pending needs_clarification needs_review completed failed cancelled
        needs_clarification > pending failed cancelled
        needs_review > in_progress completed failed cancelled
        failed > pending cancelled
    """,
    "task": """
        blocked > pending failed cancelled
        pending > in_progress blocked failed cancelled
        in_progress > pending blocked needs_review completed failed cancelled
        needs_review > pending completed failed cancelled
        completed > pending
        failed > pending cancelled
    """,
    "run": """
        running > parked succeeded failed abandoned cancelled
        parked > running abandoned cancelled
    """,
    "review": """
        open > revising approved declined answered superseded
        revising > superseded
        approved > open
    """,
    "delivery": """
        held > pending cancelled
        pending > held sending cancelled
        sending > pending unknown delivered failed
        unknown > pending delivered failed
        failed > pending
    """,
}


def _pairs(noun: str) -> set[tuple[str, str]]:
    lines = (line.split(" > ") for line in LEGAL[noun].strip().splitlines())
    return {(source.strip(), to) for source, targets in lines for to in targets.split()}


@pytest.mark.parametrize(
    ("noun", "source", "to"),
    [(noun, str(source), str(to)) for noun, states in STATES.items() for source, to in product(states, repeat=2)],
)
def test_a_move_is_legal_if_it_is_in_the_table(noun: str, source: str, to: str) -> None:
    assert is_legal(noun, source, to) is ((source, to) in _pairs(noun))


@pytest.mark.parametrize("noun", STATES)
def test_every_state_of_a_noun_has_its_row_in_the_moves(noun: str) -> None:
    assert set(MOVES[noun]) == set(STATES[noun])


def test_a_state_that_nobody_knows_leads_nowhere() -> None:
    assert not is_legal("job", "dreaming", JobState.COMPLETED)
    with pytest.raises(KeyError):
        is_legal("invoice", JobState.PENDING, JobState.COMPLETED)


@pytest.mark.parametrize(
    ("noun", "final"),
    [
        ("job", {"completed", "cancelled"}),
        ("task", {"cancelled"}),  # a completed one may be sent back by a review step
        ("run", {"succeeded", "failed", "abandoned", "cancelled"}),
        ("review", {"declined", "answered", "superseded"}),
        ("delivery", {"delivered", "cancelled"}),
    ],
)
def test_final_states_are_the_ones_without_a_way_out(noun: str, final: set[str]) -> None:
    assert {source for source, targets in MOVES[noun].items() if not targets} == final


def test_whatever_is_open_can_still_be_ended() -> None:
    assert all(is_legal("job", state, "cancelled") for state in OPEN_JOB)
    assert all(is_legal("task", state, "cancelled") for state in OPEN_TASK)
    assert all(is_legal("review", state, "superseded") for state in OPEN_REVIEW)


def test_a_delivery_that_is_on_its_way_out_cannot_be_cancelled() -> None:
    assert {state for state in OPEN_DELIVERY if is_legal("delivery", state, "cancelled")} == {"held", "pending"}
