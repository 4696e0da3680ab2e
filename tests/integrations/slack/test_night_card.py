"""A night fits into one message, and its words call nobody."""

import json
from typing import Any

from integrations.slack import night_card
from tests.emulators.slack_rules import check_blocks


def shown(**changes: Any) -> tuple[str, str]:
    """The notification, and everything that the message holds."""
    digest = {
        "subject": "Night to 27 November: 3 done",
        "text": "3 done",
        "url": "https://desk.example.com/nights/",
    }
    text, parts = night_card.show({**digest, **changes})
    check_blocks(parts)
    return text, json.dumps(parts)


def test_a_night_is_its_text_and_a_way_to_its_page() -> None:
    text, said = shown(text="3 done\n\n**Failed**\n\n- [Menu](https://desk.example.com/jobs/1/): no key\n")
    assert text == "Night to 27 November: 3 done"
    assert "- [Menu](https://desk.example.com/jobs/1/): no key" in said
    assert "https://desk.example.com/nights/" in said


def test_words_of_others_call_nobody() -> None:
    text, said = shown(subject="Night <!here>", text="- \\<\\!channel\\> and <!channel> and <@U1>")
    assert "<" not in text
    assert "<" not in said


def test_a_long_night_ends_at_a_line() -> None:
    _, said = shown(text="- a line of the night\n" * 2_000)
    assert "a line of the night\\n\\n\\u2026" in said
    assert len(said) < 13_000
    shown(text="")
