"""What a rule may ask of what comes from Slack."""

from typing import Any

import pytest

from integrations.slack.conditions import Conditions
from integrations.slack.source import SlackSource

EVENTS: dict[str, dict[str, Any]] = {
    "a command": {"kind": "command", "channel": "C2", "user": "U1", "text": "Deploy the site"},
    "a mention": {"kind": "mention", "channel": "C2", "user": "U2", "text": "look at the menu"},
    "a message": {"kind": "message", "channel": "C1", "user": "U1", "text": "the menu\n is old"},
    "a message elsewhere": {"kind": "message", "channel": "C2", "user": "U1", "text": "the menu"},
    "a reply": {"kind": "reply", "channel": "C1", "user": "U1", "text": "yes"},
}


@pytest.mark.parametrize(
    ("conditions", "met"),
    [
        ({}, {"a command", "a mention", "a message"}),
        ({"kind": "command"}, {"a command"}),
        ({"kind": ["reply", "mention"]}, {"a reply", "a mention"}),
        ({"channel": "C2"}, {"a command", "a mention", "a message elsewhere"}),
        ({"kind": "message", "channel": ["C1", "C2"]}, {"a message", "a message elsewhere"}),
        ({"text": "*MENU*"}, {"a mention", "a message"}),
        ({"text": ["deploy*", "the menu is old"]}, {"a command", "a message"}),
        ({"user": "U2"}, {"a mention"}),
        ({"user": ["U1"], "text": "nothing"}, set()),
    ],
)
def test_all_conditions_have_to_be_met(conditions: dict[str, Any], met: set[str]) -> None:
    wanted = Conditions.read(conditions)
    assert {name for name, data in EVENTS.items() if wanted.are_met_by(data, chosen="C1")} == met


def test_without_a_chosen_channel_no_message_counts() -> None:
    wanted = Conditions.read({})
    assert {name for name, data in EVENTS.items() if wanted.are_met_by(data, chosen="")} == {
        "a command",
        "a mention",
    }


@pytest.mark.parametrize(
    ("conditions", "sentence"),
    [
        ({"kind": "command"}, "Somebody who may ask gives a slash command."),
        (
            {"kind": ["mention", "message"], "text": ["*menu*", "*food*"]},
            "Somebody who may ask mentions the app or writes a message (messages: in C1)"
            " that reads “*menu*” or “*food*”.",
        ),
        ({"kind": "reply", "channel": "C2", "user": ["U1", "U2"]}, "U1 or U2 replies in a thread in C2."),
    ],
)
def test_a_rule_reads_as_a_sentence(conditions: dict[str, Any], sentence: str) -> None:
    assert SlackSource(channel="C1").check_conditions(conditions) == sentence
    assert "until SLACK_CHANNEL is set" in SlackSource().check_conditions({})


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ({"kind": "shout"}, "kind.0"),
        ({"kind": []}, "kind"),
        ({"channel": "#desk"}, "'#desk' is no id of a channel"),
        ({"user": "@tom"}, "'@tom' is no id of a person"),
        ({"text": [" "]}, "a pattern is empty"),
        ({"text": 3}, "text"),
        ({"moon": 1}, "moon"),
    ],
)
def test_what_cannot_be_meant_is_named(conditions: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Conditions.read(conditions)


def test_no_pattern_takes_long() -> None:
    wanted = Conditions.read({"text": ["*a" * 200 + "b"]})
    assert not wanted.are_met_by({"kind": "command", "channel": "C1", "text": "a" * 19_000}, chosen="")
