"""Money: nothing is spent that was not set aside, and nothing is set aside that does not fit."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from jobs import budget
from jobs.lifecycle import planning
from jobs.models import Day, Job, Run, Trigger
from tests.jobs.conftest import STEP, a_rule, claimed, together

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(job: Job) -> Run:
    """A planning Run of a job that may spend a dollar."""
    Job.objects.filter(pk=job.pk).update(budget_microusd=1_000_000)
    return claimed()


def books(run: Run) -> dict[str, tuple[int, int]]:
    """What is (set aside, spent) in each of the three books."""
    run = Run.objects.select_related("job").get(pk=run.pk)
    day = Day.objects.filter(pk=timezone.localdate()).first() or Day()
    return {
        "run": (run.reserved_microusd, run.cost_microusd),
        "job": (run.job.reserved_microusd, run.job.spent_microusd),
        "day": (day.reserved_microusd, day.spent_microusd),
    }


def same(reserved: int, spent: int) -> dict[str, tuple[int, int]]:
    """The three books when they agree."""
    return dict.fromkeys(("run", "job", "day"), (reserved, spent))


def test_a_call_is_set_aside_before_and_charged_after(run: Run) -> None:
    budget.reserve(run, 300_000)
    assert books(run) == same(300_000, 0)
    budget.charge(run, 120_000)
    assert books(run) == same(0, 120_000)
    assert budget.spent_on(timezone.localdate()) == 120_000


def test_a_day_without_calls_cost_nothing() -> None:
    assert budget.spent_on(date(2026, 1, 1)) == 0


def test_a_reservation_is_given_back_when_nothing_was_billed(run: Run) -> None:
    budget.reserve(run, 300_000)
    budget.release(run, spent=False)
    assert books(run) == same(0, 0)


def test_a_reservation_counts_as_spent_when_it_may_have_been_billed(run: Run) -> None:
    budget.reserve(run, 300_000)
    budget.release(run, spent=True)
    assert books(run) == same(0, 300_000)


def test_releasing_twice_gives_back_once(run: Run) -> None:
    budget.reserve(run, 300_000)
    budget.release(run, spent=True)
    budget.release(run, spent=True)
    assert books(run) == same(0, 300_000)


def test_a_model_without_a_price_takes_a_fixed_part_and_stays_unknown(run: Run) -> None:
    budget.reserve(run, None)
    assert books(run) == same(budget.UNPRICED_CALL_MICROUSD, 0)
    budget.charge(run, None)
    run = Run.objects.select_related("job").get(pk=run.pk)
    assert (run.cost_microusd, run.cost_unknown, run.job.cost_unknown) == (0, True, True)
    assert run.job.spent_microusd == budget.UNPRICED_CALL_MICROUSD


def test_a_job_spends_its_budget_to_the_last_cent_and_no_further(run: Run) -> None:
    budget.reserve(run, 400_000)
    budget.charge(run, 400_000)
    budget.reserve(run, 600_000)
    with pytest.raises(
        budget.OverBudget, match=r"may cost \$0\.00; this job has spent \$0\.40 of \$1\.00"
    ) as caught:
        budget.reserve(run, 1)
    assert caught.value.scope == "job"
    assert books(run) == same(600_000, 400_000)


def test_the_days_envelope_holds_across_jobs_and_leaves_nothing_half_set_aside(
    run: Run, settings: Settings
) -> None:
    settings.DAILY_BUDGET = 500_000
    budget.reserve(run, 400_000)
    other = Job.objects.create(title="x", brief="x", priority=1, ready_at=run.started_at, budget_microusd=1_000_000)
    second = claimed()
    assert second.job == other
    with pytest.raises(budget.OverBudget, match="goes on tomorrow") as caught:
        budget.reserve(second, 200_000)
    assert caught.value.scope == "day"
    assert books(second) == {"run": (0, 0), "job": (0, 0), "day": (400_000, 0)}
    budget.reserve(second, 100_000)


def test_a_run_that_has_ended_sets_nothing_aside(run: Run) -> None:
    planning.rescue(run, by="sweep")
    with pytest.raises(budget.RunEnded):
        budget.reserve(run, 1)
    assert books(run) == same(0, 0)


def test_a_call_over_midnight_is_charged_to_the_day_that_set_it_aside(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    evening = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: evening)
    budget.reserve(run, 300_000)
    monkeypatch.setattr(timezone, "now", lambda: evening + timedelta(minutes=2))
    budget.charge(run, 200_000)
    yesterday = Day.objects.get(date=date(2026, 11, 23))
    assert (yesterday.reserved_microusd, yesterday.spent_microusd) == (0, 200_000)
    assert budget.spent_on(date(2026, 11, 24)) == 0


def test_a_transaction_that_is_undone_leaves_the_money_where_it_was(run: Run) -> None:
    with transaction.atomic():
        budget.reserve(run, 300_000)
        transaction.set_rollback(True)
    assert books(run) == same(0, 0)


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_set_the_same_cent_aside(planned: Callable[..., Job]) -> None:
    job = planned(STEP, STEP, STEP, STEP, STEP)
    Job.objects.filter(pk=job.pk).update(budget_microusd=1_000_000)
    runs = [claimed() for _ in range(5)]
    left = iter(runs)
    results = together(5, lambda: budget.reserve(next(left), 400_000))
    assert sorted(type(result).__name__ for result in results) == ["NoneType"] * 2 + ["OverBudget"] * 3
    job.refresh_from_db()
    assert job.reserved_microusd == 800_000
    assert Day.objects.get(date=timezone.localdate()).reserved_microusd == 800_000
    assert sorted(Run.objects.filter(task__isnull=False).values_list("reserved_microusd", flat=True)) == [
        0,
        0,
        0,
        400_000,
        400_000,
    ]


def test_a_night_holds_over_midnight(run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.NIGHT_BUDGET = 500_000
    for hour, left in ((22, 300_000), (26, 150_000)):
        moment = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=hour)
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        budget.reserve(run, left)
        budget.charge(run, left)
    with pytest.raises(budget.OverBudget, match="in the morning") as caught:
        budget.reserve(run, 60_000)
    assert caught.value.scope == "night"
    assert books(run)["run"] == (0, 450_000)
    here = timezone.localtime()
    assert budget.goes_on_at("night", here).hour == 8
    assert budget.goes_on_at("night", here).date() == here.date()
    assert budget.goes_on_at("day", here).date() == here.date() + timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 11, 24, 9, tzinfo=UTC))
    budget.reserve(run, 60_000)


def test_what_nobody_confirmed_is_told_apart(run: Run) -> None:
    budget.reserve(run, 300_000)
    budget.charge(run, 100_000)
    budget.reserve(run, 200_000)
    budget.release(run, spent=True)
    run.refresh_from_db()
    assert (run.cost_microusd, run.unconfirmed_microusd) == (300_000, 200_000)


def of_a_rule(run: Run, *, daily: int | None) -> Trigger:
    """Make the Run's job one that a rule opened, which may spend so much a day."""
    rule = a_rule(daily_microusd=daily)
    Job.objects.filter(pk=run.job_id).update(trigger=rule)
    return rule


def test_all_jobs_of_a_rule_share_its_money_of_the_day(run: Run) -> None:
    rule = of_a_rule(run, daily=500_000)
    budget.reserve(run, 300_000)
    budget.charge(run, 200_000)
    assert budget.spent_by(rule.pk) == 200_000
    with pytest.raises(budget.OverBudget, match=rf"its rule “{rule.name}”, \$0.50 a day, has \$0.20 spent") as over:
        budget.reserve(run, 300_001)
    assert over.value.scope == "rule"
    assert books(run) == same(0, 200_000), "nothing was set aside anywhere"
    budget.reserve(run, 300_000)


def test_what_follows_from_a_job_is_paid_by_its_rule(run: Run) -> None:
    rule = of_a_rule(run, daily=500_000)
    budget.charge(run, 400_000)
    child = Job.objects.get(pk=run.job_id)
    Job.objects.create(title="Next", brief="x", parent=child, budget_microusd=10**6, ready_at=child.ready_at)
    Job.objects.filter(pk=child.pk).update(ready_at=timezone.now() + timedelta(days=1))
    follow_up = claimed()
    assert budget.rule_of(follow_up.job_id) == rule.pk
    with pytest.raises(budget.OverBudget, match="of its rule"):
        budget.reserve(follow_up, 100_001)


def test_a_rule_without_a_limit_has_its_money_counted(run: Run) -> None:
    rule = of_a_rule(run, daily=None)
    budget.reserve(run, 300_000)
    budget.charge(run, 250_000)
    assert budget.spent_by(rule.pk) == 250_000


@pytest.mark.django_db(transaction=True)
def test_two_who_reserve_at_once_share_what_the_rule_has(run: Run) -> None:
    of_a_rule(run, daily=500_000)
    refused = together(4, lambda: _refused(run, 300_000))
    assert sorted(refused) == [False, True, True, True]


def _refused(run: Run, amount: int) -> bool:
    try:
        budget.reserve(run, amount)
    except budget.OverBudget:
        return True
    return False
