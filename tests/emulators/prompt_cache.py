"""The service's prompt cache: prefixes of tools, system and messages, written at breakpoints, read by later calls.

https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

_SECONDS = {"5m": 300.0, "1h": 3_600.0}


class PromptCache:
    """Holds what was written, by its hash; below `least` tokens nothing is cached, silently."""

    def __init__(self, *, least: int = 0) -> None:
        self.least = least
        self._until: dict[str, float] = {}

    def account(self, body: dict[str, Any]) -> dict[str, Any]:
        """The prompt's tokens as a usage; what is marked is in the cache from now on."""
        now = time.monotonic()
        known, marked, total = 0, 0, 0
        lives = "5m"
        fresh: list[tuple[str, str]] = []
        key = hashlib.sha256(body["model"].encode()).hexdigest()
        for text, ttl in _segments(body):
            key = hashlib.sha256(f"{key}{text}".encode()).hexdigest()
            total += len(text) // 4
            if total >= self.least and self._until.get(key, 0.0) > now:
                known = total
            if ttl and total >= self.least:
                marked, lives = total, ttl
                fresh.append((key, ttl))
        for written, ttl in fresh:
            self._until[written] = max(self._until.get(written, 0.0), now + _SECONDS[ttl])
        new = max(0, marked - known)
        return {
            "input_tokens": total - known - new,
            "cache_creation_input_tokens": new,
            "cache_read_input_tokens": known,
            "cache_creation": {
                "ephemeral_5m_input_tokens": new if lives == "5m" else 0,
                "ephemeral_1h_input_tokens": new if lives == "1h" else 0,
            },
        }


def signature_of(body: dict[str, Any], upto: int) -> str:
    """What the service signs a thinking block with: model, prefix and all turns before it, breakpoints aside."""
    whole = _bare([body["model"], body.get("tools"), body.get("system"), body["messages"][:upto]])
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:32]


def _segments(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every part of the prompt in the order in which it is read, each with the ttl of its breakpoint."""
    found = [(_text(tool), _ttl(tool)) for tool in body.get("tools") or []]
    system = body.get("system") or []
    found += [(system, "")] if isinstance(system, str) else [(_text(block), _ttl(block)) for block in system]
    for message in body["messages"]:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        found += [(message["role"] + _text(block), _ttl(block)) for block in blocks]
    if found and body.get("cache_control"):
        found[-1] = (found[-1][0], body["cache_control"].get("ttl", "5m"))
    return iter(found)


def _ttl(part: Any) -> str:
    marked = part.get("cache_control")
    return str(marked.get("ttl", "5m")) if marked else ""


def _text(part: Any) -> str:
    return json.dumps(_bare(part), sort_keys=True)


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _bare(inner) for name, inner in value.items() if name != "cache_control"}
    return [_bare(inner) for inner in value] if isinstance(value, list) else value
