"""Turns as people read them, whatever a model or a tool put in."""

from typing import Any

import pytest

from jobs.inbox import transcripts
from jobs.models import Turn


def a_turn(**columns: Any) -> Turn:
    known: dict[str, Any] = {"number": 1, "request": {}, "reply": {}, "tool_results": None, "duration_ms": 1500}
    return Turn(**known | columns)


def test_a_first_turn_has_its_instructions_and_the_words_of_both() -> None:
    request = {"system": "Be brief.", "messages": [{"role": "user", "content": "Write it."}]}
    reply = {"content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Here."}]}
    spoken = transcripts.spoken(a_turn(request=request, reply=reply))
    assert [(said.who, said.text) for said in spoken.asked] == [
        ("instructions", "Be brief."),
        ("Nightdesk", "Write it."),
    ]
    assert [(said.who, said.text) for said in spoken.answered] == [("model, thinking", "Hm."), ("model", "Here.")]
    assert (spoken.found, spoken.seconds) == ([], 1.5)


def test_tools_are_named_with_what_they_were_given_and_found() -> None:
    used = {"type": "tool_use", "name": "fetch", "input": {"url": "https://example.com"}}
    found = [
        {"type": "tool_result", "content": [{"type": "text", "text": "A page."}]},
        {"type": "tool_result", "is_error": True, "content": "403"},
    ]
    spoken = transcripts.spoken(a_turn(reply={"content": [used]}, tool_results=found))
    assert spoken.answered[0].who == "model uses fetch"
    assert '"url": "https://example.com"' in spoken.answered[0].text
    assert [(said.who, said.text) for said in spoken.found] == [("tool", "A page."), ("tool, refused", "403")]


def test_what_is_very_long_is_cut_and_says_so() -> None:
    reply = {"content": [{"type": "text", "text": "x" * 50_000}]}
    (said,) = transcripts.spoken(a_turn(reply=reply)).answered
    assert (len(said.text), said.is_cut) == (20_000, True)


@pytest.mark.parametrize(
    "odd", [None, "text", 7, [], {}, [7, None, {"type": "new kind"}], [{"type": "tool_result", "content": None}]]
)
def test_nothing_that_a_row_may_hold_breaks_the_page(odd: Any) -> None:
    spoken = transcripts.spoken(
        a_turn(request={"messages": [{"content": odd}]}, reply={"content": odd}, tool_results=odd)
    )
    assert isinstance(spoken.asked + spoken.answered + spoken.found, list)
