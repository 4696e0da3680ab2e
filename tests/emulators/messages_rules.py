"""What POST /v1/messages refuses: the documented rules of API version 2026-10-21, and those of each model.

Rules raise Refused with what the service's error.message would say.
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

MODELS = {
    "claude-fable-5-2",
    "claude-fable-5-1",
    "claude-opus-5-5",
    "claude-sonnet-5-5",
    "claude-haiku-5-5",
    "claude-opus-5",
    "claude-sonnet-5",
    "claude-sonnet-4-6",
    "claude-haiku-4-5",
}
NO_FORCED_TOOLS = {"claude-opus-5-5", "claude-fable-5-1", "claude-sonnet-5-5"}
ALWAYS_THINKING = {"claude-opus-5-5", "claude-fable-5-1"}
MAX_TOKENS = 128_000

KEYS = {
    "model", "max_tokens", "messages", "system", "tools", "tool_choice", "thinking", "output_config",
    "cache_control", "container", "diagnostics", "inference_geo", "metadata", "service_tier", "speed",
    "stop_sequences", "stream", "temperature", "top_p", "top_k",
}  # fmt: skip
# Known with the header that goes with them; nothing of this house asks for any.
BETA_KEYS = {
    "thread": "message-threads-2026-08-12",
    "compaction": "compact-2026-09-04",
    "context_management": "context-management-2025-06-27",
    "mcp_servers": "mcp-client-2026-09-15",
    "fallbacks": "server-side-fallback-2026-07-01",
}
COUNTED_KEYS = {
    "model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control",
}  # fmt: skip
SAMPLING = {"temperature", "top_p", "top_k"}
BLOCKS = {
    "user": {"text", "image", "document", "tool_result", "search_result"},
    "assistant": {
        "text", "thinking", "redacted_thinking", "tool_use", "server_tool_use", "web_search_tool_result",
        "web_fetch_tool_result",
    },
}  # fmt: skip
EFFORTS = {"low", "medium", "high", "xhigh", "max"}
REFUSED_IN_SCHEMAS = {
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
    "maxItems", "oneOf", "patternProperties",
}  # fmt: skip


class Refused(Exception):
    """The request breaks a rule; `missing_model` is answered 404 instead of 400."""

    def __init__(self, message: str, *, missing_model: bool = False) -> None:
        super().__init__(message)
        self.missing_model = missing_model


def check(body: Any, paused: list[str], *, betas: Collection[str] = (), counting: bool = False) -> None:
    """Raise Refused for a request that the service would refuse; `paused`: contents of pause_turn answers.

    `betas` are the names of its anthropic-beta header; with `counting` it asks for a count of its tokens alone.
    """
    if not isinstance(body, dict):
        raise Refused("the body is not an object")
    if counting:
        _check_counted(body)
    else:
        _check_keys(body, betas)
    _check_model(body)
    _check_tools(body)
    _check_output(body.get("output_config"))
    _check_cache(body)
    _check_messages(body["messages"], paused)
    _check_system(body.get("system"))


def _check_counted(body: dict[str, Any]) -> None:
    if extra := body.keys() - COUNTED_KEYS:
        raise Refused(f"{sorted(extra)}: Extra inputs are not permitted")
    for key in ("model", "messages"):
        if key not in body:
            raise Refused(f"{key}: Field required")


def _check_keys(body: dict[str, Any], betas: Collection[str]) -> None:
    for key in body:
        _check_key(key, betas)
    for key in ("model", "max_tokens", "messages"):
        if key not in body:
            raise Refused(f"{key}: Field required")
    tokens = body["max_tokens"]
    if not isinstance(tokens, int) or not 0 <= tokens <= MAX_TOKENS:
        raise Refused("max_tokens: out of range")
    if not isinstance(body.get("stream", False), bool):
        raise Refused("stream: must be a boolean")


def _check_key(key: str, betas: Collection[str]) -> None:
    if key in BETA_KEYS and BETA_KEYS[key] not in betas:
        raise Refused(f"{key}: needs the beta header {BETA_KEYS[key]}")
    if key not in KEYS and key not in BETA_KEYS:
        raise Refused(f"{key}: Extra inputs are not permitted")
    if key in SAMPLING:
        raise Refused(f"{key} is not supported on this version")


def _check_model(body: dict[str, Any]) -> None:
    model = body["model"]
    if model not in MODELS:
        raise Refused(f"model: {model}", missing_model=True)
    thinking = (body.get("thinking") or {}).get("type")
    if model in ALWAYS_THINKING and thinking in {"disabled", "enabled"}:
        raise Refused(f'"thinking.type.{thinking}" is not supported for this model')
    choice = body.get("tool_choice") or {}
    if model in NO_FORCED_TOOLS and choice.get("type") in {"any", "tool"}:
        raise Refused("tool_choice forces tool use, which this model does not support")


def _check_tools(body: dict[str, Any]) -> None:
    seen = set()
    for tool in body.get("tools") or []:
        name = tool.get("name")
        if not isinstance(name, str) or not re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", name) or name in seen:
            raise Refused(f"tools: bad or repeated name {name!r}")
        seen.add(name)
        if tool.get("type", "custom") != "custom":
            continue  # the service's own: see server_tools
        if (tool.get("input_schema") or {}).get("type") != "object":
            raise Refused(f"tools.{name}.input_schema.type: must be object")
        extra = set(tool) - {"name", "description", "input_schema", "strict", "cache_control", "type"}
        if extra:
            raise Refused(f"tools.{name}: Extra inputs are not permitted {sorted(extra)}")
        if tool.get("strict"):
            _check_schema(tool["input_schema"], f"tools.{name}")
    wanted = (body.get("tool_choice") or {}).get("name")
    if wanted and wanted not in seen:
        raise Refused(f"tool_choice names no tool: {wanted}")


def _check_output(config: Any) -> None:
    if config is None:
        return
    if not isinstance(config, dict) or set(config) - {"effort", "format"}:
        raise Refused("output_config: Extra inputs are not permitted")
    if "effort" in config and config["effort"] not in EFFORTS:
        raise Refused("output_config.effort: unknown")
    form = config.get("format")
    if form is not None:
        if form.get("type") != "json_schema" or not isinstance(form.get("schema"), dict):
            raise Refused("output_config.format: must be a json_schema")
        _check_schema(form["schema"], "output_config.format.schema")


def _check_schema(schema: dict[str, Any], where: str) -> None:
    for node in _schemas(schema):
        refused = REFUSED_IN_SCHEMAS & node.keys()
        if refused:
            raise Refused(f"{where}: {sorted(refused)} not supported")
        if node.get("minItems", 0) > 1:
            raise Refused(f"{where}: minItems above 1 is not supported")
        is_object = node.get("type") == "object" or "properties" in node
        if is_object and node.get("additionalProperties") is not False:
            raise Refused(f"{where}: additionalProperties must be false")


def _schemas(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside a schema; names of properties are not keywords."""
    if not isinstance(schema, dict):
        return
    yield schema
    for key in ("properties", "$defs"):
        for inner in (schema.get(key) or {}).values():
            yield from _schemas(inner)
    yield from _schemas(schema.get("items"))
    for key in ("anyOf", "allOf", "oneOf"):
        for inner in schema.get(key) or []:
            yield from _schemas(inner)


def _check_cache(body: dict[str, Any]) -> None:
    count = sum(1 for node in _nodes(body) if isinstance(node, dict) and node.get("cache_control"))
    if count > 4:
        raise Refused(f"at most 4 cache_control, found {count}")


def _nodes(value: Any) -> Iterator[Any]:
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from _nodes(one)


def _check_system(system: Any) -> None:
    blocks = system if isinstance(system, list) else []
    if any(block.get("type") != "text" or not block.get("text") for block in blocks):
        raise Refused("system: only text blocks, and none empty")


def _check_messages(messages: Any, paused: list[str]) -> None:
    if not isinstance(messages, list) or not messages:
        raise Refused("messages: at least one message is required")
    if messages[0].get("role") != "user":
        raise Refused("messages.0: the first message must be a user's")
    for index, message in enumerate(messages):
        if set(message) != {"role", "content"} or message["role"] not in BLOCKS:
            raise Refused(f"messages.{index}: unknown role or extra inputs")
        _check_content(message, f"messages.{index}")
    last = messages[-1]
    if last["role"] == "assistant" and json.dumps(last["content"], sort_keys=True) not in paused:
        raise Refused("assistant prefill is not supported")
    _check_tool_pairs(messages)


def _check_content(message: dict[str, Any], where: str) -> None:
    content = message["content"]
    if not content or not isinstance(content, str | list):
        raise Refused(f"{where}: content must not be empty")
    for block in content if isinstance(content, list) else []:
        if block.get("type") not in BLOCKS[message["role"]]:
            raise Refused(f"{where}: a {message['role']} turn cannot hold {block.get('type')!r}")
        if block["type"] == "text" and not block.get("text", "").strip():
            raise Refused(f"{where}: text content blocks must be non-empty")
        if block["type"] == "thinking" and not block.get("signature"):
            raise Refused(f"{where}: thinking without its signature")


def _check_tool_pairs(messages: list[dict[str, Any]]) -> None:
    waiting: set[str] = set()
    for index, message in enumerate(messages):
        blocks = message["content"] if isinstance(message["content"], list) else []
        if message["role"] == "user":
            answered = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
            if answered != waiting:
                raise Refused(f"messages.{index}: tool_result {sorted(answered)} for tool_use {sorted(waiting)}")
            waiting = set()
        else:
            waiting = {block["id"] for block in blocks if block["type"] == "tool_use"}
    if waiting:
        raise Refused(f"tool_use without tool_result: {sorted(waiting)}")
