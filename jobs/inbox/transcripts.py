"""What was asked of a model and what it said, as a person reads it. Everything in it is text, never mark-up."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from jobs.models import Turn

# Of one block this much is shown: a web page that was read would bury the answer.
_SHOWN_CHARS = 20_000


@dataclass(frozen=True)
class Said:
    """One block of a conversation: who says it, what kind it is, and the words."""

    who: str
    text: str
    is_cut: bool = False


@dataclass(frozen=True)
class Spoken:
    """One turn: what was added to the conversation, what the model answered, what its tools found."""

    turn: Turn
    asked: list[Said]
    answered: list[Said]
    found: list[Said]

    @property
    def seconds(self) -> float:
        """How long the model took."""
        return self.turn.duration_ms / 1000


def spoken(turn: Turn) -> Spoken:
    """The turn in words. The first of a conversation has its instructions, later ones what was added."""
    asked = [_said(_("instructions"), str(turn.request["system"]))] if turn.request.get("system") else []
    for message in turn.request.get("messages") or []:
        asked += _blocks(_WHO.get(message.get("role"), str(message.get("role"))), message.get("content"))
    answered = _blocks("model", turn.reply.get("content"))
    return Spoken(turn, asked, answered, _blocks("tool", turn.tool_results))


_WHO = {"user": "Nightdesk", "assistant": "model"}


def _blocks(who: str, content: Any) -> list[Said]:
    if isinstance(content, str):
        return [_said(who, content)]
    return list(_each(who, content)) if isinstance(content, list) else []


def _each(who: str, content: list[Any]) -> Iterator[Said]:
    for block in content:
        if not isinstance(block, dict):
            continue
        kind = block.get("type")
        if kind == "text":
            yield _said(who, str(block.get("text", "")))
        elif kind == "thinking":
            yield _said(_("%s, thinking") % who, str(block.get("thinking", "")))
        elif kind == "tool_use":
            called = _("%(who)s uses %(tool)s") % {"who": who, "tool": block.get("name", "")}
            yield _said(called, _json(block.get("input")))
        elif kind == "tool_result":
            yield from _result(block)
        else:
            yield _said(f"{who}, {kind}", _json(block))


def _result(block: dict[str, Any]) -> Iterator[Said]:
    who = _("tool, refused") if block.get("is_error") else _("tool")
    content = block.get("content")
    yield from _blocks(who, content if isinstance(content, str | list) else _json(content))


def _said(who: str, text: str) -> Said:
    return Said(who, text[:_SHOWN_CHARS], is_cut=len(text) > _SHOWN_CHARS)


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
