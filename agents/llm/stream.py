"""A streamed answer put together again, event by event.

https://platform.claude.com/docs/en/build-with-claude/streaming
"""

import json
from typing import Any

from agents.contracts import Json

# In place of the stop reason, for what later code must not use as it stands.
TOO_LARGE = "too_large"
BROKEN_INPUT = "broken_tool_input"

# The parts of a block that come in pieces: kind of delta -> where its text is, where it goes.
_PIECES = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "signature_delta": ("signature", "signature"),
    "input_json_delta": ("partial_json", "input"),
}
_CUT = {"max_tokens", "model_context_window_exceeded", "refusal"}


class Assembly:
    """What has come of one message. More than `most` characters are counted and not kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._message: Json = {}
        self._pieces: list[dict[str, list[str]]] = []
        self._chars = 0
        self._broken = False
        self.is_whole = False

    @property
    def begun(self) -> bool:
        """Whether the model has begun: from then on the call is billed, whatever becomes of it."""
        return bool(self._message)

    def take(self, event: Any) -> None:
        """Add one event; those that say nothing of the message are passed over. Raises ValueError."""
        try:
            self._take(event)
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"no event of a message: {type(error).__name__}") from error

    def message(self) -> Json:
        """The message in the form of one that came whole."""
        message = dict(self._message)
        if self._chars > self._most:
            message["stop_reason"] = TOO_LARGE
        elif self._broken and message.get("stop_reason") not in _CUT:
            message["stop_reason"] = BROKEN_INPUT
        return message

    def _take(self, event: Json) -> None:
        kind = event.get("type")
        if kind == "message_start":
            self._message = {**event["message"], "content": []}
        elif kind == "content_block_start":
            self._message["content"].append(dict(event["content_block"]))
            self._pieces.append({})
        elif kind == "content_block_delta":
            self._add(event["index"], event["delta"])
        elif kind == "content_block_stop":
            self._close(event["index"])
        elif kind == "message_delta":
            self._message.update({name: value for name, value in event["delta"].items() if value is not None})
            counts = {name: count for name, count in (event.get("usage") or {}).items() if count is not None}
            self._message["usage"] = {**(self._message.get("usage") or {}), **counts}
        elif kind == "message_stop":
            self.is_whole = True

    def _add(self, index: int, delta: Json) -> None:
        kind = delta["type"]
        if kind == "citations_delta":
            block = self._message["content"][index]
            block["citations"] = [*(block.get("citations") or []), delta["citation"]]
        elif kind in _PIECES:
            source, name = _PIECES[kind]
            room = max(0, self._most - self._chars)
            self._chars += len(delta[source])
            if room:
                self._pieces[index].setdefault(name, []).append(delta[source][:room])

    def _close(self, index: int) -> None:
        block = self._message["content"][index]
        for name, pieces in self._pieces[index].items():
            text = "".join(pieces)
            block[name] = self._read(text) if name == "input" else (block.get(name) or "") + text

    def _read(self, text: str) -> Any:
        """A tool's input; one that was cut off is empty, and the message says so."""
        try:
            return json.loads(text) if text else {}
        except ValueError:
            self._broken = True
            return {}
