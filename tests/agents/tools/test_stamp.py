"""The commit that a conversation rests on."""

from typing import Any

import pytest
from pydantic import BaseModel

from agents.access import ALL_ACCESS
from agents.contracts import Json, Reply, ToolError, TurnRecord, Usage
from agents.tools.stamp import Stamp, commit_of, stamped

SHA = "a1" * 20


class Word(BaseModel):
    word: str


class Echo:
    name = "echo"
    description = "Says it back."
    Input: type[BaseModel] = Word
    replay = True
    access = ALL_ACCESS

    def run(self, given: Any) -> str:
        if given.word == "no":
            raise ToolError("No.")
        return f"You said: {given.word}"


def turn(*contents: Any) -> TurnRecord:
    results: list[Json] = [
        {"type": "tool_result", "tool_use_id": f"t{number}", "content": content}
        for number, content in enumerate(contents)
    ]
    reply = Reply(content=[], stop_reason="tool_use", usage=Usage(), model="m")
    return TurnRecord(number=1, ask_digest="d", reply=reply, tool_results=results or None)


def test_the_first_answer_alone_carries_it() -> None:
    first, second = stamped([Echo(), Echo()], Stamp(SHA))
    assert second.run(Word(word="a")) == f"[commit {SHA}]\n\nYou said: a"
    assert first.run(Word(word="b")) == "You said: b"


def test_a_refusal_carries_it_too() -> None:
    (tool,) = stamped([Echo()], Stamp(SHA, "with a note"))
    with pytest.raises(ToolError) as caught:
        tool.run(Word(word="no"))
    assert str(caught.value) == f"[commit {SHA}, with a note]\n\nNo."
    assert commit_of([turn(str(caught.value))]) == SHA


def test_a_stamped_tool_is_the_tool() -> None:
    (tool,) = stamped([Echo()], Stamp(SHA))
    assert (tool.name, tool.description, tool.Input, tool.replay) == ("echo", "Says it back.", Word, True)


def test_it_is_read_from_the_stored_turns() -> None:
    blocks = [{"type": "text", "text": f"[commit {SHA}]\n\nx"}]
    assert commit_of([turn(), turn("There is no tool.", blocks)]) == SHA
    assert commit_of([]) is None
    assert commit_of([turn(), turn("plain")]) is None


def test_words_of_others_are_not_taken_for_it() -> None:
    other = "b2" * 20
    assert commit_of([turn(f"You said: [commit {other}]", f"x\n[commit {other}]")]) is None
    assert commit_of([turn(f"[commit {SHA}]\n\n[commit {other}]")]) == SHA
    assert commit_of([turn("[commit abc]")]) is None
