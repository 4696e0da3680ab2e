"""Costs by day, client, agent, task and night, and what was saved."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from jobs import budget, hours, spending
from jobs.lifecycle import task as tasks
from jobs.lifecycle.job import open_job
from jobs.models import Day, Job, Run, Turn
from tests.jobs.conftest import claimed, document_result, store_turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(planned) -> Run:
    """A client's task at work, after a planning that was free."""
    planned()
    return claimed()


def span() -> tuple[datetime, datetime]:
    now = timezone.now()
    return now - timedelta(hours=1), now + timedelta(hours=1)


def test_each_table_adds_up_to_the_same_whole(run: Run) -> None:
    budget.reserve(run, 900)
    store_turn(run, cost=500)
    budget.reserve(run, 100)
    budget.release(run, spent=True)
    tasks.succeed(run, document_result(), by="agent:test")
    other = open_job(title="Own", brief="Our own work.", by="owner")
    Job.objects.filter(pk=other.pk).update(ready_at=timezone.now())
    store_turn(claimed(), cost=70)
    clients = {line.name: line for line in spending.by_client(*span())}
    assert {name: line.microusd for name, line in clients.items()} == {"Trattoria Lume": 600, "": 70}
    assert clients["Trattoria Lume"].unconfirmed == 100
    agents = {line.name: line.microusd for line in spending.by_agent(*span())}
    assert agents == {"drafting": 600, "orchestrator": 70}
    assert sum(line.microusd for line in spending.by_model(*span())) == 670
    today = timezone.localdate()
    assert spending.by_day(today, today) == {today: 670}
    assert spending.by_day(today + timedelta(days=1), today + timedelta(days=2)) == {}
    assert spending.by_task(run.job)[run.task_id] == 600


def test_a_night_is_one_sum_although_it_has_a_part_in_two_dates(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    evening = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    for moment in (evening, evening + timedelta(hours=2), evening + timedelta(hours=12)):
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        budget.reserve(run, 400)
        budget.charge(run, 300)
    assert spending.of_night(date(2026, 11, 24)) == 600
    assert spending.of_night(date(2026, 11, 25)) == 0
    assert spending.by_day(date(2026, 11, 23), date(2026, 11, 24)) == {
        date(2026, 11, 23): 300,
        date(2026, 11, 24): 600,
    }
    assert Day.objects.get(date=date(2026, 11, 24)).night_reserved_microusd == 0


def test_a_nights_clients_are_those_of_its_hours(run: Run) -> None:
    begins, _ = hours.bounds(date(2026, 11, 24))
    Run.objects.filter(pk=run.pk).update(started_at=begins + timedelta(hours=3), cost_microusd=40)
    assert [line.microusd for line in spending.night_by_client(date(2026, 11, 24))] == [40]
    assert spending.night_by_client(date(2026, 11, 25)) == []


def test_what_was_saved_is_a_share_of_the_whole_price(run: Run) -> None:
    store_turn(run, cost=400, cache_saved_microusd=-20)
    store_turn(run, 2, cost=100, cache_saved_microusd=420, batch_saved_microusd=100)
    saved = spending.saved_in(run.job)
    assert (saved.spent, saved.by_cache, saved.by_batch) == (500, 400, 100)
    assert (saved.cache_percent, saved.batch_percent) == (40, 10)
    assert spending.saved_between(*span()) == saved
    Turn.objects.all().delete()
    assert spending.saved_in(run.job).cache_percent == 0
