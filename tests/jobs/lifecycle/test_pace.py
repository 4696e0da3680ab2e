"""What comes faster than its pace is there, waits for its turn and is told of: nothing lost, nothing skipped."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from jobs import queue
from jobs.lifecycle import job as jobs
from jobs.lifecycle import pace, replay
from jobs.lifecycle import review as reviews
from jobs.lifecycle.intake import accept
from jobs.models import Event, Job, Receipt, Review, Trigger
from tests.jobs.conftest import a_rule, an_event, last_hour, together

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def slow(settings: Settings) -> None:
    """A house in which little may begin."""
    settings.PACE = {"rule": 3, "sender": 2, "source": 5}


def come(rule: Trigger, number: int, *, sender: str = "", source: str = "form") -> list[Job]:
    """The jobs of so many events that meet the rule."""
    begin = Receipt.objects.count()
    names = range(begin, begin + number)
    return [accept(an_event(external_id=str(name), sender=sender, source=source), [rule]).jobs[0] for name in names]


def begun(jobs: list[Job]) -> list[bool]:
    return [Job.objects.get(pk=job.pk).let_in_at is not None for job in jobs]


def an_hour_later() -> None:
    began_an_hour_ago(Job.objects.all())


def began_an_hour_ago(jobs: QuerySet[Job]) -> None:
    """As if it had: what is known of the hour is known no more."""
    jobs.filter(let_in_at__isnull=False).update(let_in_at=timezone.now() - timedelta(hours=1))
    pace._full_until.clear()


def test_a_rule_begins_so_many_and_the_rest_wait_and_say_for_what() -> None:
    made = come(a_rule(priority=1), 5)
    assert begun(made) == [True, True, True, False, False]
    late = made[-1]
    assert (late.state, late.reason) == (
        "pending",
        "It waits for its turn: the rule “Contact” begins 3 jobs an hour.",
    )
    assert Event.objects.filter(name="job.waits", job=late).count() == 1
    claimed = [queue.claim_run() for _ in range(4)]
    assert [run.job if run else None for run in claimed] == [*made[:3], None]


def test_a_rule_may_have_a_pace_of_its_own() -> None:
    assert begun(come(a_rule("one", most_an_hour=1), 2)) == [True, False]
    assert begun(come(a_rule("two", most_an_hour=4), 4)) == [True] * 4


def test_a_sender_holds_up_no_other() -> None:
    rule = a_rule()
    loud = come(rule, 4, sender="loud@example.com")
    assert begun(loud) == [True, True, False, False]
    assert loud[-1].reason == "It waits for its turn: loud@example.com begins 2 jobs an hour."
    assert begun(come(rule, 1, sender="quiet@example.com")) == [True]


def test_the_same_name_elsewhere_is_another_sender(settings: Settings) -> None:
    settings.PACE = {"rule": 9, "sender": 1, "source": 9}
    assert begun(come(a_rule("a"), 2, sender="lea")) == [True, False]
    assert begun(come(a_rule("b", source="github"), 1, sender="lea", source="github")) == [True]


def test_a_source_has_a_pace_over_all_its_rules() -> None:
    rules = [a_rule(slug) for slug in ("a", "b")]
    assert begun([job for rule in rules for job in come(rule, 3)]) == [True] * 5 + [False]
    assert Job.objects.latest("id").reason == "It waits for its turn: form begins 5 jobs an hour."
    assert begun(come(a_rule("c", source="github"), 1, source="github")) == [True]


def test_they_begin_by_themselves_the_oldest_first() -> None:
    made = come(a_rule(priority=1), 8)
    assert pace.keep() == []
    an_hour_later()
    assert pace.keep() == made[3:6]
    assert pace.keep() == []
    an_hour_later()
    assert pace.keep() == made[6:]
    assert begun(made) == [True] * 8
    assert set(Job.objects.values_list("reason", flat=True)) == {""}
    assert {run.job for run in iter(queue.claim_run, None)} == set(made)


def test_a_loud_sender_does_not_stand_in_the_way_of_those_behind_it(settings: Settings) -> None:
    settings.PACE = {"rule": 4, "sender": 1, "source": 9}
    rule = a_rule()
    come(rule, 1)
    loud = come(rule, 5, sender="loud")
    others = come(rule, 3)
    assert begun(others) == [True, True, False]
    began_an_hour_ago(Job.objects.filter(sender=""))
    assert pace.keep() == others[-1:]
    an_hour_later()
    assert pace.keep() == loud[1:2]


def test_a_flood_is_told_of_once_and_the_item_goes_with_the_last_of_it() -> None:
    come(a_rule(), 8)
    for _ in range(3):
        pace.keep()
    item = Review.objects.get()
    assert (item.kind, item.state) == ("alarm", "open")
    assert item.title == "Contact: more came than may begin within an hour"
    assert item.consequence == (
        "5 jobs wait. The oldest: It waits for its turn: the rule “Contact” begins 3 jobs an hour."
    )
    an_hour_later()
    pace.keep()
    assert Review.objects.get().state == "open"
    an_hour_later()
    pace.keep()
    item.refresh_from_db()
    assert (item.state, item.note) == ("superseded", "All of them have begun.")


def test_whoever_noted_a_flood_hears_of_it_again_after_a_day(owner: User) -> None:
    come(a_rule(), 4)
    pace.keep()
    item = Review.objects.get()
    reviews.acknowledge(item, by=owner, version=item.version)
    pace.keep()
    assert Review.objects.count() == 1
    Review.objects.update(created_at=timezone.now() - timedelta(days=1))
    pace.keep()
    assert Review.objects.filter(state="open").count() == 1


def test_a_person_lets_all_of_them_begin(owner: User) -> None:
    made = come(a_rule(priority=1), 8)
    pace.keep()
    item = Review.objects.get()
    reviews.run_now(item, by=owner, version=item.version)
    item.refresh_from_db()
    assert item.state == "answered"
    assert begun(made) == [True] * 8
    assert len(list(iter(queue.claim_run, None))) == 8
    assert Event.objects.filter(name="job.resumed", actor="owner").count() == 5


def test_what_waits_can_be_ended_and_begins_no_more() -> None:
    made = come(a_rule(), 4)
    jobs.cancel(made[3], by="owner")
    an_hour_later()
    assert pace.keep() == []
    assert Job.objects.get(pk=made[3].pk).state == "cancelled"


def test_what_a_person_asks_for_has_no_pace() -> None:
    rule = a_rule(priority=1)
    come(rule, 4)
    receipt = accept(an_event(external_id="asked"), []).receipt
    (step,) = replay.replay(receipt, by="owner")
    assert step.job is not None
    assert (step.job.reason, step.job.source) == ("", "")
    for _ in range(4):
        jobs.open_job(title="By hand", brief="Write it.", by="owner", priority=1)
    assert len(list(iter(queue.claim_run, None))) == 8


def test_the_clock_keeps_its_own_pace(hourly: Trigger, settings: Settings) -> None:
    settings.PACE = {"rule": 1, "sender": 1, "source": 1}
    for hour in range(3):
        event = an_event(source="schedule", sender="hourly", external_id=f"hourly:{hour}")
        (job,) = accept(event, [hourly]).jobs
        assert (job.source, job.reason) == ("", "")
    assert last_hour()


@pytest.mark.django_db(transaction=True)
def test_two_clocks_let_each_in_once() -> None:
    come(a_rule(), 6)
    an_hour_later()
    answers: list[Any] = together(2, pace.keep)
    let_in = [job.pk for answer in answers for job in answer]
    assert len(let_in) == len(set(let_in)) >= 3
    assert Event.objects.filter(name="job.resumed").count() == len(let_in)
    assert Review.objects.count() <= 1


def test_a_repeat_waits_with_the_first_and_opens_no_other() -> None:
    rule = a_rule()
    made = come(rule, 4)
    again = accept(an_event(external_id="3"), [rule])
    assert (again.is_new, again.jobs) == (False, [made[3]])
    assert pace.waiting(rule.pk) == 1


def test_a_flood_asks_once_until_the_first_of_what_began_leaves_the_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    rule, real = a_rule(), timezone.now
    come(rule, 3)

    def asked(number: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            come(rule, number)
        return sum("OFFSET" in query["sql"] for query in captured)

    assert asked(2) == 1
    assert asked(2) == 0
    assert Job.objects.filter(let_in_at=None).count() == 4
    # As many of another pace are another question.
    rule.most_an_hour = 4
    assert begun(come(rule, 2)) == [True, False]
    monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(hours=1))
    assert begun(come(rule, 1)) == [True]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by the size of the tables")
def test_each_part_of_the_question_reads_its_own_index() -> None:
    asked = pace._FIRST_OF_LAST["trigger_id", "sender", "source"].replace("%s", "?")
    with connection.cursor() as cursor:
        found = cursor.cursor.connection.execute(f"EXPLAIN QUERY PLAN {asked}", [1] * 9).fetchall()
    plan = " ".join(str(row) for row in found)
    assert all(f"USING COVERING INDEX job_pace_of_{scope}" in plan for scope in ("rule", "sender", "source")), plan
    assert "job_by_state" in pace._waiting().explain()
