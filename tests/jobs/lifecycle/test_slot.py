"""Slots of schedules: each leaves a Receipt, once, with a job or why there is none."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from jobs import schedules
from jobs.lifecycle import slot
from jobs.lifecycle.job import open_job
from jobs.models import Client, Event, Job, Receipt, Review, Trigger
from jobs.states import NEVER, JobState
from tests.jobs.conftest import together

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


def schedule(slug: str = "morning", *, since: datetime = MIDNIGHT, **conditions: Any) -> Trigger:
    """A rule that has been there since then."""
    rule = conditions if "when" in conditions else {"cron": "0 6 * * *"} | conditions
    trigger = Trigger.objects.create(name="Morning report", slug=slug, source="schedule", conditions=rule)
    Trigger.objects.filter(pk=trigger.pk).update(created_at=since)
    return trigger


def kinds() -> list[tuple[str, int]]:
    """Each receipt's kind and how many jobs of it are to run, by slot."""
    rows = sorted(Receipt.objects.all(), key=lambda receipt: receipt.data["slot"])
    return [(row.kind, row.jobs.exclude(state=JobState.NEEDS_CLARIFICATION).count()) for row in rows]


def ended(job: Job, state: str = JobState.COMPLETED) -> None:
    """Let a job have come to its end."""
    Job.objects.filter(pk=job.pk).update_state(state=state)


def opened(now: datetime) -> list[Job]:
    """The jobs of the slots that open at this moment."""
    return [job for accepted in slot.open_due(now) for job in accepted.jobs]


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
    assert "missed, a later slot took its place" in Receipt.objects.get(external_id__contains="2026-11-24").summary
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


def test_slots_that_pass_during_a_pause_say_so_and_are_not_caught_up() -> None:
    schedule(catch_up="all")
    Trigger.objects.update(enabled=False)
    slot.open_due(MIDNIGHT + timedelta(days=1, hours=7))
    Trigger.objects.update(enabled=True)
    slot.open_due(MIDNIGHT + timedelta(days=1, hours=8))
    assert kinds() == [("slot.paused", 0)] * 2
    assert "paused, the rule was paused" in Receipt.objects.latest("id").summary
    assert not Review.objects.exists(), "nobody missed them"
    slot.open_due(MIDNIGHT + timedelta(days=2, hours=6))
    assert kinds()[-1] == ("slot", 1)


def test_nor_are_they_if_nobody_looked_during_the_pause() -> None:
    trigger = schedule(catch_up="all")
    Trigger.objects.filter(pk=trigger.pk).update(active_since=MIDNIGHT + timedelta(days=3, hours=5))
    slot.open_due(MIDNIGHT + timedelta(days=3, hours=6))
    assert kinds() == [("slot", 1)]
    assert not Review.objects.exists()


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


# catch-up


@pytest.mark.parametrize(
    ("catch_up", "ran", "left"),
    [
        ("latest", [False, False, True], "a later slot took its place"),
        ("all", [True, True, True], ""),
        ("none", [False, False, False], "missed slots are not caught up"),
    ],
)
def test_missed_slots_are_caught_up_as_the_rule_says(catch_up: str, ran: list[bool], left: str) -> None:
    schedule(cron="0 * * * *", catch_up=catch_up)
    slot.open_due(MIDNIGHT + timedelta(hours=3, minutes=30))
    assert kinds() == [("slot" if runs else "slot.missed", int(runs)) for runs in ran]
    skipped = Receipt.objects.filter(kind="slot.missed")
    assert all(left in receipt.summary for receipt in skipped)
    late = sorted(receipt.data["late"] for receipt in Receipt.objects.all())
    assert late == ["1 h 30 min", "2 h 30 min", "30 min"]
    assert Review.objects.filter(kind="alarm", payload__alarm="silent").count() == 3


@pytest.mark.parametrize("catch_up", ["none", "latest", "all"])
def test_a_slot_within_the_grace_is_on_time_whatever_the_catch_up(catch_up: str) -> None:
    schedule(catch_up=catch_up)
    slot.open_due(MIDNIGHT + timedelta(hours=6, minutes=5))
    assert kinds() == [("slot", 1)]
    assert "late" not in Receipt.objects.get().data
    assert not Review.objects.exists()


def test_a_missed_slot_that_is_left_waits_for_a_word() -> None:
    schedule(catch_up="none")
    slot.open_due(MIDNIGHT + timedelta(hours=9))
    job, review = Job.objects.get(), Review.objects.get()
    assert (job.state, review.job) == ("needs_clarification", job)
    assert review.title == "Morning report, 2026-11-23 06:00 UTC: the slot was missed"
    assert review.payload["cause"].endswith("It was not run: missed slots are not caught up.")
    assert (review.payload["rule"], review.payload["slot"]) == ("morning", "2026-11-23T06:00:00+00:00")
    assert Event.objects.filter(name="job.missed", job=job).exists()


def test_a_missed_slot_that_ran_late_says_how_late() -> None:
    schedule(timezone="Europe/Berlin")
    slot.open_due(MIDNIGHT + timedelta(hours=8))
    review = Review.objects.get()
    assert review.title == "Morning report, 2026-11-23 06:00 Europe/Berlin: the slot was missed"
    assert "It was opened 3 h late, and runs." in review.consequence
    assert review.own_job.state == "pending"


def test_a_missed_slot_whose_template_names_what_is_not_there_raises_its_alarm_too() -> None:
    schedule()
    Trigger.objects.update(brief_template="{weather}")
    slot.open_due(MIDNIGHT + timedelta(hours=9))
    assert Review.objects.get().kind == "alarm"
    assert Job.objects.get().state == "needs_clarification"
    assert "weather" in Receipt.objects.get().problems["morning"]


def test_a_long_absence_raises_a_dozen_alarms_the_first_for_all_before() -> None:
    schedule(cron="* * * * *")
    slot.open_due(MIDNIGHT + timedelta(hours=2))
    missed = 120 - 6  # the grace counts whole
    reviews = list(Review.objects.order_by("id"))
    assert len(reviews) == slot.MAX_ALARMS
    assert f"this slot and {missed - slot.MAX_ALARMS} before it were missed" in reviews[0].title
    assert "The first was 2026-11-23 00:01 UTC" in reviews[0].consequence
    assert [review.title.endswith("the slot was missed") for review in reviews[1:]] == [True] * 11
    assert Receipt.objects.count() == 120
    assert kinds()[-1] == ("slot", 1)


def test_a_rule_made_or_changed_in_the_meantime_does_not_look_back() -> None:
    schedule("new", since=MIDNIGHT + timedelta(hours=7), catch_up="all")
    assert slot.open_due(MIDNIGHT + timedelta(hours=8)) == []


def test_a_clock_that_went_far_ahead_and_came_back_silences_nothing() -> None:
    schedule()
    slot.open_due(MIDNIGHT + timedelta(days=10, hours=6))
    before = Receipt.objects.count()
    assert slot.open_due(MIDNIGHT + timedelta(days=2, hours=6)) == []
    slot.open_due(MIDNIGHT + timedelta(days=11, hours=6))
    assert Receipt.objects.count() == before + 1
    assert kinds()[-1] == ("slot", 1)


def test_a_rule_whose_name_begins_like_anothers_keeps_its_own_slots() -> None:
    schedule("morning")
    schedule("morning-2")
    schedule("mornin")
    for day in range(2):
        assert len(opened(MIDNIGHT + timedelta(days=day, hours=6))) == 3


def test_a_slot_that_the_database_refuses_is_tried_again_and_keeps_no_other_rule_waiting() -> None:
    schedule("broken")
    schedule("sound")

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT") and "broken" in (params or ()):
            raise OperationalError("database or disk is full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        assert len(opened(MIDNIGHT + timedelta(hours=6))) == 1
    assert Job.objects.get().trigger == Trigger.objects.get(slug="sound")
    (job,) = opened(MIDNIGHT + timedelta(hours=6, minutes=1))
    assert job.trigger == Trigger.objects.get(slug="broken")


# jitter


def test_jitter_holds_a_slot_back_but_not_out() -> None:
    trigger = schedule(jitter=3600)
    at = MIDNIGHT + timedelta(hours=6)
    held = schedules.read(trigger.conditions).opens_at(at, "morning")
    assert at < held < at + timedelta(hours=1)
    assert slot.open_due(held - timedelta(seconds=1)) == []
    (job,) = opened(held)
    assert job.title == "Morning report, 2026-11-23 06:00 UTC"
    assert not Review.objects.exists(), "it was on time"


def test_slots_with_jitter_longer_than_their_gap_open_all_in_their_order() -> None:
    schedule(cron="* * * * *", jitter=3600, catch_up="all")
    for minutes in range(180):
        slot.open_due(MIDNIGHT + timedelta(minutes=minutes))
    found = [receipt.data["slot"] for receipt in Receipt.objects.order_by("id")]
    assert found == sorted(found)
    assert found == [(MIDNIGHT + timedelta(minutes=number + 1)).isoformat() for number in range(len(found))]
    assert len(found) > 100


# overlap


def test_runs_may_overlap_where_the_rule_says_nothing_else() -> None:
    schedule(cron="0 * * * *")
    for hour in (1, 2):
        assert opened(MIDNIGHT + timedelta(hours=hour))[0].ready_at < NEVER


def test_a_slot_is_skipped_while_the_run_before_is_at_work() -> None:
    schedule(cron="0 * * * *", overlap="skip")
    (first,) = opened(MIDNIGHT + timedelta(hours=1))
    assert opened(MIDNIGHT + timedelta(hours=2)) == []
    assert "skipped, the run before was still at work" in Receipt.objects.latest("id").summary
    ended(first)
    assert len(opened(MIDNIGHT + timedelta(hours=3))) == 1
    assert kinds() == [("slot", 1), ("slot.skipped", 0), ("slot", 1)]


def test_a_run_that_waits_for_a_person_holds_up_no_slot() -> None:
    schedule(cron="0 * * * *", overlap="skip")
    (first,) = opened(MIDNIGHT + timedelta(hours=1))
    ended(first, JobState.NEEDS_REVIEW)
    assert len(opened(MIDNIGHT + timedelta(hours=2))) == 1


def test_another_rules_run_holds_up_no_slot() -> None:
    other = schedule("other", cron="0 0 1 1 *")
    open_job(title="x", brief="x", by="test", trigger=other)
    schedule(overlap="skip")
    assert len(opened(MIDNIGHT + timedelta(hours=6))) == 1


@pytest.mark.parametrize("end", [JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED, JobState.NEEDS_REVIEW])
def test_queued_slots_run_one_after_the_other(end: str, trattoria: Client) -> None:
    trigger = schedule(cron="0 * * * *", overlap="queue", catch_up="all")
    Trigger.objects.update(client=trattoria, priority=1)
    first, second, third = (opened(MIDNIGHT + timedelta(hours=hour))[0] for hour in (1, 2, 3))
    assert slot.release_queued() == []
    assert [job.ready_at == NEVER for job in trigger.jobs.order_by("id")] == [False, True, True]
    ended(first, end)
    assert slot.release_queued() == [second]
    assert slot.release_queued() == [], "one at a time"
    ended(second)
    assert slot.release_queued() == [third]
    assert Event.objects.filter(name="job.resumed").count() == 2


def test_a_job_that_waits_for_another_is_not_released_by_the_clock() -> None:
    trigger = schedule()
    first = open_job(title="1", brief="x", by="test", trigger=trigger)
    open_job(title="2", brief="x", by="test", trigger=trigger, after=first)
    ended(first)
    assert slot.release_queued() == []


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_release_one_run() -> None:
    schedule(cron="0 * * * *", overlap="queue", catch_up="all")
    first = opened(MIDNIGHT + timedelta(hours=3))[0]
    ended(first)
    released = [job for jobs in together(4, slot.release_queued) for job in jobs]
    assert len(released) == 1


# two schedulers at once


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("catch_up", ["latest", "all", "none"])
def test_two_schedulers_raise_each_alarm_once(catch_up: str) -> None:
    schedule(cron="0 * * * *", catch_up=catch_up)
    together(2, lambda: slot.open_due(MIDNIGHT + timedelta(hours=3, minutes=30)))
    assert sorted(review.payload["slot"] for review in Review.objects.all()) == [
        (MIDNIGHT + timedelta(hours=hour)).isoformat() for hour in (1, 2, 3)
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", [datetime(2026, 3, 26, tzinfo=UTC), datetime(2026, 10, 22, tzinfo=UTC)])
def test_two_schedulers_make_seven_mornings_of_a_week_with_a_clock_change(first: datetime) -> None:
    schedule(since=first, when="every day at 6:30", timezone="Europe/Berlin", catch_up="all")

    def week() -> None:
        moment = first
        while moment < first + timedelta(days=7):
            slot.open_due(moment)
            # Every minute in the hours that matter, and an hour back each noon.
            moment += timedelta(minutes=1 if 4 <= moment.hour < 6 and moment.minute in (29, 30, 31) else 10)
            if moment.hour == 12 and moment.minute == 0:
                slot.open_due(moment - timedelta(hours=1))

    assert together(2, week) == [None, None]
    assert kinds() == [("slot", 1)] * 7
    assert [receipt.data["slot"][:10] for receipt in Receipt.objects.order_by("external_id")] == [
        f"{first + timedelta(days=day):%Y-%m-%d}" for day in range(7)
    ]
    assert not Review.objects.exists()
