from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from tests.emulators.anthropic import TOKEN, AnthropicEmulator

GOOD: dict[str, Any] = {
    "model": "claude-opus-5-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
}


@pytest.fixture
def service() -> Iterator[AnthropicEmulator]:
    emulator = AnthropicEmulator().start()
    yield emulator
    emulator.stop()
    assert not emulator.bugs()


@pytest.fixture
def client(service: AnthropicEmulator) -> Iterator[anthropic.Anthropic]:
    strict: dict[str, Any] = {"max_retries": 0, "_strict_response_validation": True}
    with anthropic.Anthropic(api_key=TOKEN, base_url=service.url, **strict) as made:
        yield made


def row(name: str, **changes: Any) -> Any:
    return {"custom_id": name, "params": {**GOOD, **changes}}


def test_a_batch_ends_after_its_polls_and_answers_in_another_order(
    service: AnthropicEmulator, client: anthropic.Anthropic
) -> None:
    fates = {"late": "expired", "gone": "canceled", "bad": "errored"}
    service.batches.fate = lambda name, params: fates.get(name, "")
    names = ["one", "late", "gone", "bad", "nobodys"]
    batch = client.messages.batches.create(
        requests=[*(row(name) for name in names[:4]), row("nobodys", model="claude-nobody-1")]
    )
    assert batch.processing_status == "in_progress"
    with pytest.raises(anthropic.AnthropicError):
        client.messages.batches.results(batch.id)
    assert client.messages.batches.retrieve(batch.id).processing_status == "ended"
    results = list(client.messages.batches.results(batch.id))
    assert [result.custom_id for result in results] == names[::-1]
    kinds = [result.result.type for result in results]
    assert kinds == ["errored", "errored", "canceled", "expired", "succeeded"]
    (line,) = service.bill.lines
    assert line.usage["service_tier"] == "batch"


def test_a_batch_costs_half(service: AnthropicEmulator, client: anthropic.Anthropic) -> None:
    client.messages.create(**GOOD)
    batch = client.messages.batches.create(requests=[row("one")])
    service.batches.polls = 1
    client.messages.batches.retrieve(batch.id)
    whole, half = service.bill.lines
    assert whole.usd == 2 * half.usd > 0


def test_a_cancelled_batch_is_on_its_way_to_its_end(client: anthropic.Anthropic) -> None:
    batch = client.messages.batches.create(requests=[row("one")])
    assert client.messages.batches.cancel(batch.id).processing_status == "canceling"
    for _ in range(2):
        batch = client.messages.batches.retrieve(batch.id)
    assert batch.request_counts.canceled == 1


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row("a b")],
        [row("a"), row("a")],
        [row("x" * 65)],
        [row("a", stream=True)],
        [{"custom_id": "a"}],
    ],
)
def test_batches_of_another_form_are_refused(client: anthropic.Anthropic, rows: list[Any]) -> None:
    with pytest.raises(anthropic.BadRequestError):
        client.messages.batches.create(requests=rows)


def test_nobodys_batch_is_not_found(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError):
        client.messages.batches.retrieve("msgbatch_999")
