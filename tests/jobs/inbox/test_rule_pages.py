"""The contexts of the pages of rules: which events a rule is tried with."""

import pytest

from jobs.inbox import rule_pages
from jobs.inbox.rule_forms import PageForm
from jobs.lifecycle.intake import accept
from jobs.models import Review, Trigger
from tests.jobs.conftest import a_rule, an_event

pytestmark = pytest.mark.django_db


def test_a_rule_is_tried_with_the_events_of_its_own_address() -> None:
    mine = accept(an_event(), []).receipt
    accept(an_event(external_id="other:1", address="other"), [])
    assert rule_pages.rule(a_rule("contact"))["candidates"] == [mine]
    assert rule_pages.rule(a_rule("second", address="contact"))["candidates"] == [mine]


def test_a_rule_of_a_source_with_one_address_is_tried_with_all_its_events() -> None:
    pushed = accept(an_event(source="github", external_id="1", address=""), []).receipt
    assert rule_pages.rule(a_rule("github", source="github"))["candidates"] == [pushed]
    assert rule_pages.rule(a_rule("pushes", source="github"))["candidates"] == [pushed]


def test_a_new_rule_begins_as_a_form() -> None:
    assert rule_pages.first_values(None)["source"] == "form"
    assert rule_pages.writing(PageForm(), None, None)["data"] == ""


def test_secrets_of_a_rule_that_has_none_are_refused() -> None:
    with pytest.raises(rule_pages.Refused):
        rule_pages.secrets(Trigger(slug="x", source="github"), renewed=True)


def test_a_schedule_shows_when_it_comes_next_and_what_became_of_its_slots(silent: Review) -> None:
    page = rule_pages.rule(Trigger.objects.get())
    assert page["is_schedule"]
    assert len(page["next_slots"]) == 5
    assert [row.label for row in page["past_slots"]] == [silent.payload["label"]]


def test_no_other_rule_has_slots() -> None:
    assert "next_slots" not in rule_pages.rule(a_rule("contact"))
