"""What may be approved in Slack stands there whole; everything else leads to its page."""

import hashlib
import json
from typing import Any

import pytest

from integrations.contracts import OutFile
from integrations.slack import blocks, review_card
from tests.emulators.slack_rules import check_blocks, elements_of

TEXT = "Dear Marta,\n\nthe menu is **ready**: [see it](https://example.com) & enjoy <3\n"
REVIEW: dict[str, Any] = {
    "id": 7,
    "kind": "message",
    "state": "open",
    "title": "Your autumn menu",
    "consequence": "Sends one message to marta@example.com",
    "payload": {},
    "digest": "d" * 64,
    "version": 3,
    "note": "",
    "decided_by": None,
    "decided_at": None,
    "page": "https://desk.example.com/inbox/7/",
    "deliveries": [{"facts": {"to": ["marta@example.com", "tom@example.com"], "subject": "Your autumn menu"}}],
}


def a_file(text: str | bytes = TEXT, **changes: Any) -> OutFile:
    content = text if isinstance(text, bytes) else text.encode()
    columns = {"name": "message.md", "kind": "message", "media_type": "text/markdown; charset=utf-8"}
    return OutFile(**{**columns, **changes}, sha256=hashlib.sha256(content).hexdigest(), content=content)


def shown(*files: OutFile, **changes: Any) -> tuple[list[blocks.Block], dict[str, blocks.Block]]:
    """The blocks, and the buttons by their names."""
    text, parts = review_card.show({**REVIEW, **changes}, files, about="Menu")
    check_blocks(parts)
    assert 0 < len(text) < 3_000
    return parts, {one["action_id"]: one for one in elements_of(parts)}


def read(parts: list[blocks.Block]) -> str:
    """What the literal sections say together."""
    texts = [part["text"] for part in parts if part["type"] == "section"]
    said = "".join(text["text"] for text in texts if text["type"] == "plain_text")
    return said.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")


def test_a_message_stands_there_whole_with_all_its_recipients() -> None:
    parts, buttons = shown(a_file())
    assert read(parts) == f"To: marta@example.com, tom@example.com\nSubject: Your autumn menu\n\n{TEXT}"
    assert set(buttons) == {"review.approve", "review.revise", "open"}
    assert buttons["review.approve"]["value"] == f"7:3:{'d' * 64}"
    assert "marta@example.com" in buttons["review.approve"]["confirm"]["text"]["text"]


def test_what_is_due_says_when_on_the_readers_clock() -> None:
    parts, _ = shown(a_file(), due_at="2026-11-24T12:30:00Z")
    small = parts[-1]["elements"][0]["text"]
    assert small.endswith(" · due <!date^1795523400^{date_short_pretty}, {time}|2026-11-24 12:30 UTC>")
    assert "due" not in json.dumps(shown(a_file())[0])


def test_a_long_message_is_shown_in_parts_that_are_the_whole() -> None:
    text = "A line with <marks> & more of it.\n" * 250
    parts, buttons = shown(a_file(text))
    assert read(parts).endswith(text)
    assert "review.approve" in buttons


@pytest.mark.parametrize(
    "files",
    [
        [],
        [a_file("x" * 12_001)],
        [a_file("&" * 3_000)],
        [a_file(), a_file(b"%PDF-1.7", name="menu.pdf", media_type="application/pdf")],
        [a_file(b"\xff\xfe", media_type="text/plain")],
        [a_file("pay 10\u202e00 EUR")],
        [a_file("pay\u200b10")],
        [a_file("a\x1b[8mb")],
        [a_file("a\n" + " " * 9_000 + "\nb")],
    ],
    ids=["nothing", "long", "long when written", "a PDF", "no text", "bidi", "invisible", "control", "a gap"],
)
def test_what_cannot_be_read_there_whole_has_no_button_that_approves_it(files: list[OutFile]) -> None:
    parts, buttons = shown(*files)
    assert set(buttons) == {"open"}
    assert read(parts) == ""
    assert "decide it on its page" in json.dumps(parts)


def test_several_files_are_told_apart() -> None:
    parts, buttons = shown(a_file(), a_file("a,b\n", name="prices.csv", media_type="text/csv"))
    assert "— message.md —\nDear Marta" in read(parts)
    assert "— prices.csv —\na,b" in read(parts)
    assert "review.approve" in buttons


def test_a_question_has_its_answers_as_buttons() -> None:
    payload = {"question": "Which season?", "suggestions": ["Autumn", "Winter " * 20, ""], "recommended": 0}
    parts, buttons = shown(kind="question", payload=payload, digest="")
    assert read(parts).startswith("Which season?\n\n1. Autumn\n2. Winter Winter")
    assert set(buttons) == {"review.answer.0", "review.answer.1", "review.other", "open"}
    labels = [buttons[name]["text"]["text"] for name in ("review.answer.0", "review.answer.1")]
    assert labels == ["Autumn", "2"]
    assert buttons["review.answer.1"]["value"] == "7:3:"


def test_a_question_that_is_too_long_is_answered_on_its_page() -> None:
    _, buttons = shown(kind="question", payload={"question": "x" * 3_001, "suggestions": ["a"]})
    assert set(buttons) == {"open"}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("merge", {"review.revise", "open"}),
        ("failure", {"open"}),
        ("alarm", {"review.noted", "open"}),
        ("moon", {"open"}),
    ],
)
def test_every_other_kind_has_the_buttons_that_it_can_have(kind: str, names: set[str]) -> None:
    parts, buttons = shown(a_file(), kind=kind, payload={"fix": "Set the <token>."})
    assert set(buttons) == names
    assert kind not in {"failure", "alarm"} or read(parts) == "Set the <token>."


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"state": "approved", "decided_by": "owner", "decided_at": "2026-11-27T06:30:00+00:00"},
            "Approved by owner <!date^1795761000^{date_short_pretty} at {time}|2026-11-27 06:30 UTC>",
        ),
        (
            {"state": "declined", "decided_by": "owner", "note": "Not <now>"},
            "Declined by owner\\n“Not &lt;now&gt;”",
        ),
        ({"state": "revising", "note": "Shorter"}, "Sent back for a revision\\n“Shorter”"),
        ({"state": "superseded"}, "Does not wait any more"),
        ({"kind": "question", "state": "answered", "note": "Autumn"}, "Answered\\n“Autumn”"),
    ],
)
def test_afterwards_the_outcome_stands_there_and_nothing_can_be_pressed(changes: dict[str, Any], said: str) -> None:
    parts, buttons = shown(a_file(), **changes)
    assert said in json.dumps(parts, ensure_ascii=False)
    assert set(buttons) == {"open"}
    assert read(parts) == ""


def test_no_words_call_anybody() -> None:
    words = "<!channel> <@U1> "
    parts, _ = shown(a_file(words), title=words, consequence=words, deliveries=[{"facts": {"subject": words}}])
    assert "<!" not in json.dumps(parts)
    assert "<@" not in json.dumps(parts)


def test_what_may_have_gone_already_is_not_approved_here() -> None:
    parts, buttons = shown(a_file(), in_doubt="It may already have gone: <!channel>")
    assert "It may already have gone: &lt;!channel&gt;" in str(parts)
    assert review_card.APPROVE not in buttons
