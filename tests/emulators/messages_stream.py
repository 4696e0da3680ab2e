"""A message as the service streams it: https://platform.claude.com/docs/en/build-with-claude/streaming."""

import json
from collections.abc import Iterator
from typing import Any

_PIECE_CHARS = 12
_MOST_PIECES = 200


def events(message: dict[str, Any]) -> Iterator[bytes]:
    """Server-sent events, in the documented order."""
    usage = message["usage"]
    begun = {**message, "content": [], "stop_reason": None, "stop_details": None}
    begun["usage"] = {**usage, "output_tokens": min(1, usage["output_tokens"])}
    yield event("message_start", message=begun)
    yield event("ping")
    for index, block in enumerate(message["content"]):
        yield from _block(index, block)
    delta = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    yield event("message_delta", delta=delta, usage={"output_tokens": usage["output_tokens"]})
    yield event("message_stop")


def event(kind: str, **fields: Any) -> bytes:
    """One event."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def _block(index: int, block: dict[str, Any]) -> Iterator[bytes]:
    empty, deltas = _opened(block)
    yield event("content_block_start", index=index, content_block=empty)
    for delta in deltas:
        yield event("content_block_delta", index=index, delta=delta)
    yield event("content_block_stop", index=index)


def _opened(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The block without what comes in pieces, and the pieces."""
    kind = block.get("type")
    if kind == "text":
        cited = [{"type": "citations_delta", "citation": one} for one in block.get("citations") or []]
        said = [{"type": "text_delta", "text": piece} for piece in _cut(block.get("text", ""))]
        return {**block, "text": "", **({"citations": []} if cited else {})}, [*cited, *said]
    if kind in {"tool_use", "server_tool_use"}:
        given = block.get("input", {})
        text = given if isinstance(given, str) else json.dumps(given)
        return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in _cut(text)]
    if kind == "thinking":
        thoughts = [{"type": "thinking_delta", "thinking": piece} for piece in _cut(block["thinking"])]
        signed = {"type": "signature_delta", "signature": block["signature"]}
        return {"type": "thinking", "thinking": "", "signature": ""}, [*thoughts, signed]
    return block, []


def _cut(text: str) -> Iterator[str]:
    size = max(_PIECE_CHARS, len(text) // _MOST_PIECES)
    return (text[at : at + size] for at in range(0, len(text), size))
