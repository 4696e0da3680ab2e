"""The contexts of the pages of rules: which events a rule is tried with."""

import pytest
from django.conf import settings

from integrations import registry
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


def test_a_new_rule_begins_with_its_source_and_what_is_likely() -> None:
    form = rule_pages.new_form("schedule", None)
    assert form.source == "schedule"
    assert form.stated is not None
    assert form.stated["timezone"].value() == settings.TIME_ZONE
    page = rule_pages.writing(form, None, None)
    assert (page["data"], page["source"]["title"]) == ("", "Schedule")


def test_a_rule_for_an_event_begins_with_the_conditions_that_it_meets() -> None:
    form = rule_pages.new_form("standard", accept(an_event(source="standard", kind="paid"), []).receipt)
    assert form.stated is not None
    assert form.stated["types"].value() == "paid"


def test_every_source_can_be_chosen_and_says_what_it_is_for() -> None:
    found = {one["name"]: one for one in rule_pages.sources()}
    assert set(found) == {*registry.SOURCES, "schedule"}
    assert all(one["about"] and one["title"] != name for name, one in found.items())
    assert rule_pages.chosen_source("pigeon") is None


def test_a_source_that_is_broken_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.SOURCES, "pigeon", "integrations.pigeon.Source")
    found = rule_pages.chosen_source("pigeon")
    assert found is not None
    assert "cannot be made" in found["about"]


def test_a_rule_of_a_source_that_is_gone_can_still_be_opened() -> None:
    rule = a_rule("old", source="pigeon", conditions={"loft": 3})
    page = rule_pages.writing(PageForm(instance=rule), rule, None)
    assert page["source"]["title"] == "pigeon"
    assert page["form"].stated is None


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
