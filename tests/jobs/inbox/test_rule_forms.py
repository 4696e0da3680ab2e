"""What the pages of rules take, and what a rule made from an event begins with."""

from typing import Any

import pytest
from django.http import QueryDict

from jobs.inbox.rule_forms import PageForm, Trial, from_receipt
from jobs.lifecycle.intake import accept
from tests.jobs.conftest import a_rule, an_event

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
    values = from_receipt(receipt)
    assert values["brief_template"] == brief
    assert (values["source"], values["address"]) == ("form", "contact")


def written(**changes: Any) -> QueryDict:
    """What a browser sends of a rule for a schedule."""
    data = QueryDict(mutable=True)
    data.update(
        {
            "name": "Walk",
            "source": "schedule",
            "conditions-when": "every hour",
            "conditions-timezone": "Europe/Berlin",
            "title_template": "A walk",
            "brief_template": "Look around.",
            "priority": "2",
        }
        | changes
    )
    return data


def test_secrets_and_switch_are_not_written_on_the_page() -> None:
    fields = PageForm(initial={"source": "form"}).fields
    assert {"secret_version", "enabled", "budget_microusd", "conditions"} & set(fields) == set()


def test_a_rule_is_kept_with_what_its_source_asks_for() -> None:
    form = PageForm(written())
    assert form.is_kept
    assert form.sentence.startswith("Every hour (0 * * * *) in Europe/Berlin;")
    assert form.save().conditions == {"when": "every hour", "timezone": "Europe/Berlin"}


@pytest.mark.parametrize(
    "changes", [{"conditions-when": "sometimes"}, {"name": ""}, {"source": "pigeon"}, {"source": ""}]
)
def test_a_rule_is_not_kept_while_something_is_wrong_with_it(changes: dict[str, str]) -> None:
    form = PageForm(written(**changes))
    assert not form.is_kept
    assert form.is_wrong


def test_a_source_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: str, conditions: Any) -> str:
        raise ValueError("Not while it rains.")

    monkeypatch.setattr("jobs.lifecycle.rule.read_conditions", refuse)
    form = PageForm(written())
    assert not form.is_kept
    assert form.stated is not None
    assert "Not while it rains." in str(form.stated.non_field_errors())


def test_looking_keeps_nothing_and_says_how_it_reads() -> None:
    form = PageForm(written(do="look"))
    assert not form.is_kept
    assert not form.is_wrong
    assert form.sentence


def test_a_form_whose_rows_are_moved_is_not_judged() -> None:
    form = PageForm(written(source="form", name="", do="more:conditions-fields:0"))
    assert not form.is_kept
    assert not form.is_wrong
    assert form.sentence == ""
    assert not form["name"].errors


def test_another_source_begins_anew_and_the_same_keeps_what_there_is() -> None:
    rule = a_rule("bug", source="github", conditions={"event": "push"})
    assert PageForm(instance=rule).stated.stored == {"event": "push"}  # type: ignore[union-attr]
    assert PageForm(instance=rule, initial={"source": "mail"}).stated.stored == {}  # type: ignore[union-attr]
    form = PageForm(written(), instance=rule)
    assert form.is_kept
    kept = form.save()
    assert (kept.source, kept.conditions["when"]) == ("schedule", "every hour")


def test_an_address_is_shared_by_choosing_the_rule_that_has_it() -> None:
    a_rule("first", name="Site")
    a_rule("second", address="first")
    field: Any = PageForm(initial={"source": "form"}).fields["address"]
    assert field.choices == [("", "its own address"), ("first", "the address of “Site”")]
    assert "address" not in PageForm(initial={"source": "github"}).fields
    gone: Any = PageForm(instance=a_rule("third", address="nowhere")).fields["address"]
    assert ("nowhere", "nowhere") in gone.choices


def test_a_rule_without_an_address_of_its_own_to_choose_keeps_the_one_it_has() -> None:
    rule = a_rule("walk", source="schedule", address="old", conditions={"when": "every hour"})
    form = PageForm(written(slug="walk"), instance=rule)
    assert form.is_kept
    assert form.save().address == "old"


def test_a_trial_needs_one_of_the_two() -> None:
    assert not Trial({}).is_valid()
    assert Trial({"receipt": "3"}).is_valid()
    assert Trial({"pasted": "{}"}).is_valid()
