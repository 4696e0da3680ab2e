"""The parts of messages hold what they are given, whole, and call nobody."""

import pytest

from integrations.slack import blocks
from integrations.slack.words import plain
from tests.emulators.slack_rules import check_blocks

TEXTS = {
    "short": "Hello",
    "lines": "a line of some length, of which there are many\n" * 400,
    "no line": "x" * 10_000,
    "marks": "<&>" * 3_000,
    "two bytes": "ä€\U0001f600" * 2_000,
    "marks at the end": "x" * 2_990 + "&&&&&&&&&&&&",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_pieces_fit_and_are_the_text(text: str) -> None:
    parts = blocks.pieces(text)
    assert "".join(parts) == text
    check_blocks([blocks.literal(part) for part in parts])


def test_a_line_is_not_cut_where_it_need_not_be() -> None:
    assert all(part.endswith("\n") for part in blocks.pieces(TEXTS["lines"])[:-1])


@pytest.mark.parametrize(
    ("url", "text", "shown"),
    [
        ("https://example.com/a?b=1&c=2", "the page", "<https://example.com/a?b=1&amp;c=2|the page>"),
        ("https://example.com", "a|b <!here>", "<https://example.com|a¦b &lt;!here&gt;>"),
        ("javascript:alert(1)", "x", "x"),
        ("https://e.example|https://bank.example", "x", "x"),
        ("https://e.example> <!channel>", "x", "x"),
        ("", "mail", "mail"),
    ],
)
def test_a_link_leads_where_it_says_or_is_none(url: str, text: str, shown: str) -> None:
    assert blocks.linked(url, text) == shown


def test_foreign_words_are_shown_as_they_are() -> None:
    block = blocks.literal("<!channel> & <@U1>")
    assert block["text"]["type"] == "plain_text"
    assert "<" not in block["text"]["text"]
    assert plain(block["text"]["text"]) == "<!channel> & <@U1>"


def test_a_long_label_is_cut_and_its_value_is_not() -> None:
    button = blocks.button("go", "x" * 200, "1:2:abc")
    check_blocks([blocks.actions(button, blocks.door("Open", "https://example.com"))])
    assert (len(button["text"]["text"]), button["value"]) == (75, "1:2:abc")
