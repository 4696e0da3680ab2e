import contextlib
import http.client
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest

from tests.emulators.anthropic import TOKEN, AnthropicEmulator, error_body, user_texts
from tests.waiting import PATIENCE

ROOT = Path(__file__).parent.parent.parent
GOOD: dict[str, Any] = {
    "model": "claude-opus-5-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
}
TOOL = {"name": "fetch", "description": "d", "input_schema": {"type": "object", "properties": {}}}
USE = {"type": "tool_use", "id": "t1", "name": "fetch", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "page"}
Send = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def service() -> Iterator[AnthropicEmulator]:
    emulator = AnthropicEmulator().start()
    yield emulator
    emulator.stop()
    assert not [bug for bug in emulator.bugs() if "599" in bug]


@pytest.fixture
def send(service: AnthropicEmulator) -> Send:
    def post(body: Any, path: str = "/v1/messages", **headers: str) -> tuple[int, dict[str, Any]]:
        sent = {
            "Authorization": f"Bearer {TOKEN}",
            "anthropic-version": "2026-10-21",
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        connection = http.client.HTTPConnection(service.url.removeprefix("http://"), timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request("POST", path, body if isinstance(body, bytes) else json.dumps(body), sent)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    return post


def said(*messages: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"role": role, "content": content} for role, content in messages]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": TOKEN}, 401),
        ({"x_api_key": TOKEN}, 400),
        ({"anthropic_version": "2020-01-01"}, 400),
        ({"Content_Type": "text/plain"}, 400),
    ],
)
def test_every_call_is_judged_first(send: Send, headers: dict[str, str], status: int) -> None:
    code, body = send(GOOD, **headers)
    assert code == status
    assert body["type"] == "error"
    assert body["request_id"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"model": "claude-nobody"}, 404),
        ({"max_tokens": 128_001}, 400),
        ({"max_tokens": "many"}, 400),
        ({"surprise": 1}, 400),
        ({"thread": {"type": "create"}}, 400),
        ({"temperature": 0.5}, 400),
        ({"stream": "yes"}, 400),
        ({"stream": False}, 200),
        ({"context_management": {}}, 400),
        ({"thinking": {"type": "disabled"}}, 400),
        ({"thinking": {"type": "adaptive"}}, 200),
        ({"tools": [TOOL], "tool_choice": {"type": "any"}}, 400),
        ({"tools": [TOOL], "tool_choice": {"type": "auto"}}, 200),
        ({"tools": [TOOL], "tool_choice": {"type": "auto", "name": "other"}}, 400),
        ({"tools": [TOOL, TOOL]}, 400),
        ({"tools": [{**TOOL, "name": "a b"}]}, 400),
        ({"tools": [{**TOOL, "input_schema": {}}]}, 400),
        ({"tools": [{**TOOL, "replay": True}]}, 400),
        ({"tools": [{**TOOL, "strict": True}]}, 400),
        ({"output_config": {"effort": "huge"}}, 400),
        ({"output_config": {"effort": "low"}}, 200),
        ({"output_config": {"format": {"type": "json"}}}, 400),
        ({"system": [{"type": "text", "text": ""}]}, 400),
        ({"system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}] * 5}, 400),
        ({"messages": []}, 400),
        ({"messages": said(("assistant", "Hi"))}, 400),
        ({"messages": said(("user", ""))}, 400),
        ({"messages": said(("user", [{"type": "text", "text": " "}]))}, 400),
        ({"messages": said(("system", "x"))}, 400),
        ({"messages": said(("user", "x"), ("assistant", "prefill"))}, 400),
        ({"messages": said(("user", "x"), ("assistant", [{"type": "document"}]), ("user", "y"))}, 400),
        ({"messages": said(("user", "x"), ("assistant", [USE]), ("user", "y"))}, 400),
        ({"messages": said(("user", "x"), ("assistant", [USE]), ("user", [RESULT]))}, 200),
        ({"messages": said(("user", [RESULT]))}, 400),
        (
            {"messages": said(("user", "x"), ("assistant", [{"type": "thinking", "thinking": ""}]), ("user", "y"))},
            400,
        ),
        ({"messages": [{"role": "user", "content": "x", "name": "y"}]}, 400),
    ],
)
def test_requests_are_held_to_the_documented_rules(send: Send, change: dict[str, Any], status: int) -> None:
    code, body = send({**GOOD, **change})
    assert code == status, body


@pytest.mark.parametrize("key", ["model", "max_tokens", "messages"])
def test_a_missing_field_is_refused(send: Send, key: str) -> None:
    assert send({name: value for name, value in GOOD.items() if name != key})[0] == 400


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {}},
        {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}, "additionalProperties": False},
        {"type": "array", "items": {"type": "string", "maxLength": 3}},
        {"type": "array", "minItems": 2, "items": {"type": "string"}},
        {"anyOf": [{"type": "object", "properties": {}, "additionalProperties": True}]},
        {"$defs": {"A": {"oneOf": []}}, "$ref": "#/$defs/A"},
    ],
)
def test_output_forms_that_the_service_does_not_know_are_refused(send: Send, schema: dict[str, Any]) -> None:
    assert send({**GOOD, "output_config": {"format": {"type": "json_schema", "schema": schema}}})[0] == 400


def test_a_property_may_be_called_like_a_keyword(send: Send) -> None:
    schema = {"type": "object", "properties": {"pattern": {"type": "string"}}, "additionalProperties": False}
    assert send({**GOOD, "output_config": {"format": {"type": "json_schema", "schema": schema}}})[0] == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_refused(send: Send, body: bytes) -> None:
    assert send(body)[0] == 400


def test_an_unknown_path_is_a_violation(service: AnthropicEmulator, send: Send) -> None:
    assert send(GOOD, path="/v1/v1/messages")[0] == 404
    assert service.bugs() == ["unknown route POST /v1/v1/messages"]
    assert send(GOOD, path="//v1/messages")[0] == 404


def test_directives_in_the_prompt_play_turn_by_turn(send: Send) -> None:
    script = '<emu>{"tools": [["fetch", {"url": "u"}]]}</emu> and <emu>{"stop": "pause_turn", "text": "hm"}</emu>'
    first = {**GOOD, "messages": said(("user", script))}
    _, reply = send(first)
    assert (reply["stop_reason"], reply["content"][1]["input"]) == ("tool_use", {"url": "u"})
    result = {**RESULT, "tool_use_id": reply["content"][1]["id"]}
    second = {**GOOD, "messages": said(("user", script), ("assistant", reply["content"]), ("user", [result]))}
    _, paused = send(second)
    assert paused["stop_reason"] == "pause_turn"
    third = {**GOOD, "messages": [*second["messages"], *said(("assistant", paused["content"]))]}
    _, last = send(third)
    assert "You said:" in last["content"][1]["text"]


def test_rules_come_first_and_see_turn_and_results(service: AnthropicEmulator, send: Send) -> None:
    seen: list[tuple[int, list[Any]]] = []

    @service.rule
    def watch(body: dict[str, Any], turn: int, results: list[dict[str, Any]]) -> dict[str, Any] | None:
        seen.append((turn, results))
        return {"text": "by rule"} if user_texts(body) == ["x"] else None

    messages = said(("user", "x"), ("assistant", [USE]), ("user", [RESULT]))
    assert send({**GOOD, "messages": messages})[1]["content"][1]["text"] == "by rule"
    assert seen == [(1, [RESULT])]


def test_every_answer_is_one_that_the_sdk_accepts_in_its_strict_mode(service: AnthropicEmulator) -> None:
    service.rule(lambda body, turn, results: {"refusal": "bio"} if "bad" in user_texts(body)[0] else None)
    with anthropic.Anthropic(
        api_key=TOKEN, base_url=service.url, max_retries=0, _strict_response_validation=True
    ) as client:
        plain = client.messages.create(**GOOD)
        assert plain.content[0].type == "thinking"
        refused = client.messages.create(**{**GOOD, "messages": said(("user", "bad"))})
        assert refused.stop_details is not None
        tools = '<emu>{"tools": [["fetch", {}]]}</emu>'
        assert client.messages.create(**{**GOOD, "messages": said(("user", tools))}).stop_reason == "tool_use"
        with client.messages.stream(**{**GOOD, "messages": said(("user", tools))}) as stream:
            streamed = stream.get_final_message()
        assert [block.type for block in streamed.content] == ["thinking", "tool_use"]
        counted = {name: value for name, value in GOOD.items() if name != "max_tokens"}
        assert client.messages.count_tokens(**counted).input_tokens > 0
        assert "claude-opus-5-5" in {model.id for model in client.models.list()}
        assert client.models.retrieve("claude-opus-5-5").id == "claude-opus-5-5"
        with pytest.raises(anthropic.NotFoundError):
            client.models.retrieve("claude-nobody-1")
        service.fault("POST", "status", status=529, body=error_body("overloaded_error"))
        with pytest.raises(anthropic.InternalServerError):
            client.messages.create(**GOOD)


def test_a_beta_needs_its_header(send: Send) -> None:
    body = {**GOOD, "context_management": {}}
    assert send(body, anthropic_beta="context-management-2025-06-27")[0] == 200


def test_a_thinking_block_is_bound_to_the_turns_before_it(send: Send) -> None:
    _, reply = send({**GOOD, "messages": said(("user", "Hello"))})
    assert (
        send({**GOOD, "messages": said(("user", "Hello"), ("assistant", reply["content"]), ("user", "On"))})[0]
        == 200
    )
    code, body = send({**GOOD, "messages": said(("user", "Hi"), ("assistant", reply["content"]), ("user", "On"))})
    assert code == 400
    assert "signature" in body["error"]["message"]


def test_what_only_counts_takes_no_answer(send: Send) -> None:
    assert send(GOOD, path="/v1/messages/count_tokens")[0] == 400
    assert send({"model": GOOD["model"]}, path="/v1/messages/count_tokens")[0] == 400


def test_an_answer_that_is_cut_ends_for_max_tokens(service: AnthropicEmulator, send: Send) -> None:
    service.rule(lambda body, turn, results: {"text": "a long answer", "cut": 6})
    _, reply = send(GOOD)
    assert (reply["stop_reason"], reply["content"][1]["text"]) == ("max_tokens", "a long")


def test_what_was_worked_on_is_billed_though_its_answer_is_lost(service: AnthropicEmulator, send: Send) -> None:
    send(GOOD)
    service.fault("POST", "lost")
    with pytest.raises(http.client.RemoteDisconnected):
        send(GOOD)
    service.fault("POST", "status", status=529, body=error_body("overloaded_error"))
    send(GOOD)
    assert len(service.bill.lines) == 2


def test_it_serves_as_a_process_until_it_is_killed() -> None:
    command = [sys.executable, "-m", "tests.emulators.anthropic", "--delay", "0.01", "--token", "t"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip().removeprefix("ANTHROPIC_BASE_URL=")
        assert process.stdout.readline() == "ANTHROPIC_API_KEY=t\n"
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=PATIENCE)
        headers = {"Authorization": "Bearer t", "anthropic-version": "2026-10-21"}
        connection.request("GET", "/v1/models", headers=headers)
        assert connection.getresponse().status == 200
        connection.close()
        process.kill()
