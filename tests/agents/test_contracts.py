"""The words that every thinking room shares."""

from typing import Any

import pytest
from pydantic import ValidationError

from agents.contracts import (
    Agent,
    Ask,
    BudgetExhausted,
    Made,
    ModelRefused,
    ModelUnavailable,
    Reply,
    Usage,
)
from agents.decisions import Split
from agents.kinds.drafting import DraftingAgent
from agents.llm.anthropic import AnthropicLLM
from agents.llm.rehearsal import RehearsalLLM

CALL: dict[str, Any] = {
    "agent": "drafting",
    "model": "small",
    "system": "You write.",
    "messages": [{"role": "user", "content": "Write it."}],
}
THINKING = {"type": "thinking", "thinking": "", "signature": "c2ln"}


def reply(*content: dict[str, Any]) -> Reply:
    """A reply of these blocks."""
    return Reply(content=list(content), stop_reason="end_turn", usage=Usage(), model="small")


def test_equal_calls_have_equal_digests_whatever_order_they_were_made_in() -> None:
    turned = {
        "messages": [{"content": "Write it.", "role": "user"}],
        **{k: CALL[k] for k in ("system", "model", "agent")},
    }
    assert Ask(**CALL).digest() == Ask(**turned).digest()
    # Stored turns of every earlier version are found by it: it must never change by itself.
    assert Ask(**CALL).digest() == "704101cc042d6fe8c28f011974994a4eb61fa1dea039402a5689318d9036b03a"


@pytest.mark.parametrize(
    "change",
    [
        {"model": "large"},
        {"system": "You think."},
        {"messages": [{"role": "user", "content": "Write it!"}]},
        {"tools": [{"name": "fetch"}]},
        {"output_schema": {"type": "object"}},
        {"max_tokens": 1},
        {"effort": "low"},
    ],
)
def test_a_call_that_differs_in_anything_has_another_digest(change: dict[str, Any]) -> None:
    assert Ask(**{**CALL, **change}).digest() != Ask(**CALL).digest()


def test_a_value_is_not_changed_and_takes_no_unknown_field() -> None:
    ask = Ask(**CALL)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(ask, "model", "large")  # noqa: B010 - the plain form is refused before it runs
    with pytest.raises(ValidationError, match="temperature"):
        Ask.model_validate({**CALL, "temperature": 1})


def test_the_text_of_a_reply_is_all_of_its_text_and_no_thinking() -> None:
    said = reply(THINKING, {"type": "text", "text": "One "}, {"type": "text", "text": "two"})
    assert (said.text, said.tool_uses) == ("One two", [])
    assert reply(THINKING).text == ""


def test_tools_are_asked_for_in_order() -> None:
    uses = [{"type": "tool_use", "id": str(number), "name": "fetch", "input": {}} for number in range(3)]
    assert reply(THINKING, *uses).tool_uses == uses


def test_an_interruption_carries_what_the_job_layer_needs() -> None:
    away = ModelUnavailable("overloaded", retry_after=3.0, billed_unknown=True)
    assert (str(away), away.retry_after, away.billed_unknown) == ("overloaded", 3.0, True)
    assert (ModelUnavailable("x").retry_after, ModelUnavailable("x").billed_unknown) == (None, False)
    assert BudgetExhausted("day", "spent").scope == "day"
    assert str(ModelRefused("", "")) == "the model refused (no category given)"


@pytest.mark.parametrize("count", [1, 3])
def test_a_split_has_two_parts(count: int) -> None:
    with pytest.raises(ValidationError):
        Split.model_validate({"parts": [{"title": "A", "brief": "B"}] * count, "reason": "Too much."})


def test_only_the_known_kinds_of_artifacts_are_made() -> None:
    with pytest.raises(ValidationError, match="kind"):
        Made.model_validate({"kind": "program", "name": "a.sh", "content": b""})


def test_an_agent_is_known_by_its_shape_and_both_models_by_their_names() -> None:
    assert isinstance(DraftingAgent(), Agent)
    assert not isinstance(object(), Agent)
    assert {RehearsalLLM.name, AnthropicLLM.name} == {"rehearsal", "anthropic"}
