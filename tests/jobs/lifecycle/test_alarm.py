"""The alarms in words, and what can be done about each."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs.lifecycle import alarm
from jobs.lifecycle import job as jobs
from jobs.models import Job, Review, Trigger

pytestmark = pytest.mark.django_db

SLOT = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)


def rule() -> Trigger:
    """A morning's rule that is in no table."""
    return Trigger(
        pk=7, name="Morning", slug="morning", source="schedule", conditions={"timezone": "Europe/Berlin"}
    )


def test_a_missed_slot_names_rule_and_slot_on_the_rules_own_clock() -> None:
    made = alarm.silent(rule(), [SLOT], late=timedelta(hours=3, minutes=5))
    assert made["title"] == "Morning, 2026-11-23 06:30 Europe/Berlin: the slot was missed"
    assert made["consequence"] == "Nobody opened it at its time. It was opened 3 h 5 min late, and runs."
    payload = made["payload"]
    assert (payload["rule"], payload["trigger"], payload["slot"]) == ("morning", 7, "2026-11-23T05:30:00+00:00")
    assert not payload["held"]


def test_a_missed_slot_that_is_left_says_why() -> None:
    made = alarm.silent(rule(), [SLOT], late=timedelta(hours=3), left="missed slots are not caught up")
    assert "It was not run: missed slots are not caught up." in made["consequence"]
    assert made["payload"]["held"]


def test_one_alarm_may_speak_for_several_slots() -> None:
    made = alarm.silent(rule(), [SLOT - timedelta(days=2), SLOT - timedelta(days=1), SLOT], late=timedelta(hours=1))
    assert made["title"].endswith("06:30 Europe/Berlin: this slot and 2 before it were missed")
    assert made["consequence"].startswith("The first was 2026-11-21 06:30 Europe/Berlin.")


def test_a_run_that_hangs_says_how_long_and_what_is_usual() -> None:
    job = Job(trigger=rule(), data={"slot": SLOT.isoformat()})
    made = alarm.hanging(job, lasts=timedelta(hours=4), usual=timedelta(minutes=20))
    assert made["consequence"] == "It has been open for 4 h without an end. Usual is 20 min."
    made = alarm.hanging(job, lasts=timedelta(hours=4), usual=None)
    assert made["consequence"].endswith("It has not ended by its next slot.")


def test_a_run_of_no_rule_is_no_slot(job: Job) -> None:
    assert not alarm.is_slot(job)
    assert not alarm.is_slot(Job(data={"slot": "x"}))
    assert not alarm.is_slot(Job(data={"slot": "x"}, trigger=Trigger(source="form")))
    assert not alarm.is_slot(Job(data={}, trigger=rule()))
    assert alarm.is_slot(Job(data={"slot": "x"}, trigger=rule()))
    with pytest.raises(ValueError, match="is no run of a schedule"):
        alarm.empty(Job(data={"slot": SLOT.isoformat()}))


def test_what_can_be_run_because_of_an_alarm(silent: Review) -> None:
    assert alarm.remedy(silent) == alarm.RUN
    jobs.cancel(silent.own_job, by="owner")
    silent.own_job.refresh_from_db()
    assert alarm.remedy(silent) == ""


def test_an_empty_run_can_be_run_again(empty: Review) -> None:
    assert alarm.remedy(empty) == alarm.AGAIN


@pytest.mark.parametrize(
    ("state", "remedy"),
    [("pending", "instead"), ("in_progress", "instead"), ("needs_review", ""), ("completed", ""), ("failed", "")],
)
def test_a_run_that_hangs_can_be_replaced_while_it_does(hanging: Review, state: str, remedy: str) -> None:
    Job.objects.update_state(state=state)
    hanging.own_job.refresh_from_db()
    assert alarm.remedy(hanging) == remedy
