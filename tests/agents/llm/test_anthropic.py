import json
import threading
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from agents.contracts import Usage
from agents.llm.anthropic import MAX_CONTENT_CHARS, AnthropicLLM
from agents.llm.stream import TOO_LARGE
from tests.emulators.anthropic import TOKEN


class Plan(BaseModel):
    kind: Literal["small", "large"]
    title: str = Field(max_length=20)
    score: int = Field(ge=1, le=5)
    tags: list[str] = Field(min_length=2, max_length=3)


TOOL = {
    "name": "fetch",
    "description": "Read a page.",
    "input_schema": {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]},
}


def test_a_reply_carries_text_usage_model_and_request_id(service, llm, ask) -> None:
    service.rule(lambda body, turn, results: {"text": "Good morning", "usage": {"output_tokens": 7}})
    reply = llm.complete(ask())
    assert reply.text == "Good morning"
    assert reply.content[0]["type"] == "thinking"
    assert (reply.stop_reason, reply.stop_detail, reply.model) == ("end_turn", "", "claude-opus-5-5")
    assert reply.usage.output_tokens == 7
    assert reply.request_id == "req_000001"


def test_what_is_sent_is_what_the_api_documents(service, llm, ask) -> None:
    llm.complete(ask(effort="low", tools=[TOOL], output_schema=Plan.model_json_schema()))
    (seen,) = service.journal
    body = seen.json()
    assert seen.req.headers["authorization"] == f"Bearer {TOKEN}"
    assert seen.req.headers["anthropic-version"] == "2026-10-21"
    assert body["system"] == [{"type": "text", "text": "You write.", "cache_control": {"type": "ephemeral"}}]
    assert body["cache_control"] == {"type": "ephemeral"}
    assert body["output_config"]["effort"] == "low"
    assert body["output_config"]["format"]["schema"]["additionalProperties"] is False
    assert body["stream"] is True
    assert not {"temperature", "tool_choice", "thinking"} & body.keys()


def test_a_single_turn_writes_no_moving_breakpoint(service, llm, ask) -> None:
    llm.complete(ask())
    assert "cache_control" not in service.journal[0].json()


def test_output_of_the_form_asked_for_validates(llm, ask) -> None:
    reply = llm.complete(ask(output_schema=Plan.model_json_schema()))
    assert Plan.model_validate_json(reply.text)


def test_the_same_prefix_is_read_from_the_cache(llm, ask) -> None:
    first, second = llm.complete(ask("One")), llm.complete(ask("Two"))
    assert first.usage.cache_write_5m_tokens > 0
    assert first.usage.cache_read_tokens == 0
    assert second.usage.cache_read_tokens == first.usage.cache_write_5m_tokens
    assert second.usage.cache_write_5m_tokens == 0


def test_usage_splits_cache_writes_by_lifetime(service, llm, ask) -> None:
    usage = {
        "input_tokens": 3,
        "output_tokens": 4,
        "cache_read_input_tokens": 5,
        "cache_creation_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
    }
    service.rule(lambda body, turn, results: {"text": "x", "usage": usage})
    assert llm.complete(ask()).usage == Usage(
        input_tokens=3, output_tokens=4, cache_read_tokens=5, cache_write_5m_tokens=10, cache_write_1h_tokens=20
    )


def test_counts_that_a_compatible_server_leaves_out_are_zero(service, llm, ask) -> None:
    usage = {"cache_read_input_tokens": None, "cache_creation_input_tokens": None, "cache_creation": None}
    service.rule(
        lambda body, turn, results: {"text": "x", "usage": {**usage, "output_tokens": 4, "input_tokens": 3}}
    )
    assert llm.complete(ask()).usage == Usage(input_tokens=3, output_tokens=4)


@pytest.mark.parametrize(
    ("answer", "stop"),
    [
        ({"text": "a"}, "end_turn"),
        ({"text": "a", "stop": "stop_sequence"}, "stop_sequence"),
        ({"tools": [["fetch", {"url": "https://a.example"}]]}, "tool_use"),
        ({"text": '{"cut', "stop": "max_tokens"}, "max_tokens"),
        ({"text": "a", "stop": "pause_turn"}, "pause_turn"),
        ({"text": "a", "stop": "model_context_window_exceeded"}, "model_context_window_exceeded"),
        ({"text": "a", "stop": "something_new"}, "something_new"),
        ({"refusal": "cyber", "thinking": False}, "refusal"),
    ],
)
def test_every_stop_reason_is_a_reply_with_its_usage(service, llm, ask, answer: dict[str, Any], stop: str) -> None:
    service.rule(lambda body, turn, results: answer)
    reply = llm.complete(ask(tools=[TOOL]))
    assert reply.stop_reason == stop
    assert reply.usage.output_tokens > 0


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ({"refusal": "cyber", "explanation": "It asks for malware."}, "cyber: It asks for malware."),
        ({"refusal": "bio"}, "bio"),
        ({"refusal": None, "explanation": "No."}, ": No."),
        ({"refusal": None}, ""),
    ],
)
def test_a_refusal_says_why(service, llm, ask, answer: dict[str, Any], detail: str) -> None:
    service.rule(lambda body, turn, results: answer)
    assert llm.complete(ask()).stop_detail == detail


def test_an_empty_answer_is_a_reply(service, llm, ask) -> None:
    service.rule(lambda body, turn, results: {"text": "", "thinking": False})
    reply = llm.complete(ask())
    assert (reply.content, reply.text) == ([], "")


def test_what_a_database_refuses_is_cleaned(service, llm, ask) -> None:
    service.rule(lambda body, turn, results: {"text": "a\x00b\ud800c"})
    reply = llm.complete(ask())
    assert reply.text == "ab?c"
    json.dumps(reply.content, ensure_ascii=False).encode()


def test_an_answer_beyond_any_model_is_cut_and_marked(service, llm, ask) -> None:
    service.rule(lambda body, turn, results: {"text": "x" * (MAX_CONTENT_CHARS + 1)})
    reply = llm.complete(ask())
    assert reply.stop_reason == TOO_LARGE
    assert MAX_CONTENT_CHARS - 100 < len(reply.text) <= MAX_CONTENT_CHARS
    assert len(reply.content) == 1


def test_history_goes_back_as_it_came(service, llm, ask) -> None:
    service.rule(lambda body, turn, results: {"tools": [["fetch", {"url": "u"}]]} if turn == 0 else None)
    first = llm.complete(ask(tools=[TOOL]))
    (use,) = first.tool_uses
    result = {"type": "tool_result", "tool_use_id": use["id"], "content": "page"}
    history = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]
    assert llm.complete(ask(tools=[TOOL], messages=history)).stop_reason == "end_turn"
    assert service.journal[1].json()["messages"][1]["content"][0]["signature"]


def test_a_paused_turn_is_sent_back_unchanged(service, llm, ask) -> None:
    service.rule(
        lambda body, turn, results: {"text": "wait", "stop": "pause_turn"} if turn == 0 else {"text": "done"}
    )
    first = llm.complete(ask())
    messages = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": first.content}]
    assert llm.complete(ask(messages=messages)).text == "done"


def test_many_threads_share_one_client(service, llm, ask) -> None:
    service.delay = 0.05
    replies: list[str] = []

    def work(number: int) -> None:
        replies.append(llm.complete(ask(f"Number {number}")).text)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(text.rsplit(" ", 1)[1] for text in replies) == sorted(str(number) for number in range(16))


def test_costs_follow_the_model_that_answered(service, llm, ask) -> None:
    usage = {"input_tokens": 100, "output_tokens": 50, "cache_creation": None, "cache_creation_input_tokens": 0}
    service.rule(lambda body, turn, results: {"text": "x", "usage": usage})
    assert llm.cost(llm.complete(ask())) == 100 * 4 + 50 * 20
    assert llm.ceiling(ask()) > 1_000 * 20
    assert llm.ceiling(ask(model="somebody-elses-model")) is None


def test_a_key_is_needed() -> None:
    with pytest.raises(ValueError, match="ANTHROPIC_API_KEY"):
        AnthropicLLM(api_key="")


def test_no_other_credential_or_address_of_the_environment_is_used(service, connect, ask, monkeypatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-stray")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    connect().complete(ask())
    assert service.journal[0].req.headers["authorization"] == f"Bearer {TOKEN}"
