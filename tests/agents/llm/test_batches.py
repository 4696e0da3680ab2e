from collections.abc import Callable
from typing import Any

import pytest

from agents.contracts import ModelRejected, ModelUnavailable, Reply
from agents.llm.batches import AnthropicBatches
from tests.emulators.anthropic import error_body

CREATE = "POST /v1/messages/batches$"


@pytest.fixture
def batches(llm) -> AnthropicBatches:
    return AnthropicBatches(llm)


def test_each_call_finds_its_own_answer_at_half_the_price(service, llm, batches, ask: Callable[..., Any]) -> None:
    name = batches.send({"one": ask("One"), "two": ask("Two")})
    assert batches.look(name) is None
    results = batches.look(name)
    assert results
    assert {key: reply.text.rsplit(" ", 1)[1] for key, reply in results.items() if isinstance(reply, Reply)} == {
        "one": "One",
        "two": "Two",
    }
    assert all(isinstance(reply, Reply) and reply.usage.batch for reply in results.values())
    ledger = sum(llm.cost(reply) or 0 for reply in results.values() if isinstance(reply, Reply))
    assert abs(ledger - int(service.bill.usd() * 1_000_000)) <= 2


def test_what_is_sent_is_a_single_calls_but_for_the_stream_and_the_hour(service, batches, ask) -> None:
    batches.send({"one": ask()})
    (row,) = service.journal[0].json()["requests"]
    assert "stream" not in row["params"]
    assert row["params"]["system"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}


def test_a_row_without_an_answer_says_why(service, batches, ask) -> None:
    service.batches.polls = 1
    fates = {"late": "expired", "bad": "errored", "gone": "canceled"}
    service.batches.fate = lambda name, params: fates.get(name, "")
    results = batches.look(batches.send({name: ask() for name in fates}))
    assert results == {"late": "expired", "bad": "errored invalid_request_error", "gone": "canceled"}


def test_failures_are_those_of_a_single_call(service, batches, ask) -> None:
    service.fault(CREATE, "status", status=529, body=error_body("overloaded_error"))
    with pytest.raises(ModelUnavailable) as caught:
        batches.send({"one": ask()})
    assert not caught.value.billed_unknown
    service.fault(CREATE, "lost")
    with pytest.raises(ModelUnavailable) as caught:
        batches.send({"one": ask()})
    assert caught.value.billed_unknown
    with pytest.raises(ModelRejected):
        batches.look("msgbatch_999")
    name = batches.send({"one": ask()})
    batches.look(name)
    service.fault("results", "truncate")
    with pytest.raises(ModelUnavailable):
        batches.look(name)
