"""Slots of schedules: each leaves a Receipt, the latest a job, once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobs.lifecycle import slot
from jobs.models import Job, Receipt, Trigger
from tests.jobs.conftest import together

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


def schedule(slug: str = "morning", *, since: datetime = MIDNIGHT, **conditions: Any) -> Trigger:
    """A rule that has been there since then."""
    trigger = Trigger.objects.create(
        name="Morning report", slug=slug, source="schedule", conditions={"cron": "0 6 * * *"} | conditions
    )
    Trigger.objects.filter(pk=trigger.pk).update(created_at=since)
    return trigger


def kinds() -> list[tuple[str, int]]:
    """Each receipt's kind and how many jobs it opened, by slot."""
    rows = sorted(Receipt.objects.all(), key=lambda receipt: receipt.data["slot"])
    return [(receipt.kind, receipt.jobs.count()) for receipt in rows]


def test_nothing_happens_before_the_slot() -> None:
    schedule()
    assert slot.open_due(MIDNIGHT + timedelta(hours=5, minutes=59)) == []
    assert not Receipt.objects.exists()


def test_a_slot_opens_one_job_and_leaves_a_receipt() -> None:
    trigger = schedule()
    (accepted,) = slot.open_due(MIDNIGHT + timedelta(hours=6))
    (job,) = accepted.jobs
    assert (job.trigger, job.title) == (trigger, "Morning report, 2026-11-23 06:00 UTC")
    assert job.brief == "Morning report"
    receipt = Receipt.objects.get()
    assert receipt.external_id == "morning:2026-11-23T06:00:00+00:00"
    assert (receipt.kind, receipt.sender, receipt.data["slot"]) == ("slot", "morning", "2026-11-23T06:00:00+00:00")


def test_looking_again_opens_nothing_more() -> None:
    schedule()
    for minutes in range(5):
        slot.open_due(MIDNIGHT + timedelta(hours=6, minutes=minutes))
    assert Job.objects.count() == 1


def test_the_next_day_has_its_own() -> None:
    schedule()
    for day in range(3):
        slot.open_due(MIDNIGHT + timedelta(days=day, hours=6))
    assert kinds() == [("slot", 1)] * 3


def test_after_an_absence_the_latest_runs_and_the_missed_say_so() -> None:
    schedule()
    slot.open_due(MIDNIGHT + timedelta(days=3, hours=7))
    assert kinds() == [("slot.missed", 0)] * 3 + [("slot", 1)]
    assert "missed, a later slot ran" in Receipt.objects.get(external_id__contains="2026-11-24").summary
    slot.open_due(MIDNIGHT + timedelta(days=4, hours=6))
    assert kinds()[-1] == ("slot", 1)


def test_a_clock_that_goes_back_opens_no_slot_twice() -> None:
    schedule()
    slot.open_due(MIDNIGHT + timedelta(days=1, hours=6))
    before = kinds()
    slot.open_due(MIDNIGHT + timedelta(hours=6))
    slot.open_due(MIDNIGHT + timedelta(days=1, hours=6))
    assert kinds() == before


def test_the_morning_is_that_of_the_zone() -> None:
    schedule(timezone="Europe/Berlin")
    assert slot.open_due(MIDNIGHT + timedelta(hours=4, minutes=59)) == []
    assert len(slot.open_due(MIDNIGHT + timedelta(hours=5))) == 1


@pytest.mark.parametrize(
    "conditions",
    [{"cron": "whenever"}, {"cron": None}, {"timezone": "Mars"}, {"cron": "0 6 30 2 *"}, {"timezone": None}],
)
def test_a_schedule_that_cannot_be_read_keeps_no_other_from_its_slot(conditions: dict[str, Any]) -> None:
    schedule("a-broken-one", **conditions)
    schedule("sound")
    schedule("z-broken-one", **conditions)
    assert [accepted.receipt.sender for accepted in slot.open_due(MIDNIGHT + timedelta(hours=6))] == ["sound"]


def test_nor_does_one_whose_conditions_are_no_object() -> None:
    schedule("broken")
    Trigger.objects.update(conditions=["0 6 * * *"])
    schedule("sound")
    assert [accepted.receipt.sender for accepted in slot.open_due(MIDNIGHT + timedelta(hours=6))] == ["sound"]


def test_a_rule_that_is_switched_off_has_no_slots() -> None:
    schedule()
    Trigger.objects.update(enabled=False)
    assert slot.open_due(MIDNIGHT + timedelta(days=1)) == []


def test_a_template_that_names_what_is_not_there_leaves_a_receipt_that_says_why() -> None:
    schedule()
    Trigger.objects.update(brief_template="{weather}")
    (accepted,) = slot.open_due(MIDNIGHT + timedelta(hours=6))
    assert accepted.jobs == []
    assert "weather" in accepted.receipt.problems["morning"]
    assert slot.open_due(MIDNIGHT + timedelta(hours=7)) == []


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_open_each_slot_once() -> None:
    schedule()
    together(4, lambda: slot.open_due(MIDNIGHT + timedelta(days=2, hours=6)))
    assert kinds() == [("slot.missed", 0)] * 2 + [("slot", 1)]


@pytest.mark.parametrize("first", [datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)])
def test_a_week_with_a_clock_change_has_seven_mornings(first: datetime) -> None:
    schedule(since=first, cron="30 6 * * *", timezone="Europe/Berlin")
    for half_hours in range(7 * 48):
        slot.open_due(first + timedelta(minutes=30 * half_hours))
    assert kinds() == [("slot", 1)] * 7
