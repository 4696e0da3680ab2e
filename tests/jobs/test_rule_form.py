"""A rule is kept as its owner wrote it, or refused with what to write instead."""

from typing import Any

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from jobs.models import Trigger
from jobs.rule_form import RuleForm
from tests.jobs.conftest import a_rule

pytestmark = pytest.mark.django_db


def filled(**changes: Any) -> RuleForm:
    """A form that could be kept, but for these changes."""
    values: dict[str, Any] = {
        "name": "Enquiry from the site",
        "slug": "enquiry",
        "source": "form",
        "conditions": "{}",
        "title_template": "{summary}",
        "brief_template": "{text}",
        "priority": "1",
        "secret_version": "1",
        "enabled": "on",
    }
    return RuleForm(values | changes)


def kept(**changes: Any) -> Trigger:
    """The rule that such a form makes."""
    form = filled(**changes)
    assert form.is_valid(), form.errors
    return form.save()


def test_a_rule_is_kept_as_it_was_written() -> None:
    form = filled(budget="1.50", agents=["research", "drafting"], conditions='{"heading": "Ask us"}')
    assert form.errors == {}
    form.save()
    rule = Trigger.objects.get()
    assert rule.budget_microusd == 1_500_000
    assert rule.agents == ["research", "drafting"]
    assert rule.conditions == {"heading": "Ask us"}


def test_without_an_address_the_name_makes_one() -> None:
    assert kept(slug="").slug == "enquiry-from-the-site"
    assert kept(slug="").slug == "enquiry-from-the-site-2"
    assert kept(slug="", name="***").slug == "rule"
    assert kept(slug="", name="New").slug == "new-2"


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"source": "carrier-pigeon"}, "source", "There is no source named"),
        ({"conditions": "[]"}, "conditions", "JSON object"),
        ({"conditions": "{"}, "conditions", "valid JSON"),
        ({"conditions": '{"moon": 1}'}, "conditions", "moon"),
        ({"title_template": "{first name}"}, "title_template", "is no name"),
        ({"brief_template": "{0.__class__}"}, "brief_template", "is no name"),
        ({"agents": ["astrologer"]}, "agents", "astrologer"),
        ({"address": "nowhere"}, "address", "no other form rule"),
        ({"slug": "new"}, "slug", "address of a page"),
        ({"budget": "-1"}, "budget", "greater than"),
        ({"client": "99"}, "client", "valid choice"),
    ],
)
def test_what_could_not_work_is_refused_where_it_stands(changes: dict[str, Any], field: str, said: str) -> None:
    form = filled(**changes)
    assert not form.is_valid()
    assert said in str(form.errors[field])


def test_an_address_is_shared_with_a_rule_of_the_same_source_that_has_its_own() -> None:
    first = a_rule("first")
    assert filled(address="first").is_valid()
    a_rule("second", address="first")
    assert not filled(address="second").is_valid()
    assert not filled(address="first", source="standard").is_valid()
    itself = RuleForm({**filled().data, "address": "first", "slug": "first"}, instance=first)
    assert "address" in itself.errors


def test_conditions_can_be_read_by_whoever_mends_them() -> None:
    text = str(RuleForm(instance=a_rule("first", conditions={"heading": "Grüße"}))["conditions"])
    assert "{\n  &quot;heading&quot;: &quot;Grüße&quot;\n}" in text


def test_empty_conditions_are_none() -> None:
    assert kept(conditions="").conditions == {}


def test_the_registry_of_the_settings_names_the_agents() -> None:
    assert "research" in import_string(settings.AGENT_REGISTRY)


@pytest.mark.parametrize(("daily", "goes_on"), [("5", True), ("", True), ("1", False), ("0.5", False)])
def test_what_a_rule_may_spend_a_day_is_kept_and_more_of_it_lets_its_work_go_on(
    daily: str, goes_on: bool, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    let: list[Trigger] = []
    monkeypatch.setattr("jobs.lifecycle.envelope.rule_may_spend_more", lambda rule, by: let.append(rule))
    with django_capture_on_commit_callbacks(execute=True):
        rule = kept(daily="1")
        assert rule.daily_microusd == 1_000_000
        assert RuleForm(instance=rule).fields["daily"].initial == 1
        again = RuleForm({**filled().data, "daily": daily}, instance=rule)
        assert again.is_valid()
        again.save()
    assert bool(let) is goes_on
