"""A client's message as rich text: every word of it, and no element that does anything."""

from typing import Any

import pytest

from integrations.slack.writing import rich_text
from tests.emulators import slack_rules


def elements(text: str, subject: str = "") -> list[Any]:
    """The parts without the empty lines between them; what Slack would refuse fails the test."""
    block = rich_text(subject, text)
    slack_rules.check_blocks([block])
    empty = {"type": "rich_text_section", "elements": [{"type": "text", "text": "\n"}]}
    return [part for part in block["elements"] if part != empty]


def words(part: dict[str, Any]) -> list[Any]:
    """Each element as its text, with its style or its address."""
    return [
        (one.get("text", one.get("url")), *one.get("style", {}), *([one["url"]] if "url" in one else []))
        for one in part["elements"]
    ]


def test_the_subject_is_the_first_line() -> None:
    first, second = elements("Dear Marta,\nall is well.", "Your menu")
    assert words(first) == [("Your menu", "bold")]
    assert words(second) == [("Dear Marta,",), (" ",), ("all is well.",)]


def test_emphasis_code_and_headings_have_their_styles() -> None:
    heading, text = elements("# Menu\n\nA **bold**, *slanted*, ~~gone~~, `1*2*3` and ***both*** word")
    assert words(heading) == [("Menu", "bold")]
    assert words(text)[1::2] == [
        ("bold", "bold"),
        ("slanted", "italic"),
        ("gone", "strike"),
        ("1*2*3", "code"),
        ("both", "italic", "bold"),
    ]


def test_lists_keep_their_depth_and_numbers() -> None:
    parts = elements("3. soup\n   - warm\n   - cold\n4. bread\n\n- tea")
    assert [(one["style"], one["indent"], one.get("offset", 0), words(one["elements"][0])) for one in parts] == [
        ("ordered", 0, 2, [("soup",)]),
        ("bullet", 1, 0, [("warm",)]),
        ("bullet", 1, 0, [("cold",)]),
        ("ordered", 0, 3, [("bread",)]),
        ("bullet", 0, 0, [("tea",)]),
    ]


def test_quotes_and_code_are_kept_whole() -> None:
    quote, code, line = elements("> one\n>\n> two\n\n```\na < b & c\n```\n\n---")
    assert words(quote) == [("one",), ("\n",), ("two",)]
    assert (code["type"], words(code)) == ("rich_text_preformatted", [("a < b & c",)])
    assert words(line) == [("———",)]


def test_an_address_can_be_followed_and_only_an_absolute_one() -> None:
    (part,) = elements(
        "See https://lume.example/menu. or [here](https://lume.example/a) [no](javascript:x) [no](/a)"
    )
    assert words(part) == [
        ("See ",),
        ("https://lume.example/menu", "https://lume.example/menu"),
        (". or ",),
        ("here", "https://lume.example/a"),
        (" [no](javascript:x) ",),
        ("no",),
    ]


def test_a_picture_is_only_a_way_to_it() -> None:
    (part,) = elements("![Logo](https://evil.example/p.png)")
    assert words(part) == [("Logo", "https://evil.example/p.png")]


@pytest.mark.parametrize(
    "text", ["", "   ", "<b>raw</b> <!-- x -->", "-", ">", "```\n```", "[](https://a.example)"]
)
def test_whatever_it_is_slack_takes_it(text: str) -> None:
    block = rich_text("Subject", text)
    slack_rules.check_blocks([block])
