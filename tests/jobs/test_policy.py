"""The gates, which no setting lifts."""

import pytest

from jobs import policy
from jobs.states import ReviewKind


@pytest.mark.parametrize(
    ("kind", "gate"),
    [
        ("document", None),
        ("brief", None),
        ("branch", None),
        ("client_message", ReviewKind.MESSAGE),
        ("merge", ReviewKind.MERGE),
    ],
)
def test_each_kind_of_effect_has_its_gate(kind: str, gate: ReviewKind | None) -> None:
    assert policy.gate(kind) is gate
    assert policy.is_high_risk(kind) is (gate is not None)


def test_an_effect_of_an_unknown_kind_is_not_let_through() -> None:
    with pytest.raises(ValueError, match="no rule for an effect of kind 'tweet'; known: document, brief, branch"):
        policy.gate("tweet")


def test_gated_kinds_are_those_that_the_database_guards() -> None:
    assert policy.GATED_KINDS == ("client_message", "merge")


def test_only_a_pushed_branch_asks_afterwards() -> None:
    assert policy.asks_after("branch") is ReviewKind.MERGE
    assert all(policy.asks_after(kind) is None for kind in ("document", "client_message", "merge"))


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(0, 5), (1, 5), (2, 10), (3, 20), (7, 320), (8, 600), (9, 600), (500, 600)]
)
def test_the_wait_doubles_up_to_ten_minutes(attempt: int, seconds: float) -> None:
    assert policy.retry_delay_seconds(attempt) == seconds


def test_what_died_together_twice_starts_apart() -> None:
    assert [policy.restart_delay_seconds(starts, 7) for starts in (0, 1)] == [0, 0]
    delays = [policy.restart_delay_seconds(2, row) for row in range(55)]
    assert len(set(delays)) == 55
    assert min(delays) == 5
    assert max(delays) < 60


def test_a_follow_up_gets_an_equal_part_and_one_part_stays() -> None:
    assert [policy.follow_up_share(400, 0), policy.follow_up_share(300, 1), policy.follow_up_share(200, 2)] == [
        100
    ] * 3
    assert policy.follow_up_share(0, 0) == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Write the note.", " WRITE\n\nthe  note!!", True),
        ("Straße №\u00a01", "STRASSE no 1", True),
        ("Look at #12", "Look at #13", False),
        ("Write the note.", "Write the notes.", False),
        ("🌙", "🌞", False),
        ("🌙", " 🌙\n", True),
    ],
)
def test_the_same_in_other_dress_has_the_same_digest(one: str, other: str, same: bool) -> None:
    assert (policy.content_digest(one) == policy.content_digest(other)) is same
    assert len(policy.content_digest(one)) == 64


@pytest.mark.parametrize(
    ("kind", "payload", "safe"),
    [
        ("alarm", {"alarm": "empty"}, True),
        ("alarm", {"alarm": "silent", "held": True}, False),
        ("failure", {"cause": "403", "written": False, "kind": ""}, True),
        ("failure", {"unknown": True}, False),
        ("failure", {"written": True}, False),
        ("failure", {"delivery": 7}, False),
        ("failure", {"kind": "budget"}, False),
        ("message", {}, False),
        ("merge", {}, False),
        ("question", {}, False),
    ],
)
def test_only_what_stays_inside_is_safe(kind: str, payload: dict[str, object], safe: bool) -> None:
    assert policy.is_safe(kind, payload) is safe
