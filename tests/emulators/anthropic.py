"""The Messages service on loopback: POST /v1/messages without streaming, GET /v1/models.

What it answers is a function of the request alone, so a second attempt gets the same: rules of the test first, then
<emu>{…}</emu> directives in the user's text (the n-th assistant turn plays the n-th), then a value for the output
schema, then an echo. Keys of an answer: text, json, tools [[name, input]], refusal (a category), stop, thinking
(False: no thinking block), usage (overrides), raw_content (blocks as they are).

    python -m tests.emulators.anthropic --port 8080 --delay 2
"""

import argparse
import hashlib
import json
import re
import threading
from collections.abc import Callable
from typing import Any

from agents.llm.filling import fill
from tests.emulators import messages_rules
from tests.emulators.kit import Emu, Reply, Req

TOKEN = "sk-ant-emulator-0001"
VERSIONS = {"2023-06-01", "2026-10-21"}

Answer = dict[str, Any]
Rule = Callable[[dict[str, Any], int, list[dict[str, Any]]], Answer | None]

_DIRECTIVE = re.compile(r"<emu>(\{.*?\})</emu>", re.DOTALL)


class AnthropicEmulator(Emu):
    """Strict about what it is sent; `delay` seconds pass before each answer, outside the lock."""

    def __init__(self, *, token: str = TOKEN, delay: float = 0.0) -> None:
        self.token = token
        self.delay = delay
        self.rules: list[Rule] = []
        super().__init__()

    def setup(self) -> None:
        """Register the routes."""
        self._counters: dict[str, int] = {}
        self._cached: set[str] = set()
        self._paused: list[str] = []
        self.route("POST", "/v1/messages", self._messages)
        self.route("GET", "/v1/models", self._models)

    def rule(self, rule: Rule) -> Rule:
        """`rule(body, turn, tool_results)` gives an Answer or None; the first that answers counts."""
        self.rules.append(rule)
        return rule

    def pause(self, req: Req) -> float:
        """The delay of messages."""
        return self.delay if req.path == "/v1/messages" else 0.0

    def not_found(self, req: Req) -> Reply:
        """As the service says it; asking for a path that does not exist is the product's fault."""
        self.violations.append(f"unknown route {req.method} {req.path}")
        return self._error(404, "not_found_error", "Not found")

    def pre(self, req: Req) -> None:
        """The key as Bearer, the version, the content type; a doubled slash is a wrong base URL."""
        if req.headers.get("authorization") != f"Bearer {self.token}":
            raise self._error(401, "authentication_error", "invalid bearer token")
        if "x-api-key" in req.headers:
            raise self._error(400, "invalid_request_error", "two credentials")
        if req.headers.get("anthropic-version") not in VERSIONS:
            raise self._error(400, "invalid_request_error", "anthropic-version: unknown")
        if req.method == "POST" and not req.headers.get("content-type", "").startswith("application/json"):
            raise self._error(400, "invalid_request_error", "content-type must be application/json")
        if "//" in req.raw_target.split(" ")[1]:
            raise self._error(404, "not_found_error", "Not found")

    def _models(self, req: Req) -> Any:
        models = [
            {
                "type": "model",
                "id": name,
                "display_name": name,
                "created_at": "2026-01-01T00:00:00Z",
                "lifecycle": "active",
                "max_input_tokens": 1_000_000,
                "max_tokens": messages_rules.MAX_TOKENS,
            }
            for name in sorted(messages_rules.MODELS)
        ]
        return {"data": models, "has_more": False, "first_id": models[0]["id"], "last_id": models[-1]["id"]}

    def _messages(self, req: Req) -> Reply:
        try:
            body = req.json()
            if isinstance(body, dict) and body.get("stream"):
                raise messages_rules.Refused("stream: this emulator answers whole messages only")
            messages_rules.check(body, self._paused)
        except messages_rules.Refused as error:
            if error.missing_model:
                raise self._error(404, "not_found_error", str(error)) from None
            raise self._error(400, "invalid_request_error", str(error)) from None
        except ValueError:
            raise self._error(400, "invalid_request_error", "the body is not JSON") from None
        answer = self._answer(body)
        content = self._content(answer)
        stop = answer.get("stop") or _stop_of(answer)
        if stop == "pause_turn":
            self._paused.append(json.dumps(content, sort_keys=True))
        message = {
            "id": self._next("msg"),
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "stop_details": _stop_details(answer),
            "usage": self._usage(body, content) | answer.get("usage", {}),
            "container": None,
        }
        headers = {"request-id": self._next("req"), "anthropic-ratelimit-requests-remaining": "999"}
        return Reply(200, message, headers)

    def _answer(self, body: dict[str, Any]) -> Answer:
        turn = sum(1 for message in body["messages"] if message["role"] == "assistant")
        results = _tool_results(body["messages"][-1])
        for rule in self.rules:
            answer = rule(body, turn, results)
            if answer is not None:
                return answer
        texts = user_texts(body)
        directives: list[Answer] = [json.loads(found) for text in texts for found in _DIRECTIVE.findall(text)]
        if turn < len(directives):
            return directives[turn]
        form = (body.get("output_config") or {}).get("format")
        if form:
            return {"json": fill(form["schema"], seed="\n".join(texts))}
        return {"text": f"{len(results)} tool results. You said: {texts[-1][-200:] if texts else ''}"}

    def _content(self, answer: Answer) -> list[dict[str, Any]]:
        if "raw_content" in answer:
            return list(answer["raw_content"])
        content: list[dict[str, Any]] = []
        if answer.get("thinking", True):
            content.append({"type": "thinking", "thinking": "", "signature": "ZW11bGF0ZWQ="})
        text = json.dumps(answer["json"]) if "json" in answer else answer.get("text", "")
        if text:
            content.append({"type": "text", "text": text, "citations": None})
        for name, given in answer.get("tools", []):
            content.append({"type": "tool_use", "id": self._next("toolu"), "name": name, "input": given})
        return content

    def _usage(self, body: dict[str, Any], content: list[Any]) -> dict[str, Any]:
        """Tokens are JSON length / 4; the prefix of tools and system is written to the cache, then read."""
        prefix = json.dumps([body["model"], body.get("tools"), body.get("system")])
        marked = '"cache_control"' in prefix or "cache_control" in body
        tokens = len(prefix) // 4 if marked else 0
        key = hashlib.sha256(prefix.encode()).hexdigest()
        hit = key in self._cached
        if marked:
            self._cached.add(key)
        written = 0 if hit else tokens
        return {
            "input_tokens": len(json.dumps(body["messages"])) // 4,
            "output_tokens": max(1, len(json.dumps(content)) // 4),
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": tokens if hit else 0,
            "cache_creation": {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0},
            "service_tier": "standard",
            "inference_geo": "global",
        }

    def _next(self, prefix: str) -> str:
        with self.lock:
            self._counters[prefix] = self._counters.get(prefix, 0) + 1
            return f"{prefix}_{self._counters[prefix]:06d}"

    def _error(self, status: int, kind: str, message: str) -> Reply:
        request_id = self._next("req")
        return Reply(status, error_body(kind, message, request_id=request_id), {"request-id": request_id})


def error_body(kind: str, message: str = "", *, code: str = "", request_id: str = "req_000000") -> dict[str, Any]:
    """An error in the service's form, for faults of the kind "status"."""
    error: dict[str, Any] = {"type": kind, "message": message or kind}
    if code:
        error["details"] = {"error_code": code}
    return {"type": "error", "error": error, "request_id": request_id}


def user_texts(body: dict[str, Any]) -> list[str]:
    """The user's texts of a request, in order, tool results left out."""
    texts: list[str] = []
    for message in body["messages"]:
        if message["role"] == "user":
            content = message["content"]
            blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
            texts += [block["text"] for block in blocks if block["type"] == "text"]
    return texts


def _tool_results(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message["content"] if isinstance(message["content"], list) else []
    return [block for block in content if block["type"] == "tool_result"]


def _stop_of(answer: Answer) -> str:
    if "refusal" in answer:
        return "refusal"
    return "tool_use" if answer.get("tools") else "end_turn"


def _stop_details(answer: Answer) -> dict[str, Any] | None:
    if "refusal" not in answer:
        return None
    return {"type": "refusal", "category": answer["refusal"], "explanation": answer.get("explanation")}


def main() -> None:
    """Serve until killed; the address and the token are printed as environment variables."""
    parser = argparse.ArgumentParser(description="The Messages service on loopback")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--token", default=TOKEN)
    given = parser.parse_args()
    threading.stack_size(256 * 1024)  # hundreds of waiting connections, a thread each
    emulator = AnthropicEmulator(token=given.token, delay=given.delay)
    emulator.start(given.port)
    print(f"ANTHROPIC_BASE_URL={emulator.url}\nANTHROPIC_API_KEY={given.token}", flush=True)  # noqa: T201 - its output
    threading.Event().wait()


if __name__ == "__main__":
    main()
