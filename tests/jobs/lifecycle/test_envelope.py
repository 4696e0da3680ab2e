from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone, translation
from pytest_django import Settings

from jobs import budget
from jobs.lifecycle import envelope, planning
from jobs.lifecycle.moves import LostRace
from jobs.models import Event, Job, Review, Run, Trigger
from tests.jobs.conftest import a_rule, claimed

pytestmark = pytest.mark.django_db
NIGHT = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


@pytest.fixture
def run(job, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A Run that has set money aside in the evening."""
    run = claimed()
    monkeypatch.setattr(timezone, "now", lambda: NIGHT)
    budget.reserve(run, 100)
    return run


def test_an_envelope_that_is_used_up_is_told_once(run: Run) -> None:
    first = envelope.used_up(run.job_id, "night", cause="It does not fit.", now=NIGHT)
    assert first
    assert (first.kind, first.payload["alarm"], first.payload["scope"]) == ("alarm", "spent", "night")
    assert "08:00" in first.payload["fix"]
    assert "page of costs" in first.payload["fix"]
    assert envelope.used_up(run.job_id, "night", cause="It does not fit.", now=NIGHT) is None
    assert envelope.used_up(run.job_id, "day", cause="It does not fit.", now=NIGHT)
    assert Review.objects.count() == 2


def test_an_envelope_that_nobody_took_from_is_not_used_up(run: Run) -> None:
    later = datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert envelope.used_up(run.job_id, "day", cause="x", now=later) is None


def put_off(run: Run) -> Job:
    """The job of a Run that did not fit into its night, and waits for the morning."""
    envelope.used_up(run.job_id, "night", cause="It does not fit.", now=NIGHT)
    with pytest.raises(budget.OverBudget) as refusal:
        budget.reserve(run, 10**12)
    planning.give_back(run, how=str(refusal.value), delay_seconds=30_000, by="orchestrator")
    return Job.objects.get(pk=run.job_id)


@pytest.fixture
def poor(settings: Settings) -> None:
    """An installation whose night may spend a thousandth of a dollar."""
    settings.NIGHT_BUDGET = 1_000
    settings.DAILY_BUDGET = settings.JOB_BUDGET = 10**13


def test_the_owners_word_counts_from_the_next_reservation_on(poor: None, run: Run) -> None:
    with pytest.raises(budget.OverBudget):
        budget.reserve(run, 5_000)
    envelope.change("night", 9_000, version=0, by="owner")
    budget.reserve(run, 5_000)
    envelope.change("night", None, version=1, by="owner")
    with pytest.raises(budget.OverBudget, match="tonight's envelope of"):
        budget.reserve(run, 1)


def test_a_change_is_a_line_of_the_history(run: Run) -> None:
    envelope.change("day", 7_000_000, version=0, by="owner")
    line = Event.objects.get(name="allowance.changed")
    assert (line.actor, line.job, line.data["before"], line.data["microusd"]) == (
        "owner",
        None,
        budget.usual("day"),
        7_000_000,
    )


def test_of_two_people_who_saw_the_same_one_is_refused(run: Run) -> None:
    envelope.change("day", 7_000_000, version=0, by="owner")
    with pytest.raises(LostRace, match="Somebody else changed this budget"):
        envelope.change("day", 1, version=0, by="other")
    assert budget.most("day") == 7_000_000
    assert Event.objects.filter(name="allowance.changed").count() == 1


def test_what_waited_for_money_goes_on_when_there_is_more(poor: None, run: Run) -> None:
    job = put_off(run)
    assert job.ready_at > NIGHT
    assert envelope.change("night", 2_000, version=0, by="owner")
    job.refresh_from_db()
    assert (job.ready_at, job.reason) == (NIGHT, "")
    item = Review.objects.get()
    assert (item.state, item.note) == ("superseded", "There is more money now: what waited goes on.")
    assert envelope.used_up(run.job_id, "night", cause="Again.", now=NIGHT), "it is told anew"


def test_with_less_money_what_waits_goes_on_waiting(poor: None, run: Run) -> None:
    put_off(run)
    assert not envelope.change("night", 500, version=0, by="owner")
    assert Job.objects.get(pk=run.job_id).ready_at > NIGHT
    assert Review.objects.get().state == "open"


@pytest.mark.parametrize(("written", "read"), [("de", "en"), ("en", "de"), ("de", "de")])
def test_what_waits_for_money_is_found_in_whichever_language_that_was_written(
    poor: None, run: Run, written: str, read: str
) -> None:
    with translation.override(written):
        job = put_off(run)
    assert ("Rahmen dieser Nacht" in job.reason) is (written == "de")
    with translation.override(read):
        envelope.change("night", 10**13, version=0, by="owner")
    job.refresh_from_db()
    assert job.reason == ""


def test_what_was_put_off_in_the_moment_of_the_change_is_not_left_behind(poor: None, run: Run) -> None:
    envelope.change("night", 10**6, version=0, by="owner")
    job = put_off(run)
    envelope.keep(NIGHT + timedelta(hours=1))
    assert Job.objects.get(pk=job.pk).ready_at > NIGHT, "the change is long ago"
    envelope.keep(NIGHT)
    assert Job.objects.get(pk=job.pk).ready_at == NIGHT


def test_nothing_may_be_spent_below_zero() -> None:
    with pytest.raises(IntegrityError):
        envelope.change("day", -1, version=0, by="owner")


@pytest.fixture
def ruled(run: Run) -> Trigger:
    """The rule of the Run's job, whose day is used up: its job waits for tomorrow."""
    rule = a_rule(daily_microusd=1_000)
    Job.objects.filter(pk=run.job_id).update(trigger=rule)
    with pytest.raises(budget.OverBudget) as refusal:
        budget.reserve(run, 5_000)
    cause = str(refusal.value)
    assert envelope.used_up(run.job_id, "rule", cause=cause, now=NIGHT)
    planning.give_back(run, how=cause, delay_seconds=30_000, by="orchestrator")
    return rule


def test_a_rule_whose_day_is_used_up_is_told_once(run: Run, ruled: Trigger) -> None:
    item = Review.objects.get()
    assert item.title == "Contact: its money of today is used up, its work waits"
    assert (item.payload["scope"], item.payload["trigger"]) == ("rule", ruled.pk)
    assert "at 00:00" in item.payload["fix"]
    assert envelope.used_up(run.job_id, "rule", cause="Again.", now=NIGHT) is None


def test_what_waited_for_a_rules_money_goes_on_when_there_is_more(run: Run, ruled: Trigger) -> None:
    other = Job.objects.create(title="x", brief="x", budget_microusd=1, ready_at=NIGHT + timedelta(hours=9))
    Job.objects.filter(pk=other.pk).update(reason="x, the envelope of its rule “Another”, $1 a day, has $1 spent.")
    envelope.rule_may_spend_more(ruled, by="owner")
    assert (Job.objects.get(pk=run.job_id).ready_at, Review.objects.get().state) == (NIGHT, "superseded")
    assert Job.objects.get(pk=other.pk).ready_at > NIGHT, "it waits for another rule"
    assert envelope.used_up(run.job_id, "rule", cause="Again.", now=NIGHT), "it is told anew"
