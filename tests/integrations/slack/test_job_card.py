"""A job in one message, whatever its words are."""

import json
from typing import Any

import pytest

from integrations.slack import job_card
from tests.emulators.slack_rules import check_blocks

JOB: dict[str, Any] = {
    "title": "Autumn menu",
    "state": "in_progress",
    "reason": "",
    "priority": 1,
    "client": "trattoria-lume",
    "spent_microusd": 1_234_567,
    "cost_unknown": False,
    "page": "https://desk.example.com/jobs/1/",
    "tasks": [{"state": "completed"}, {"state": "pending"}],
    "reviews": [],
    "deliveries": [],
}


def shown(*, among_others: bool = False, **changes: Any) -> str:
    """Everything that the message holds."""
    text, parts = job_card.show({**JOB, **changes}, among_others=among_others)
    check_blocks(parts)
    return json.dumps([text, parts], ensure_ascii=False)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "pending", "tasks": []}, "Accepted"),
        ({}, "At work: 1 of 2 steps done"),
        ({"state": "needs_clarification", "reason": "For whom?"}, "Needs you: For whom?"),
        (
            {"state": "failed", "reason": "The day's budget <is> used up"},
            "Failed: The day's budget &lt;is&gt; used up",
        ),
        ({"state": "completed"}, "Done"),
        ({"state": "cancelled"}, "Cancelled"),
        ({"client": None}, "our own work · priority 1 · 1.23 USD"),
        ({"cost_unknown": True}, "for trattoria-lume · priority 1 · cost unknown"),
        ({"reviews": [{"state": "open", "title": "To <!here>"}]}, "waits for a decision: To &lt;!here&gt;"),
        (
            {
                "deliveries": [
                    {"state": "delivered", "kind": "branch", "target": "git", "url": "https://git.example/x"}
                ]
            },
            "<https://git.example/x|branch by git>",
        ),
    ],
)
def test_how_a_job_stands_is_said_in_a_line(changes: dict[str, Any], said: str) -> None:
    assert said in shown(**changes)


def test_what_is_decided_is_not_listed_as_waiting() -> None:
    assert "waits" not in shown(reviews=[{"state": "approved", "title": "x"}])


def test_no_words_are_too_long_and_none_call_anybody() -> None:
    words = "<!channel> <@U1> " * 500
    row = {"state": "delivered", "kind": "document", "target": "folder", "url": words, "detail": words}
    said = shown(title=words, reason=words, client=words, deliveries=[row] * 60)
    assert "<!" not in said
    assert "<@" not in said
    assert "and 50 more" not in said or len(said) < 12_000


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("message", "a message"),
        ("question", "a question"),
        ("failure", "something that failed"),
        ("new", "an item"),
    ],
)
def test_where_others_read_it_a_models_words_are_not_told(kind: str, said: str) -> None:
    waiting = [{"state": "open", "kind": kind, "title": "Their margins are 31 percent"}]
    told = shown(among_others=True, state="needs_review", reason="Margins of 31 percent?", reviews=waiting)
    assert f"waits for a decision: {said}" in told
    assert "argins" not in told
    assert "Needs you" in told
    assert "At work: 1 of 2 steps done" in shown(among_others=True, reason="31 percent")
