"""The Messages service on loopback: messages whole and streamed, count_tokens, models, batches.

Strict about what it is sent (messages_rules), scripted in what it says (script), and it keeps a bill of every call
that it worked on, whether or not the answer arrived.

    python -m tests.emulators.anthropic --port 8080 --delay 2
"""

import argparse
import json
import threading
from typing import Any

from tests.emulators import messages_rules, messages_stream, script, server_tools
from tests.emulators.batches import Batches
from tests.emulators.bill import Bill
from tests.emulators.kit import Emu, Reply, Req
from tests.emulators.prompt_cache import PromptCache, signature_of
from tests.emulators.script import Rule, Script, user_texts

__all__ = ["TOKEN", "AnthropicEmulator", "error_body", "error_event", "user_texts"]

TOKEN = "sk-ant-emulator-0001"
VERSIONS = {"2023-06-01", "2026-10-21"}


class AnthropicEmulator(Emu):
    """`delay` seconds pass before each message, outside the lock; with `wits` it can do this house's work."""

    def __init__(self, *, token: str = TOKEN, delay: float = 0.0, wits: bool = False) -> None:
        self.token = token
        self.delay = delay
        self.script = Script(wits=wits)
        self.bill = Bill()
        self.cache = PromptCache()
        self.web = server_tools.Web()  # what its own tools find
        self.limits: dict[str, str] = {}  # headers of every message: anthropic-ratelimit-…
        super().__init__()

    def setup(self) -> None:
        """Register the routes."""
        self._counters: dict[str, int] = {}
        self._paused: list[str] = []
        self.route("POST", "/v1/messages", self._messages)
        self.route("POST", "/v1/messages/count_tokens", self._count_tokens)
        self.route("GET", "/v1/models", self._models)
        self.route("GET", "/v1/models/{name}", self._model)
        self.batches = Batches(self)

    @property
    def rules(self) -> list[Rule]:
        """The rules of the scripted model, in order."""
        return self.script.rules

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
        return self.error(404, "not_found_error", "Not found")

    def pre(self, req: Req) -> None:
        """The key as Bearer, the version, the content type; a doubled slash is a wrong base URL."""
        if req.headers.get("authorization") != f"Bearer {self.token}":
            raise self.error(401, "authentication_error", "invalid bearer token")
        if "x-api-key" in req.headers:
            raise self.error(400, "invalid_request_error", "two credentials")
        if req.headers.get("anthropic-version") not in VERSIONS:
            raise self.error(400, "invalid_request_error", "anthropic-version: unknown")
        has_body = req.method == "POST" and not req.path.endswith("/cancel")
        if has_body and not req.headers.get("content-type", "").startswith("application/json"):
            raise self.error(400, "invalid_request_error", "content-type must be application/json")
        if "//" in req.raw_target.split(" ")[1]:
            raise self.error(404, "not_found_error", "Not found")

    def body_of(self, req: Req) -> Any:
        """The request's JSON; raises a Reply."""
        try:
            return req.json()
        except ValueError:
            raise self.error(400, "invalid_request_error", "the body is not JSON") from None

    def check(self, body: Any, betas: str = "", *, counting: bool = False) -> None:
        """Raise Refused for what the service would refuse."""
        messages_rules.check(
            body, self._paused, betas={name.strip() for name in betas.split(",")}, counting=counting
        )
        tools = body.get("tools") or []
        for tool in filter(server_tools.is_server_tool, tools):
            server_tools.check_tool(tool, tools)
        server_tools.check_output(body)
        self.web.check(body["messages"])
        for index, message in enumerate(body["messages"]):
            for block in message["content"] if isinstance(message["content"], list) else []:
                if block["type"] == "thinking" and block["signature"] != signature_of(body, index):
                    raise messages_rules.Refused(f"messages.{index}: the signature fits other turns than these")

    def message(self, body: dict[str, Any], *, tier: str = "standard", request_id: str = "") -> dict[str, Any]:
        """One message in answer to a request that was checked; it is on the bill from here on."""
        answer = self.script.answer(body)
        signature = signature_of(body, len(body["messages"]))
        content = script.blocks_of(answer, new_id=lambda: self.next_id("toolu"), signature=signature)
        searched, counts = self.web.play(body, answer, lambda: self.next_id("srvtoolu"))
        content += searched
        stop = script.stop_of(answer)
        if stop == "pause_turn":
            self._paused.append(json.dumps(content, sort_keys=True))
        said = {"output_tokens": max(1, len(json.dumps(content)) // 4), "service_tier": tier}
        usage = {**self.cache.account(body), **said, "inference_geo": "global", **answer.get("usage", {})}
        if searched:
            usage["server_tool_use"] = counts
            usage["input_tokens"] += len(json.dumps(searched)) // 4
        name = self.next_id("msg")
        self._charge(request_id or name, body["model"], usage)
        return {
            "id": name,
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "stop_details": script.stop_details(answer),
            "usage": usage,
            "container": None,
        }

    def next_id(self, prefix: str) -> str:
        """An id with a running number."""
        with self.lock:
            self._counters[prefix] = self._counters.get(prefix, 0) + 1
            return f"{prefix}_{self._counters[prefix]:06d}"

    def error(self, status: int, kind: str, message: str) -> Reply:
        """An error in the service's form."""
        request_id = self.next_id("req")
        return Reply(status, error_body(kind, message, request_id=request_id), {"request-id": request_id})

    def _messages(self, req: Req) -> Reply:
        body = self._checked(req)
        request_id = self.next_id("req")
        message = self.message(body, request_id=request_id)
        headers = {"request-id": request_id, "anthropic-ratelimit-requests-remaining": "999", **self.limits}
        if body.get("stream"):
            return Reply(200, raw=messages_stream.events(message), headers=headers, ctype="text/event-stream")
        return Reply(200, message, headers)

    def _count_tokens(self, req: Req) -> dict[str, int]:
        usage = PromptCache().account(self._checked(req, counting=True))
        return {"input_tokens": usage["input_tokens"] + usage["cache_creation_input_tokens"]}

    def _checked(self, req: Req, *, counting: bool = False) -> dict[str, Any]:
        body = self.body_of(req)
        try:
            self.check(body, req.headers.get("anthropic-beta", ""), counting=counting)
        except messages_rules.Refused as refused:
            if refused.missing_model:
                raise self.error(404, "not_found_error", str(refused)) from None
            raise self.error(400, "invalid_request_error", str(refused)) from None
        return dict(body)

    def _models(self, req: Req) -> dict[str, Any]:
        models = [_shown(name) for name in sorted(messages_rules.MODELS)]
        return {"data": models, "has_more": False, "first_id": models[0]["id"], "last_id": models[-1]["id"]}

    def _model(self, req: Req, name: str) -> dict[str, Any]:
        if name not in messages_rules.MODELS:
            raise self.error(404, "not_found_error", f"model: {name}")
        return _shown(name)

    def _charge(self, request_id: str, model: str, usage: dict[str, Any]) -> None:
        """As it is reckoned: what is null costs nothing, what is not split was written for five minutes."""
        written = usage.get("cache_creation_input_tokens") or 0
        split = usage.get("cache_creation") or {
            "ephemeral_5m_input_tokens": written,
            "ephemeral_1h_input_tokens": 0,
        }
        counts = ("input_tokens", "cache_read_input_tokens", "output_tokens")
        whole = {name: usage.get(name) or 0 for name in counts}
        self.bill.add(request_id, model, {**usage, **whole, "cache_creation": split})


def error_body(kind: str, message: str = "", *, code: str = "", request_id: str = "req_000000") -> dict[str, Any]:
    """An error in the service's form, for faults of the kind "status"."""
    error: dict[str, Any] = {"type": kind, "message": message or kind}
    if code:
        error["details"] = {"error_code": code}
    return {"type": "error", "error": error, "request_id": request_id}


def error_event(kind: str, message: str = "") -> bytes:
    """The same in the midst of a stream, for faults of the kind "interrupt"."""
    return messages_stream.event("error", error={"type": kind, "message": message or kind})


def _shown(model: str) -> dict[str, Any]:
    return {
        "type": "model",
        "id": model,
        "display_name": model,
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
        "max_input_tokens": 1_000_000,
        "max_tokens": messages_rules.MAX_TOKENS,
    }


def main() -> None:
    """Serve until killed; the address and the token are printed as environment variables."""
    parser = argparse.ArgumentParser(description="The Messages service on loopback")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument(
        "--wits", action="store_true", help="do the work of Nightdesk's agents as the rehearsal does"
    )
    given = parser.parse_args()
    threading.stack_size(256 * 1024)  # hundreds of waiting connections, a thread each
    emulator = AnthropicEmulator(token=given.token, delay=given.delay, wits=given.wits)
    emulator.start(given.port)
    print(f"ANTHROPIC_BASE_URL={emulator.url}\nANTHROPIC_API_KEY={given.token}", flush=True)  # noqa: T201 - its output
    threading.Event().wait()


if __name__ == "__main__":
    main()
