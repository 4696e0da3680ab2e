"""The reads: what is in them, in which order, and in how many queries."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs import events, queries
from jobs.lifecycle import planning, slot
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.lifecycle.job import open_job
from jobs.models import Client, Delivery, Event, Job, Review, Run, Trigger
from tests.jobs.conftest import a_rule, claimed, done, last_hour, message_result

pytestmark = pytest.mark.django_db

EVENT_TABLE = Event._meta.db_table


def asked(title: str, client: Client | None = None) -> Review:
    """An open question of a job of its own."""
    job = open_job(title=title, brief=title, by="test", client=client)
    Job.objects.filter(pk=job.pk).update(ready_at=timezone.now())
    return planning.ask(claimed(), question=title, suggestions=[], recommended=0, by="orchestrator")


def test_client_work_comes_first_then_the_oldest(trattoria: Client) -> None:
    internal = asked("Internal")
    first = asked("First", trattoria)
    second = asked("Second", trattoria)
    assert queries.open_reviews(timezone.now()) == [first, second, internal]


def test_a_snoozed_item_is_hidden_until_its_time(owner: User, trattoria: Client) -> None:
    item, other = asked("Later", trattoria), asked("Now", trattoria)
    now = timezone.now()
    reviews.snooze(item, by=owner, version=1, until=now + datetime.timedelta(hours=2))
    assert queries.open_reviews(now) == [other]
    assert queries.open_count(now) == (1, other.pk)
    assert queries.snoozed_reviews(now) == [item]
    later = now + datetime.timedelta(hours=2)
    assert queries.open_reviews(later) == [item, other]
    assert queries.snoozed_reviews(later) == []


def test_a_decided_item_is_in_no_list_but_can_be_read(owner: User, trattoria: Client) -> None:
    item = asked("Now", trattoria)
    reviews.decline(item, by=owner, version=1)
    assert queries.open_reviews(timezone.now()) == []
    found = queries.review(item.pk)
    assert found is not None
    assert found.state == "declined"
    assert queries.review(item.pk + 1) is None


def test_only_what_this_person_approved_and_has_not_left_can_be_undone(
    planned: Callable[..., Job], owner: User, stranger: User
) -> None:
    planned()
    done(message_result())
    review = Review.objects.get()
    reviews.approve(review, by=owner, version=1, digest=review.digest)
    now = timezone.now()
    assert [row.review for row in queries.undoable(owner, now)] == [review]
    assert queries.undoable(stranger, now) == []
    assert queries.undoable(owner, now + datetime.timedelta(seconds=31)) == []


def test_what_agents_do_now_is_named(planned: Callable[..., Job]) -> None:
    planned()
    assert queries.at_work() == []
    run = claimed()
    assert queries.at_work() == [run]
    tasks.fail(run, cause="c", fix="f", by="test")
    assert queries.at_work() == []


def test_one_job_is_read_in_a_fixed_number_of_queries(planned: Callable[..., Job], owner: User) -> None:
    job = planned()
    done(message_result())

    def read() -> Any:
        with CaptureQueriesContext(connection) as captured:
            found = queries.job(job.uid)
            assert found is not None
            all_of_it = [
                [list(task.artifacts.all()) for task in found.tasks.all()],
                [list(run.turns.all()) for run in found.runs.all()],
                [run.task and run.task.title for run in found.runs.all()],
                list(found.deliveries.all()),
                list(found.reviews.all()),
                list(found.children.all()),
            ]
            assert all_of_it
        return len(captured)

    few = read()
    for number in range(3):
        reviews.revise(Review.objects.latest("id"), by=owner, version=1, note="Again.")
        done(message_result(text=f"{number}"))
    assert read() == few
    assert Run.objects.count() > 3


def test_a_chain_is_read_whole_from_each_of_its_jobs_level_by_level(job: Job) -> None:
    left, right = (open_job(title=name, brief=name, by="test", parent=job, depth=1) for name in ("left", "right"))
    deeper = open_job(title="deeper", brief="deeper", by="test", parent=right, depth=2)
    alone = open_job(title="alone", brief="alone", by="test")
    for one in (job, left, right, deeper):
        assert queries.root_of(one) == job.pk
        assert queries.chain(one) == [job, left, right, deeper]
    assert queries.chain(alone) == [alone]


def test_a_chain_costs_queries_by_its_depth_and_not_by_its_jobs(job: Job) -> None:
    child = open_job(title="child", brief="child", by="test", parent=job, depth=1)
    assert child.parent == job  # read once, whatever comes of it later
    with CaptureQueriesContext(connection) as few:
        queries.chain(child)
    for number in range(20):
        open_job(title=str(number), brief=str(number), by="test", parent=job, depth=1)
    with CaptureQueriesContext(connection) as many:
        assert len(queries.chain(child)) == 22
    assert len(many) == len(few) <= 5


def test_the_timeline_is_the_history_oldest_first(planned: Callable[..., Job]) -> None:
    job = planned()
    names = [event.name for event in queries.timeline(job.pk)]
    assert names[0] == "job.opened"
    assert names[-1] == "job.planned"


def test_of_a_long_history_the_end_is_shown(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "HISTORY_SIZE", 2)
    for _ in range(3):
        events.append("job.resumed", actor="test", noun="job", row=job.pk, job_id=job.pk)
    assert [event.name for event in queries.timeline(job.pk)] == ["job.resumed"] * 2


def test_an_artifact_is_found_by_its_sum(planned: Callable[..., Job]) -> None:
    planned()
    done(message_result())
    sha256 = Delivery.objects.get().files[0]["sha256"]
    found = queries.artifact(sha256)
    assert found is not None
    assert found.name == "message.md"
    assert queries.artifact("0" * 64) is None


@pytest.mark.parametrize("pk", [None, "1", 10**6])
def test_what_is_no_delivery_is_none(pk: object) -> None:
    assert queries.delivery(pk) is None


# schedules


def test_the_next_slots_are_on_the_rules_own_clock(hourly: Trigger) -> None:
    Trigger.objects.update(conditions={"when": "every weekday at 6:30", "timezone": "Europe/Berlin"})
    hourly.refresh_from_db()
    now = datetime.datetime(2026, 11, 26, 12, tzinfo=datetime.UTC)
    found = queries.next_slots(hourly, n=3, now=now)
    assert [f"{slot:%a %d %H:%M}" for slot in found] == ["Fri 27 06:30", "Mon 30 06:30", "Tue 01 06:30"]
    assert len(queries.next_slots(hourly)) == 5
    assert queries.next_slots(hourly)[0] > timezone.now()


@pytest.mark.parametrize("change", [{"enabled": False}, {"conditions": {"when": "whenever"}}, {"source": "form"}])
def test_a_rule_that_has_no_slots_has_no_next_ones(hourly: Trigger, change: dict[str, Any]) -> None:
    Trigger.objects.update(**change)
    hourly.refresh_from_db()
    assert queries.next_slots(hourly) == []


def test_what_became_of_the_last_slots(hourly: Trigger) -> None:
    Trigger.objects.create(name="x", slug="hourly-2", source="schedule", conditions={"when": "every hour"})
    begins = last_hour()
    Trigger.objects.filter(pk=hourly.pk).update(created_at=begins - datetime.timedelta(minutes=30))

    def at(hours: float, **changes: Any) -> None:
        rule = {"when": "every hour", "timezone": "Europe/Berlin", **changes.pop("rule", {})}
        Trigger.objects.filter(pk=hourly.pk).update(conditions=rule, **changes)
        slot.open_due(begins + datetime.timedelta(hours=hours))

    at(0)
    at(1, rule={"overlap": "skip"})
    at(2, rule={"overlap": "queue"})
    at(3, enabled=False)
    at(4, enabled=True, brief_template="{weather}")
    at(5.5, brief_template="{text}", rule={"catch_up": "none"})
    at(6.5, rule={"catch_up": "latest"})
    found = queries.past_slots(hourly)
    assert [row.became for row in reversed(found)] == [
        "pending",
        "skipped",
        "waits for the run before it",
        "paused",
        "not run: The rule names {weather}, but this event has: kind, opened, sender, slot, summary, text.",
        "missed: waits for your word",
        "pending, 30 min late",
    ]
    assert found[0].at == begins + datetime.timedelta(hours=6)
    assert found[0].label.endswith("Europe/Berlin")
    assert found[0].job is not None
    assert found[2].job is None
    assert [row.at for row in queries.past_slots(hourly, n=2)] == [found[0].at, found[1].at]


def test_what_became_of_a_missed_slot_is_what_a_person_said(silent: Review, owner: User) -> None:
    rule = Trigger.objects.get()
    (row,) = queries.past_slots(rule)
    reviews.acknowledge(silent, by=owner, version=1)
    assert row.became == "missed: waits for your word"
    assert queries.past_slots(rule)[0].became == "missed"


def test_what_became_of_a_missed_slot_that_runs_after_all(silent: Review, owner: User) -> None:
    reviews.run_now(silent, by=owner, version=1)
    (row,) = queries.past_slots(Trigger.objects.get())
    assert row.became == "missed, then run: pending, 30 min late"


def test_twenty_slots_are_read_in_as_many_queries_as_two(hourly: Trigger) -> None:
    def read() -> int:
        with CaptureQueriesContext(connection) as asked:
            queries.past_slots(hourly)
        return len(asked)

    slot.open_due(last_hour() + datetime.timedelta(hours=1))
    few = read()
    for hour in range(2, 30):
        slot.open_due(last_hour() + datetime.timedelta(hours=hour))
    assert len(queries.past_slots(hourly)) == 20
    assert read() == few


def test_the_next_run_is_that_of_the_schedule_that_comes_first(db: None) -> None:
    now = datetime.datetime(2026, 11, 27, 8, tzinfo=datetime.UTC)
    assert queries.next_run(now) is None
    for name, when in (("late", "every day at 9:30"), ("early", "every day at 9:00")):
        a_rule(name, source="schedule", conditions={"when": when, "timezone": "UTC"})
    found = queries.next_run(now)
    assert found is not None
    assert (f"{found[0]:%H:%M}", found[1].slug) == ("09:00", "early")


def test_a_question_that_other_jobs_wait_for_comes_before_older_ones(trattoria: Client) -> None:
    first, second = asked("First?", trattoria), asked("Second?", trattoria)
    open_job(title="After", brief="x", by="test", client=trattoria, after=second.job)
    found = queries.open_reviews(timezone.now())
    assert [row.pk for row in found] == [second.pk, first.pk]
    assert [vars(row)["holds_up"] for row in found] == [1, 0]
