"""What a night did is what its records say, to the number that plain SQL gives."""

import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from jobs import budget, figures, nights, queries
from jobs.lifecycle import job as jobs
from jobs.models import Allowance, Client, Delivery, Job, Review, Run
from jobs.states import ReviewKind
from tests.jobs.conftest import a_rule, claimed, told

pytestmark = pytest.mark.django_db

UTC = ZoneInfo("UTC")
MORNING = datetime.date(2026, 11, 24)
EVENING = datetime.datetime(2026, 11, 23, 20, tzinfo=UTC)


def at(hours: float) -> datetime.datetime:
    """So many hours into the night."""
    return EVENING + datetime.timedelta(hours=hours)


def an_ended_job(client: Client | None, hours: float, name: str = "job.completed", **columns: Any) -> Job:
    """A job that ended so many hours into the night."""
    job = jobs.open_job(title=f"Job at {hours}", brief="Do it.", by="test", client=client)
    Job.objects.filter(pk=job.pk).update_state(state=name.partition(".")[2], created_at=EVENING, **columns)
    told(name, job.pk, at(hours))
    return job


def an_attempt(job: Job, hours: float, **columns: Any) -> Run:
    """An attempt that ended so many hours into the night."""
    values: dict[str, Any] = {"host": "h", "pid": 1, "pid_started": "1", "lease_until": at(0), "state": "succeeded"}
    return Run.objects.create(job=job, finished_at=at(hours), **values | columns)


def an_item(job: Job, hours: float, kind: ReviewKind = ReviewKind.QUESTION, **columns: Any) -> Review:
    """An item that came into the inbox so many hours into the night."""
    review = Review.objects.create(job=job, kind=kind, title=f"{kind} at {hours}", **columns)
    told("review.opened", review.pk, at(hours))
    return review


def an_effect(job: Job, hours: float, state: str, number: int) -> Delivery:
    """An effect that came to this end so many hours into the night."""
    task = job.tasks.create(position=number, agent="drafting", title="Write", priority=1, ready_at=at(0))
    delivery = Delivery.objects.create(
        key=f"{job.pk}:{number}", job=job, task=task, target="folder", kind="document", ready_at=at(0), state=state
    )
    told(f"delivery.{state}", delivery.pk, at(hours), job.pk)
    return delivery


def sql(statement: str, *values: Any) -> Any:
    """The one value that a statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


def test_the_night_counts_what_ended_in_it() -> None:
    for hours, name, row in [
        (-1, "job.completed", 1),  # before the night
        (0.5, "job.completed", 2),
        (3.5, "job.failed", 3),
        (5.5, "job.completed", 3),  # retried in the same night: done in the end
        (8.2, "job.failed", 4),
        (12, "job.completed", 5),  # after it
    ]:
        told(name, row, at(hours))
    night = nights.last(datetime.datetime(2026, 11, 24, 7, 30, tzinfo=UTC))
    assert (night.completed, night.failed) == (2, 1)
    assert [number for number, count in enumerate(night.hours) if count] == [0, 3, 5, 8]


def test_a_golden_night_shows_its_seven_facts_with_the_numbers_of_sql(
    trattoria: Client, settings: Settings
) -> None:
    settings.DAILY_BUDGET = 20_000_000
    done = [an_ended_job(trattoria, hours) for hours in (1, 2, 3, 4)]
    broken = an_ended_job(None, 5, "job.failed", reason="The source answered 403.")
    for number, job in enumerate(done):
        an_attempt(job, 1 + number, cost_microusd=1_250_000)
    an_attempt(broken, 5, cost_unknown=True)
    alarm = an_item(done[0], 6, ReviewKind.ALARM)
    an_item(broken, 5, ReviewKind.FAILURE, state="answered")
    an_item(done[1], 7)
    an_effect(done[0], 2, "delivered", 1)
    an_effect(done[1], 3, "delivered", 1)
    lost = an_effect(done[2], 3, "failed", 1)
    for back in (1, 2):
        before = an_ended_job(None, 3 - 24 * back)
        an_attempt(before, 3 - 24 * back, cost_microusd=2_000_000)

    report = nights.report(MORNING, now=at(11.5))
    begins, ends = nights.bounds(MORNING)
    moments = [connection.ops.adapt_datetimefield_value(moment) for moment in (begins, ends)]
    ended = 'SELECT count(DISTINCT "row") FROM jobs_event WHERE name = %s AND at >= %s AND at < %s'
    # 1 what got done, 2 what failed, with their reasons
    assert report.night.completed == sql(ended, "job.completed", *moments) == 4
    assert [job.pk for job in report.done] == [job.pk for job in reversed(done)]
    assert report.night.failed == sql(ended, "job.failed", *moments) == 1
    assert [(job.pk, job.reason) for job in report.failed] == [(broken.pk, "The source answered 403.")]
    # 3 what was silent
    assert report.silent == [alarm]
    # 4 what waits
    assert report.kinds == {"alarm": 1, "question": 1}
    assert (report.asked, report.waiting) == (sql(ended, "review.opened", *moments), 2) == (3, 2)
    # 5 what was spent, against the envelope
    spent = sql("SELECT sum(cost_microusd) FROM jobs_run WHERE finished_at >= %s AND finished_at < %s", *moments)
    assert report.night.spent_microusd == spent == 5_000_000
    assert (report.night.unpriced, report.envelope_microusd) == (1, 20_000_000)
    # 6 what reached the world, and what did not
    assert report.delivered == sql(ended, "delivery.delivered", *moments) == 2
    assert report.doubtful == [lost]
    # 7 what changed against the nights before
    assert report.usual == nights.Usual(nights=2, completed=1.0, failed=0.0, spent_microusd=2_000_000)
    assert report.headline == "4 done, 1 failed, 1 silent, 2 wait for you."
    assert not report.is_bad


def test_a_night_with_more_failures_than_work_says_so_first(trattoria: Client) -> None:
    an_ended_job(trattoria, 1)
    for hours in (2, 3):
        an_ended_job(trattoria, hours, "job.failed")
    report = nights.report(MORNING, now=at(12))
    assert report.is_bad
    assert report.headline == "The night failed: 1 done, 2 failed."


def test_a_night_in_which_nothing_was_begun_although_work_waited_failed(trattoria: Client) -> None:
    waiting = jobs.open_job(title="Waits", brief="Do it.", by="test", client=trattoria)
    Job.objects.filter(pk=waiting.pk).update(created_at=at(-2), ready_at=at(-2))
    report = nights.report(MORNING, now=at(12))
    assert report.is_bad
    assert report.headline == "The night failed: work was waiting, and nothing was done."


def test_work_that_was_begun_is_no_standstill(trattoria: Client) -> None:
    waiting = jobs.open_job(title="Long", brief="Do it.", by="test", client=trattoria)
    Job.objects.filter(pk=waiting.pk).update(created_at=at(-2), ready_at=at(-2))
    told("job.planning", waiting.pk, at(1))
    assert not nights.report(MORNING, now=at(12)).is_bad


def test_a_job_that_waited_for_its_owner_all_night_is_no_standstill(trattoria: Client) -> None:
    waiting = jobs.open_job(title="Asks", brief="Do it.", by="test", client=trattoria)
    run = claimed()
    Run.objects.filter(pk=run.pk).update(started_at=at(-3))
    Job.objects.filter(pk=waiting.pk).update(created_at=at(-4), ready_at=at(-4))
    assert not nights.report(MORNING, now=at(12)).is_bad


def test_an_empty_night_is_quiet(db: None) -> None:
    report = nights.report(MORNING, now=at(12))
    assert (report.headline, report.is_bad) == ("A quiet night: nothing was to be done.", False)
    assert report.usual == nights.Usual(0, 0.0, 0.0, 0.0)


def test_a_night_keeps_the_hours_of_the_wall_clock(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    begins, ends = nights.bounds(datetime.date(2026, 3, 29))  # the clock goes forward in this night
    assert (begins.hour, ends.hour) == (20, 8)
    assert ends.astimezone(UTC) - begins.astimezone(UTC) == datetime.timedelta(hours=11)


@pytest.mark.parametrize("number", [2, 40])
def test_a_report_asks_as_little_for_many_rows_as_for_few(number: int, trattoria: Client) -> None:
    for place in range(number):
        job = an_ended_job(trattoria, 1 + place / 60, "job.failed" if place % 2 else "job.completed")
        an_attempt(job, 1, cost_microusd=10)
        an_item(job, 2)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        report = nights.report(MORNING, now=at(12))
    assert len(report.done) <= nights.LISTED
    assert len(asked) <= 8


def test_two_weeks_are_three_reads(trattoria: Client) -> None:
    for back in (0, 1, 5):
        an_attempt(an_ended_job(trattoria, 2 - 24 * back), 2 - 24 * back, cost_microusd=10, cost_unknown=back == 5)
    with CaptureQueriesContext(connection) as asked:
        found = nights.recent(MORNING)
    assert len(asked) == 3
    assert [one.completed for one in found] == [1, 1, 0, 0, 0, 1, *[0] * 8]
    assert [one.unpriced for one in found][5] == 1
    assert found[1] == nights.night(MORNING - datetime.timedelta(days=1))


def test_what_heads_the_inbox_is_one_read(
    trattoria: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    an_item(an_ended_job(trattoria, 2), 3)
    an_attempt(an_ended_job(trattoria, 5, "job.failed"), 5, cost_microusd=10, cost_unknown=True)
    morning = at(11.5)
    with django_assert_num_queries(1):
        night, most, next_run, stamp = nights.at_a_glance(morning)
    assert night == nights.report(MORNING, now=morning).night
    assert (night.completed, night.failed, night.spent_microusd, night.unpriced) == (1, 1, 10, 1)
    assert stamp == figures.stamp_of_inbox(morning)
    assert (most, next_run) == (budget.usual(budget.NIGHT), None)
    for name, when in (("late", "every day at 23:00"), ("early", "every day at 4:40"), ("broken", "at full moon")):
        a_rule(name, source="schedule", conditions={"when": when, "timezone": "UTC"})
    a_rule("off", source="schedule", conditions={"when": "every hour", "timezone": "UTC"}, enabled=False)
    known = queries.next_run(morning)
    assert known is not None
    assert nights.at_a_glance(morning).next_run == known[0]
    Allowance.objects.create(scope=budget.DAY, microusd=1)
    Allowance.objects.create(scope=budget.NIGHT, microusd=7_000_000)
    assert nights.at_a_glance(morning).envelope_microusd == 7_000_000 == budget.most(budget.NIGHT)
