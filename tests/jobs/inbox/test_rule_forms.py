"""What the pages of rules take, and what a rule made from an event begins with."""

from typing import Any

import pytest

from jobs.inbox.rule_forms import PageForm, Trial, from_receipt
from jobs.lifecycle.intake import accept
from tests.jobs.conftest import an_event

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("data", "brief"),
    [
        ({"name": "Lea", "text": "Hello"}, "{text}"),
        ({"name": "Lea", "order": {"id": 1}, "a b": "x", "n": 7, "yes": True, "no": ""}, "name: {name}\nn: {n}"),
        ({"order": {"id": 1}}, "{summary}"),
        ({}, "{summary}"),
    ],
)
def test_a_rule_made_from_an_event_names_what_that_has(data: dict[str, Any], brief: str) -> None:
    receipt = accept(an_event(data=data), []).receipt
    values = from_receipt(receipt, {"a": 1})
    assert values["brief_template"] == brief
    assert (values["source"], values["address"], values["conditions"]) == ("form", "contact", {"a": 1})


def test_secrets_and_switch_are_not_written_on_the_page() -> None:
    assert {"secret_version", "enabled", "budget_microusd"} & set(PageForm().fields) == set()


def test_the_sources_to_choose_from_are_those_that_there_are() -> None:
    named = [value for value, _ in PageForm(initial={"source": "gone"}).fields["source"].widget.choices]
    assert {"form", "standard", "github", "schedule", "gone"} <= set(named)


def test_a_trial_needs_one_of_the_two() -> None:
    assert not Trial({}).is_valid()
    assert Trial({"receipt": "3"}).is_valid()
    assert Trial({"pasted": "{}"}).is_valid()
