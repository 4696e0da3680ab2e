import json
from typing import Any

import pytest

from agents.llm.stream import BROKEN_INPUT, TOO_LARGE, Assembly
from tests.emulators import messages_stream

USAGE = {"input_tokens": 5, "output_tokens": 9, "cache_read_input_tokens": 2}
CONTENT: list[dict[str, Any]] = [
    {"type": "thinking", "thinking": "Hm, a long thought about it.", "signature": "c2ln"},
    {"type": "text", "text": "A text of more than twelve characters."},
    {"type": "tool_use", "id": "toolu_1", "name": "fetch", "input": {"url": "https://a.example/with/a/path"}},
    {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}},
]


def message(content: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    whole = {"id": "msg_1", "model": "m", "content": content, "usage": USAGE, "stop_reason": "tool_use"}
    return {**whole, "stop_sequence": None, "stop_details": None, **changes}


def assembled(whole: dict[str, Any], most: int = 10_000) -> Assembly:
    assembly = Assembly(most)
    for piece in messages_stream.events(whole):
        assembly.take(json.loads(piece.decode().partition("data: ")[2]))
    return assembly


def test_what_was_streamed_is_what_would_have_come_whole() -> None:
    assembly = assembled(message(CONTENT))
    assert assembly.is_whole
    assert assembly.message() == {**message(CONTENT), "stop_details": None}


def test_a_call_is_billed_from_its_first_event_on() -> None:
    assembly = Assembly(10)
    seen = [assembly.begun]
    for event in ({"type": "ping"}, {"type": "message_start", "message": {"usage": USAGE}}):
        assembly.take(event)
        seen.append(assembly.begun)
    assert seen == [False, False, True]
    assert not assembly.is_whole


def test_counts_that_come_at_the_end_win_and_nothing_is_lost() -> None:
    assembly = Assembly(10)
    assembly.take({"type": "message_start", "message": {"usage": USAGE}})
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    assembly.take({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 40, "input_tokens": None}})
    assert assembly.message()["usage"] == {**USAGE, "output_tokens": 40}


def test_citations_are_kept() -> None:
    assembly = Assembly(100)
    assembly.take({"type": "message_start", "message": {"usage": USAGE}})
    assembly.take({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    for page in (1, 2):
        delta = {"type": "citations_delta", "citation": {"page": page}}
        assembly.take({"type": "content_block_delta", "index": 0, "delta": delta})
    assert assembly.message()["content"][0]["citations"] == [{"page": 1}, {"page": 2}]


@pytest.mark.parametrize(
    ("stop", "kept"), [("max_tokens", "max_tokens"), ("refusal", "refusal"), ("tool_use", BROKEN_INPUT)]
)
def test_a_tools_input_that_was_cut_off_is_never_one(stop: str, kept: str) -> None:
    cut = [{"type": "tool_use", "id": "t", "name": "run", "input": '{"command": "rm -r'}]
    whole = assembled(message(cut, stop_reason=stop)).message()
    assert whole["stop_reason"] == kept
    assert whole["content"][0]["input"] == {}


def test_more_than_is_kept_is_counted_and_marked() -> None:
    whole = assembled(message([{"type": "text", "text": "x" * 500}]), most=100).message()
    assert whole["stop_reason"] == TOO_LARGE
    assert whole["content"][0]["text"] == "x" * 100
    assert whole["usage"] == USAGE


@pytest.mark.parametrize("event", [[], None, {"type": "content_block_start"}, {"type": "message_start"}])
def test_what_is_no_event_is_a_value_error(event: Any) -> None:
    with pytest.raises(ValueError, match="no event"):
        Assembly(10).take(event)
