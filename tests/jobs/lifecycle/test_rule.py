"""What a rule says, and what it would make of an event."""

from typing import Any

import pytest
from django.conf import settings

from jobs.lifecycle import rule as rules
from jobs.lifecycle.intake import Inbound, accept
from jobs.models import Client, Job, Receipt, Trigger
from tests.jobs.conftest import a_rule, an_event

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("source", "conditions", "said"),
    [
        ("form", {}, "Every submission to its own address."),
        ("standard", {"types": ["a"]}, "Events of type a."),
        ("schedule", {"cron": "0 6 * * *"}, "At 0 6 * * * in UTC"),
        ("fax", {}, "Cannot be read: There is no source named 'fax'"),
        ("standard", [], "Cannot be read: Write a JSON object"),
    ],
)
def test_the_conditions_are_a_sentence_or_say_why_they_are_none(source: str, conditions: Any, said: str) -> None:
    assert rules.sentence_of(Trigger(source=source, conditions=conditions)).startswith(said)


@pytest.mark.parametrize("template", ["{first name}", "{}", "{0}", "{a!r}", "{a:>9}", "{a-b}", "{ a }"])
def test_a_template_that_could_not_be_filled_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="is no name"):
        rules.check_template(f"Before {template} after")


def test_a_template_of_names_is_taken() -> None:
    assert rules.check_template("{a} {b.c} {__class__} } {") == "{a} {b.c} {__class__} } {"


def test_a_shared_address_is_the_others() -> None:
    shared = a_rule("second", address="contact")
    assert rules.address_of(shared) == f"{settings.BASE_URL}/hooks/form/contact/"
    assert not rules.has_secrets(shared)
    assert rules.has_secrets(a_rule("contact"))
    assert not rules.has_secrets(a_rule("issues", source="github"))


def test_the_rules_for_an_event_are_those_of_its_address() -> None:
    own, shared = a_rule("contact"), a_rule("second", address="contact")
    a_rule("other"), a_rule("issues", source="github")
    assert rules.for_event(an_event()) == [own, shared]
    assert rules.for_event(an_event(source="github", address="")) == [Trigger.objects.get(slug="issues")]


def test_what_a_rule_would_open_is_shown_and_not_opened(trattoria: Client) -> None:
    rule = a_rule("contact", title_template="Question of {name}", brief_template="{text}", client=trattoria)
    prospect = rules.prospect(rule, an_event())
    assert (prospect.title, prospect.brief, prospect.client) == ("Question of Lea", "Do you deliver?", trattoria)
    assert prospect.reason == ""
    assert not Job.objects.exists()
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"brief_template": "{__class__}"}, "The rule names {__class__}, but this event has: empty, kind, name"),
        ({"brief_template": "{text.__class__.__mro__}"}, "The rule names {text.__class__.__mro__}"),
        ({"title_template": "{nobody}"}, "The rule names {nobody}"),
        ({"brief_template": "{empty}"}, "came out empty"),
        ({"conditions": {"moon": 1}, "source": "standard"}, "moon"),
        ({"conditions": {"types": ["b"]}, "source": "standard"}, "events of type b."),
        ({"source": "github"}, "does not meet"),
        ({"source": "fax"}, "There is no source named"),
    ],
)
def test_what_a_rule_would_not_open_has_a_reason(columns: dict[str, Any], said: str) -> None:
    rule = a_rule("contact", **columns)
    source = "form" if rule.source == "github" else rule.source
    event = an_event(source=source, data={"name": "Lea", "text": "Do you deliver?", "empty": " "})
    assert said in rules.prospect(rule, event).reason


def test_a_title_that_comes_out_empty_is_the_brief_as_in_the_job() -> None:
    rule = a_rule("contact", title_template="{nothing}", brief_template="{text}")
    event = an_event(data={"nothing": "", "text": "One\nTwo"})
    (job,) = accept(event, [rule]).jobs
    assert rules.prospect(rule, event).title == job.title == "One"


def test_a_slot_meets_its_own_schedule_alone() -> None:
    mine, other = (a_rule(slug, source="schedule", conditions={"cron": "0 6 * * *"}) for slug in ("mine", "other"))
    slot = Inbound(source="schedule", external_id="mine:x", kind="slot", body=b"", sender="mine")
    assert [rules.meets(rule, slot) for rule in (mine, other)] == [True, False]


def test_a_rule_is_switched_and_its_secrets_renewed() -> None:
    rule = a_rule("contact")
    rules.set_enabled(rule, enabled=False)
    rules.renew_secrets(rule)
    rule.refresh_from_db()
    assert (rule.enabled, rule.secret_version) == (False, 2)


def test_a_schedule_that_is_switched_on_again_counts_from_then(hourly: Trigger) -> None:
    rules.set_enabled(hourly, enabled=False)
    hourly.refresh_from_db()
    assert (hourly.enabled, hourly.active_since) == (False, None)
    rules.set_enabled(hourly, enabled=True)
    hourly.refresh_from_db()
    assert hourly.enabled
    assert hourly.active_since is not None
