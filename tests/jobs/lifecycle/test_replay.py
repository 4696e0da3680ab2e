"""A receipt goes through today's rules: what is not opened yet is opened, once."""

from typing import Any

import pytest

from jobs.lifecycle import replay
from jobs.lifecycle.intake import accept
from jobs.models import Job, Receipt
from tests.jobs.conftest import a_rule, an_event, together

pytestmark = pytest.mark.django_db

LABELLED = {
    "event": "issues",
    "action": "labeled",
    "text": "It breaks",
    "repository": "a/b",
    "label": "agent",
    "author_association": "OWNER",
}


def kept(**changes: Any) -> Receipt:
    """A receipt that met no rule when it came."""
    return accept(an_event(**changes), []).receipt


def test_what_met_no_rule_is_opened_by_the_rules_of_today() -> None:
    receipt = kept()
    rule = a_rule("contact", agents=["drafting"])
    (step,) = replay.replay(receipt, by="owner")
    job = Job.objects.get()
    assert (step.job, step.is_new, job.receipt, job.trigger) == (job, True, receipt, rule)
    assert (job.brief, job.created_by, job.agents) == ("Do you deliver?", "owner", ["drafting"])
    assert replay.in_words(step) == f"Contact: opened job {job.pk}, Lea asks"


def test_a_second_replay_opens_nothing_more() -> None:
    receipt = kept()
    a_rule("contact")
    replay.replay(receipt, by="owner")
    (step,) = replay.replay(receipt, by="owner")
    assert not step.is_new
    assert "had opened before" in replay.in_words(step)
    assert Job.objects.count() == 1


def test_what_a_rule_opened_when_it_came_is_not_opened_again() -> None:
    rule = a_rule("contact")
    accepted = accept(an_event(), [rule])
    a_rule("second", address="contact")
    steps = replay.replay(accepted.receipt, by="owner")
    assert [(step.trigger.slug, step.is_new) for step in steps] == [("contact", False), ("second", True)]
    assert Job.objects.count() == 2


def test_a_fault_that_was_mended_is_opened() -> None:
    rule = a_rule("contact", brief_template="{nobody}")
    receipt = accept(an_event(), [rule]).receipt
    (step,) = replay.replay(receipt, by="owner")
    assert "The rule names {nobody}" in replay.in_words(step)
    type(rule).objects.update(brief_template="{text}")
    (step,) = replay.replay(receipt, by="owner")
    assert step.is_new


@pytest.mark.parametrize("columns", [{"enabled": False}, {"slug": "elsewhere"}, {"source": "standard"}])
def test_rules_that_are_off_or_elsewhere_have_no_part_in_it(columns: dict[str, Any]) -> None:
    receipt = kept()
    a_rule(**{"slug": "contact", **columns})
    assert replay.replay(receipt, by="owner") == []
    assert not Job.objects.exists()


def test_a_rule_that_cannot_be_read_is_told_of_and_keeps_no_other_from_it() -> None:
    receipt = kept(source="github", kind="issues.labeled", address="", data=LABELLED)
    a_rule("broken", source="github", conditions={"event": "moon"})
    a_rule("good", source="github", conditions={"event": "issues.labeled"})
    steps = replay.replay(receipt, by="owner")
    assert [(step.trigger.slug, step.is_new) for step in steps] == [("broken", False), ("good", True)]
    assert "event" in steps[0].reason


def test_a_rule_that_a_person_chose_is_applied_also_from_another_address() -> None:
    receipt = kept()
    step = replay.apply(a_rule("other"), receipt, by="owner")
    assert step.is_new
    assert not replay.apply(step.trigger, receipt, by="owner").is_new


def test_a_rule_that_the_event_does_not_meet_opens_nothing_though_chosen() -> None:
    step = replay.apply(a_rule("types", source="standard", conditions={"types": ["a"]}), kept(), by="owner")
    assert "does not meet" in step.reason
    assert not Job.objects.exists()


def test_a_test_event_stays_one() -> None:
    receipt = kept(is_test=True)
    rule = a_rule("contact")
    for act in (lambda: replay.replay(receipt, by="x"), lambda: replay.apply(rule, receipt, by="x")):
        with pytest.raises(replay.NotReplayed, match="a test"):
            act()
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_replays_at_the_same_moment_open_one_job() -> None:
    receipt = kept()
    a_rule("contact")
    steps = [one for (one,) in together(5, lambda: replay.replay(receipt, by="owner"))]
    assert sorted(step.is_new for step in steps) == [False] * 4 + [True]
    assert len({step.job for step in steps}) == 1
    assert Job.objects.count() == 1
