"""The commit that a conversation rests on, kept where the conversation itself is kept: in the first tool's answer.

It cannot stand in the opening: the repository moves on, and a Run that takes over has to ask the same words.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from agents.contracts import Tool, ToolError, TurnRecord

# Nothing else that a tool answers begins like this: what others wrote always comes after words of the tool's own.
_STAMP = re.compile(r"\[commit ([0-9a-f]{40}(?:[0-9a-f]{24})?)[\],]")


class Stamp:
    """Names the commit at the head of the first answer, once; `note` is told beside it."""

    def __init__(self, sha: str, note: str = "") -> None:
        self._head = f"[commit {sha}, {note}]" if note else f"[commit {sha}]"
        self._given = False

    def on(self, text: str) -> str:
        """The text, under the stamp if it is the first."""
        if self._given:
            return text
        self._given = True
        return f"{self._head}\n\n{text}"


class Stamped:
    """A tool whose answers, refusals too, go through a stamp."""

    def __init__(self, tool: Tool, stamp: Stamp) -> None:
        self.name = tool.name
        self.description = tool.description
        self.Input = tool.Input
        self.replay = tool.replay
        self.access = tool.access
        self._tool = tool
        self._stamp = stamp

    def run(self, given: Any) -> str:
        """What the tool answers; raise ToolError as it does."""
        try:
            text = self._tool.run(given)
        except ToolError as error:
            raise ToolError(self._stamp.on(str(error))) from None
        return self._stamp.on(text)


def stamped(tools: Sequence[Tool], stamp: Stamp) -> list[Tool]:
    """The tools with one stamp between them."""
    return [Stamped(tool, stamp) for tool in tools]


def commit_of(turns: Iterable[TurnRecord]) -> str | None:
    """The commit that earlier Runs worked on; None where no tool has answered yet, so that any will do."""
    for turn in turns:
        for result in turn.tool_results or []:
            found = _STAMP.match(_text(result.get("content", "")))
            if found:
                return found[1]
    return None


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)
