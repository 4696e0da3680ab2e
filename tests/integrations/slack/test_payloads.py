"""What is read from Slack's payloads, whatever their form."""

from typing import Any

import pytest

from integrations.contracts import Malformed
from integrations.slack.payloads import extract
from tests.integrations.slack.test_source import TEXT, envelope, message

COMMAND = {
    "command": "/nightdesk",
    "text": "look &amp; see",
    "user_id": "U1",
    "channel_id": "C2",
    "team_id": "T1",
    "trigger_id": "13345224609.738474920",
}


def test_a_command_is_what_was_said() -> None:
    incoming = extract(COMMAND)
    assert (incoming.external_id, incoming.kind, incoming.sender) == (
        "command:13345224609.738474920",
        "command",
        "U1",
    )
    assert incoming.summary == "look & see"
    expected = {
        "text": "look & see",
        "channel": "C2",
        "user": "U1",
        "command": "/nightdesk",
        "ts": "",
        "thread": "",
    }
    assert incoming.data.items() >= expected.items()
    assert "write /nightdesk and what" in extract({**COMMAND, "text": " "}).ignored


def test_the_events_of_one_message_are_one() -> None:
    said = message(text=f"<@U0BOT> {TEXT}")
    told = [extract(envelope(said, "Ev1")), extract(envelope({**said, "type": "app_mention"}, "Ev2"))]
    assert told[0] == told[1]
    assert (told[0].kind, told[0].summary) == ("mention", TEXT)
    assert told[0].external_id == "message:C1:1764000000.000100"


@pytest.mark.parametrize(
    ("changes", "kind", "thread"),
    [
        ({}, "message", "1764000000.000100"),
        ({"thread_ts": "1764000000.000100"}, "message", "1764000000.000100"),
        ({"thread_ts": "1763000000.000001"}, "reply", "1763000000.000001"),
        ({"thread_ts": "1763000000.000001", "text": "<@U0BOT> go on"}, "mention", "1763000000.000001"),
        ({"type": "app_mention"}, "mention", "1764000000.000100"),
        ({"channel_type": "im", "channel": "D1"}, "mention", "1764000000.000100"),
        ({"subtype": "file_share"}, "message", "1764000000.000100"),
    ],
)
def test_how_a_message_was_meant(changes: dict[str, Any], kind: str, thread: str) -> None:
    incoming = extract(envelope(message(**changes)))
    assert (incoming.kind, incoming.data["kind"], incoming.data["thread"]) == (kind, kind, thread)
    assert not incoming.ignored


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"user": "U0BOT"}, "Nightdesk wrote it itself"),
        ({"user": "U0BOT", "bot_id": "B1", "text": f"<@U0BOT> {TEXT}"}, "Nightdesk wrote it itself"),
        ({"bot_id": "B2"}, "A bot wrote it"),
        ({"bot_profile": {"id": "B2"}}, "A bot wrote it"),
        ({"user": None}, "A bot wrote it"),
        ({"text": ""}, "Nothing was said"),
        ({"text": "<@U0BOT>"}, "Nothing was said"),
        ({"subtype": "message_changed"}, "new messages of people"),
        ({"subtype": "bot_message"}, "new messages of people"),
        ({"type": "reaction_added"}, "new messages of people"),
    ],
)
def test_what_opens_nothing_says_why(changes: dict[str, Any], reason: str) -> None:
    assert reason in extract(envelope(message(**changes))).ignored


def test_slack_s_own_questions_are_kept_too() -> None:
    asked = extract({"type": "url_verification", "challenge": "3eZbrw1aB", "token": "x"})
    assert asked.data == {"challenge": "3eZbrw1aB"}
    assert asked.ignored
    limited = extract({"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1518467820})
    assert limited.external_id == "limited:T1:1518467820"
    assert "held events back" in limited.ignored


@pytest.mark.parametrize("payload", [{}, {"type": "moon"}, {"type": "event_callback"}, {"command": "/n"}])
def test_what_is_not_slack_s_is_malformed(payload: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match=r"\w{3,} \w+"):
        extract(payload)


@pytest.mark.parametrize("part", [None, 1, True, [], [1], {}, {"id": []}, "x" * 90_000, "a\nb"])
def test_no_form_of_a_part_makes_a_payload_fail(part: Any) -> None:
    names = ["type", "channel", "user", "text", "ts", "thread_ts", "subtype", "bot_id", "channel_type"]
    for name in names:
        incoming = extract(envelope(message(**{name: part})))
        assert len(incoming.external_id) <= 255
        assert len(incoming.data["text"]) <= 20_000
    assert extract({**envelope(message()), "authorizations": part}).kind == "message"
    for name in ("user", "actions", "view", "team", "trigger_id"):
        pressed = {"type": "block_actions", "user": {"id": "U1"}, "trigger_id": "1", name: part}
        assert extract(pressed).external_id.startswith("interaction:")
