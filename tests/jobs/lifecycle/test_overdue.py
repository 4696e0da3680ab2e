"""The watch over runs of schedules: one that hangs raises one alarm; a whole day of it beside the other two."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from jobs.lifecycle import overdue, planning, slot
from jobs.lifecycle import task as tasks
from jobs.models import Delivery, Event, Job, Receipt, Review, Run, Trigger
from jobs.states import NEVER
from tests.jobs.conftest import STEP, a_file, claimed, together

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
A_FILE = tasks.Result(output={}, summary="a file", files=[a_file()])
NOTHING = tasks.Result(output={}, summary="nothing new", files=[])


@pytest.fixture
def midnight() -> datetime:
    """A midnight ahead of the real clock, on which history is written and runs are timed."""
    return datetime.combine(timezone.now().date() + timedelta(days=2), time(), tzinfo=UTC)


def hourly(since: datetime, **conditions: Any) -> Trigger:
    """A rule with a slot each hour."""
    rule = {"when": "every hour", **conditions}
    trigger = Trigger.objects.create(name="Look around", slug="hourly", source="schedule", conditions=rule)
    Trigger.objects.filter(pk=trigger.pk).update(created_at=since)
    return trigger


def tick(now: datetime) -> list[Job]:
    """What a minute of the clock opens."""
    opened = [job for accepted in slot.open_due(now) for job in accepted.jobs if job.state == "pending"]
    slot.release_queued()
    overdue.check(now)
    return opened


def run(job: Job, result: tasks.Result) -> None:
    """Plan this job and do its one task."""
    Job.objects.filter(pk=job.pk).update(ready_at=job.created_at)
    planning.accept_plan(claimed(), [STEP], by="orchestrator")
    tasks.succeed(claimed(), result, by="agent:test")


def alarms() -> list[tuple[str, str]]:
    """Each alarm's kind and slot, by slot."""
    rows = [(row.payload["alarm"], row.payload["slot"]) for row in Review.objects.filter(kind="alarm")]
    return sorted(rows, key=lambda row: row[1])


def took(job: Job, length: timedelta) -> None:
    """Let the last attempt of a job have ended this long after its first began."""
    Run.objects.filter(job=job).update(started_at=job.created_at, finished_at=job.created_at + length)


@pytest.mark.parametrize(("catch_up", "runs"), [("latest", 22), ("all", 24), ("none", 21)])
def test_a_day_with_an_absence_an_empty_run_and_a_hang_has_five_alarms(
    midnight: datetime, catch_up: str, runs: int, settings: Settings
) -> None:
    settings.NOTICES = {"slack": {"events": ["review.*"], "cards": ["review"]}}
    hourly(midnight - HOUR / 2, catch_up=catch_up)
    stopped, back, empty, hang = midnight + 5 * HOUR, midnight + 7.5 * HOUR, 11, 15
    ran = 0
    for minute in range(0, 24 * 60, 15):
        now = midnight + timedelta(minutes=minute)
        if stopped <= now < back:
            continue
        for job in tick(now):
            ran += 1
            at = datetime.fromisoformat(job.data["slot"]).hour
            if at != hang:
                run(job, NOTHING if at == empty else A_FILE)
    expected = [("silent", 5), ("silent", 6), ("silent", 7), ("empty", empty), ("hanging", hang)]
    assert alarms() == [(kind, (midnight + hour * HOUR).isoformat()) for kind, hour in expected]
    assert ran == runs, "of the three that were missed one, all or none ran"
    assert Receipt.objects.count() == 24
    # Each is told in Slack, too.
    cards = {f"review:{row.pk}" for row in Review.objects.filter(kind="alarm")}
    assert set(Delivery.objects.filter(kind="notice", target="slack").values_list("card", flat=True)) == cards


def test_a_run_that_ends_in_time_hangs_not(midnight: datetime) -> None:
    hourly(midnight)
    (job,) = tick(midnight + HOUR)
    assert overdue.check(midnight + 2 * HOUR) == [], "an hour is always given"
    run(job, A_FILE)
    assert overdue.check(midnight + 20 * HOUR) == []


def test_a_run_that_hangs_raises_one_alarm_that_names_rule_slot_and_time(midnight: datetime) -> None:
    hourly(midnight)
    tick(midnight + HOUR)
    (review,) = overdue.check(midnight + 2 * HOUR + timedelta(minutes=1))
    assert overdue.check(midnight + 9 * HOUR) == []
    assert review.title == f"Look around, {midnight + HOUR:%Y-%m-%d %H:%M} UTC: the run hangs"
    assert "It has been open for 1 h 1 min" in review.consequence
    assert "not ended by its next slot" in review.consequence


def test_a_rule_without_a_history_gives_time_until_its_next_slot_but_a_day_at_most(midnight: datetime) -> None:
    Trigger.objects.filter(pk=hourly(midnight).pk).update(conditions={"cron": "0 */6 * * *"})
    tick(midnight + 6 * HOUR)
    assert overdue.check(midnight + 12 * HOUR) == []
    assert len(overdue.check(midnight + 12 * HOUR + timedelta(seconds=1))) == 1
    Review.objects.all().delete()
    Trigger.objects.update(conditions={"cron": "0 6 1 1 *"})
    assert overdue.check(midnight + 30 * HOUR) == []
    assert len(overdue.check(midnight + 30 * HOUR + timedelta(seconds=1))) == 1


def test_a_rule_that_cannot_be_read_any_more_gives_a_day(midnight: datetime) -> None:
    hourly(midnight)
    tick(midnight + HOUR)
    Trigger.objects.update(conditions={"when": "whenever"})
    assert overdue.check(midnight + 25 * HOUR) == []
    assert len(overdue.check(midnight + 25 * HOUR + timedelta(seconds=1))) == 1


def test_with_a_history_three_times_the_usual_is_too_long(midnight: datetime) -> None:
    hourly(midnight)
    for hour, length in enumerate((2 * HOUR, HOUR / 2, 40 * HOUR), start=1):
        (job,) = tick(midnight + hour * HOUR)
        run(job, A_FILE)
        took(job, length)
    tick(midnight + 4 * HOUR)
    assert overdue.check(midnight + 10 * HOUR) == [], "the median is two hours"
    (review,) = overdue.check(midnight + 10 * HOUR + timedelta(minutes=1))
    assert "Usual is 2 h." in review.consequence


def test_what_waits_for_a_person_or_for_its_turn_hangs_not(midnight: datetime) -> None:
    hourly(midnight, overlap="queue")
    (first,) = tick(midnight + HOUR)
    Job.objects.filter(pk=first.pk).update(ready_at=first.created_at)
    planning.ask(claimed(), question="Which?", suggestions=[], recommended=0, by="orchestrator")
    tick(midnight + 2 * HOUR)
    Job.objects.exclude(pk=first.pk).update(ready_at=NEVER)
    assert overdue.check(midnight + 20 * HOUR) == []


def test_the_time_counts_from_when_a_person_let_it_go_on(midnight: datetime) -> None:
    hourly(midnight)
    (job,) = tick(midnight + HOUR)
    Event.objects.create(name="job.answered", actor="owner", job=job, noun="job", row=job.pk)
    long_ago = midnight - 100 * HOUR
    Job.objects.filter(pk=job.pk).update(data={**job.data, "opened": long_ago.isoformat()})
    answered = Event.objects.latest("id").at
    assert overdue.check(answered + HOUR) == []
    assert len(overdue.check(answered + HOUR + timedelta(seconds=1))) == 1


def test_a_job_that_no_clock_opened_is_not_watched(midnight: datetime, job: Job) -> None:
    assert overdue.check(midnight + 500 * HOUR) == []


@pytest.mark.django_db(transaction=True)
def test_two_watches_raise_one_alarm(midnight: datetime) -> None:
    hourly(midnight)
    tick(midnight + HOUR)
    raised = together(4, lambda: overdue.check(midnight + 9 * HOUR))
    assert sorted(len(found) for found in raised) == [0, 0, 0, 1]
    assert alarms() == [("hanging", (midnight + HOUR).isoformat())]
