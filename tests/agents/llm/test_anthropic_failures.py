import socket
from typing import Any

import pytest

from agents.contracts import ModelRejected, ModelUnavailable
from tests.emulators.anthropic import TOKEN, error_body, error_event

MESSAGES = "POST /v1/messages"


@pytest.mark.parametrize(
    ("status", "kind", "headers", "wait", "billed"),
    [
        (408, "timeout_error", {}, None, False),
        (409, "conflict_error", {}, None, False),
        (429, "rate_limit_error", {"retry-after": "7"}, 7.0, False),
        (429, "rate_limit_error", {"retry-after": "9000"}, 9000.0, False),
        (429, "rate_limit_error", {"retry-after": "99999999"}, 86_400.0, False),
        (429, "rate_limit_error", {"retry-after-ms": "1500", "retry-after": "2"}, 1.5, False),
        (429, "rate_limit_error", {"retry-after": "0"}, None, False),
        (429, "rate_limit_error", {"retry-after": "soon"}, None, False),
        (499, "api_error", {}, None, True),
        (500, "api_error", {}, None, False),
        (501, "api_error", {}, None, False),
        (502, "api_error", {}, None, True),
        (503, "api_error", {"retry-after": "3"}, 3.0, False),
        (504, "timeout_error", {}, None, True),
        (529, "overloaded_error", {}, None, False),
    ],
)
def test_what_passes_by_itself_is_unavailable(
    service, llm, ask, status: int, kind: str, headers: dict[str, str], wait: float | None, billed: bool
) -> None:
    service.fault(MESSAGES, "status", status=status, body=error_body(kind), headers=headers)
    with pytest.raises(ModelUnavailable) as caught:
        llm.complete(ask())
    assert (caught.value.retry_after, caught.value.billed_unknown) == (wait, billed)
    assert str(status) in str(caught.value)
    assert len(service.journal) == 1  # one attempt, no sleeping


@pytest.mark.parametrize(
    ("status", "kind", "code", "next_step"),
    [
        (400, "invalid_request_error", "", "Shorten or change"),
        (401, "authentication_error", "", "ANTHROPIC_API_KEY"),
        (402, "billing_error", "", "spending limit"),
        (402, "payment_required", "", "billing"),
        (403, "permission_error", "", "another key"),
        (404, "not_found_error", "", "NIGHTDESK_MODEL"),
        (412, "precondition_failed", "", "ANTHROPIC_BASE_URL"),
        (413, "request_too_large", "", "fewer files"),
        (422, "invalid_request_error", "", "Change the request"),
        (431, "invalid_request_error", "", "ANTHROPIC_BASE_URL"),
        (418, "", "", "ANTHROPIC_BASE_URL"),
        (429, "rate_limit_error", "enforced_spend_limit_reached", "spending limit"),
        (429, "rate_limit_error", "contract_spend_limit_reached", "spending limit"),
        (429, "rate_limit_error", "ramp_limit_exceeded", "spending limit"),
        (429, "billing_error", "", "spending limit"),
        (400, "billing_error", "", "spending limit"),
    ],
)
def test_what_a_person_must_mend_is_rejected_with_the_next_step(
    service, llm, ask, status: int, kind: str, code: str, next_step: str
) -> None:
    service.fault(MESSAGES, "status", status=status, body=error_body(kind, code=code), headers={"retry-after": "1"})
    with pytest.raises(ModelRejected, match=next_step) as caught:
        llm.complete(ask())
    assert str(status) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_key_is_in_no_reason(service, llm, ask) -> None:
    body = error_body("authentication_error", f"the key {TOKEN} is unknown")
    service.fault(MESSAGES, "status", status=401, body=body)
    with pytest.raises(ModelRejected) as caught:
        llm.complete(ask())
    assert TOKEN not in str(caught.value)
    assert "[key]" in str(caught.value)


def test_the_strict_service_refuses_a_wrong_key_and_an_unknown_model(connect, llm, ask) -> None:
    with pytest.raises(ModelRejected, match="401"):
        connect(api_key="sk-wrong").complete(ask())
    with pytest.raises(ModelRejected, match="404"):
        llm.complete(ask(model="claude-nobody-1"))


@pytest.mark.parametrize("kind", ["drop", "reset", "lost", "truncate", "truncate_json"])
def test_an_answer_that_breaks_off_may_have_been_billed(service, llm, ask, kind: str) -> None:
    service.fault(MESSAGES, kind)
    with pytest.raises(ModelUnavailable) as caught:
        llm.complete(ask())
    assert caught.value.billed_unknown
    assert len(service.journal) == 1


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("after", [0, 1, 3, 6])
def test_a_stream_that_breaks_off_anywhere_may_have_been_billed(service, llm, ask, after: int, reset: bool) -> None:
    service.fault(MESSAGES, "truncate", after=after, reset=reset)
    with pytest.raises(ModelUnavailable) as caught:
        llm.complete(ask())
    assert caught.value.billed_unknown
    assert len(service.journal) == 1


@pytest.mark.parametrize(
    "piece",
    [
        b"",
        b"data: {}\n\n",
        b"event: message_delta\ndata: {\n\n",
        b'event: content_block_delta\ndata: {"type": "content_block_delta", "index": 9, "delta": {}}\n\n',
        b'event: content_block_delta\ndata: ["no", "event"]\n\n',
        b"event: message_delta\ndata: \xff\xfe\n\n",
        b"event: message_delta\ndata: " + b"[" * 100_000 + b"\n\n",
    ],
    ids=["ends", "says nothing", "half", "no block", "a list", "not UTF-8", "deep"],
)
def test_a_stream_of_another_form_is_no_exception_of_python(service, llm, ask, piece: bytes) -> None:
    service.fault(MESSAGES, "interrupt", piece=piece or b": nothing\n\n")
    with pytest.raises(ModelUnavailable) as caught:
        llm.complete(ask())
    assert caught.value.billed_unknown


@pytest.mark.parametrize(
    ("kind", "outcome", "after", "billed"),
    [
        ("overloaded_error", ModelUnavailable, 3, True),
        ("overloaded_error", ModelUnavailable, 0, False),
        ("api_error", ModelUnavailable, 3, True),
        ("invalid_request_error", ModelRejected, 3, True),
        ("billing_error", ModelRejected, 3, True),
    ],
)
def test_an_error_in_the_midst_of_a_stream_is_told_by_its_type(
    service, llm, ask, kind: str, outcome: type[ModelUnavailable | ModelRejected], after: int, billed: bool
) -> None:
    service.fault(MESSAGES, "interrupt", after=after, piece=error_event(kind))
    with pytest.raises((ModelUnavailable, ModelRejected), match=kind) as caught:
        llm.complete(ask())
    assert isinstance(caught.value, outcome)
    assert caught.value.billed_unknown is billed


def test_an_answer_that_only_drips_is_given_up(service, connect, ask) -> None:
    service.fault(MESSAGES, "drip", seconds=0.05)
    with pytest.raises(ModelUnavailable, match="took more than") as caught:
        connect(longest=0.1).complete(ask("x" * 500))
    assert caught.value.billed_unknown
    service.released.set()


def test_a_server_that_does_not_stream_is_understood(service, llm, ask) -> None:
    usage = {"input_tokens": 3, "output_tokens": 4}
    whole = {"content": [{"type": "text", "text": "Hi"}], "usage": usage, "stop_reason": "end_turn", "model": "m"}
    service.fault(MESSAGES, "status", status=200, body=whole)
    assert llm.complete(ask()).text == "Hi"
    service.fault(MESSAGES, "status", status=200, raw=b'{"content": [{"type"', ctype="application/json")
    with pytest.raises(ModelUnavailable) as caught:
        llm.complete(ask())
    assert caught.value.billed_unknown


def test_the_next_call_after_a_broken_one_goes_through(service, llm, ask) -> None:
    service.fault(MESSAGES, "reset")
    with pytest.raises(ModelUnavailable):
        llm.complete(ask())
    assert llm.complete(ask()).stop_reason == "end_turn"


def test_a_slow_answer_is_a_time_out_that_may_have_been_billed(service, connect, ask) -> None:
    service.fault(MESSAGES, "stall", seconds=5.0)
    with pytest.raises(ModelUnavailable, match="in time") as caught:
        connect(silence=0.1).complete(ask())
    assert caught.value.billed_unknown
    service.released.set()


def test_a_server_that_is_not_there_was_not_billed(connect, ask) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ModelUnavailable, match="cannot be reached") as caught:
        connect(base_url=f"http://127.0.0.1:{port}").complete(ask())
    assert not caught.value.billed_unknown


def test_an_address_that_is_none_is_rejected(connect, ask) -> None:
    with pytest.raises(ModelRejected, match="ANTHROPIC_BASE_URL"):
        connect(base_url="not an address").complete(ask())


def test_a_page_instead_of_a_message_is_a_wrong_address(service, llm, ask) -> None:
    service.fault(MESSAGES, "status", status=200, raw=b"<html>Welcome</html>", ctype="text/html")
    with pytest.raises(ModelRejected, match="ANTHROPIC_BASE_URL"):
        llm.complete(ask())


def test_a_gateways_page_is_unavailable(service, llm, ask) -> None:
    service.fault(MESSAGES, "status", status=502, raw=b"<html>Bad gateway</html>", ctype="text/html")
    with pytest.raises(ModelUnavailable):
        llm.complete(ask())


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        17,
        {"content": None, "usage": {"output_tokens": 1}},
        {"content": "text", "usage": {"output_tokens": 1}},
        {"content": [], "usage": None},
        {"content": ["text"], "usage": {"output_tokens": 1}},
        {"content": [{"type": "text"}], "usage": {"output_tokens": 1}},
        {"content": [{"type": "tool_use", "name": "x"}], "usage": {"output_tokens": 1}},
    ],
)
def test_a_message_of_another_form_is_no_exception_of_python(service, llm, ask, body: Any) -> None:
    service.fault(MESSAGES, "status", status=200, body=body)
    with pytest.raises((ModelUnavailable, ModelRejected)):
        llm.complete(ask())


def test_an_error_inside_a_good_status_is_told_by_its_type(service, llm, ask) -> None:
    service.fault(MESSAGES, "status", status=200, body=error_body("overloaded_error"))
    with pytest.raises(ModelUnavailable, match="overloaded_error"):
        llm.complete(ask())


def test_a_form_that_cannot_be_asked_for_is_rejected_before_anything_is_sent(service, llm, ask) -> None:
    with pytest.raises(ModelRejected, match="form"):
        llm.complete(ask(output_schema={"type": "object", "properties": {"any": {}}}))
    assert service.journal == []


def test_words_that_cannot_be_sent_are_rejected(service, llm, ask) -> None:
    with pytest.raises(ModelRejected, match="could not be made"):
        llm.complete(ask("a lone \ud800 surrogate"))
    assert service.journal == []
