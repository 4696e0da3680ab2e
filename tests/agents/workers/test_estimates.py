"""What a plan will cost, said before it spends."""

from typing import Any

import pytest

from agents import workers
from agents.workers.estimates import estimate
from jobs import pool
from jobs.lifecycle import job as jobs
from jobs.models import Job
from tests.agents.workers.conftest import TEXT, read
from tests.agents.workers.test_workers_planning import Thinks, plan, step
from tests.jobs.conftest import claimed
from tests.scripted import says

pytestmark = pytest.mark.django_db


def test_a_plan_says_what_it_will_cost_before_it_begins(
    job: Job, thinks: Thinks, pulse: pool.Pulse, settings: Any
) -> None:
    settings.REHEARSAL = False
    settings.MODELS = {"default": "claude-sonnet-5-5"}
    thinks(plan(step(title="One"), step(title="Two")))
    workers.carry_out(claimed(), pulse)
    # Twice what a drafting task usually takes: 12,000 tokens at 2.50 and 3,000 at 10 USD a million.
    assert read(job).estimate_microusd == 2 * (30_000 + 30_000)


def test_a_model_without_a_known_price_has_no_estimate(
    job: Job, thinks: Thinks, pulse: pool.Pulse, settings: Any
) -> None:
    settings.REHEARSAL = False
    settings.MODELS = {"default": "somebody-elses-model"}
    thinks(plan(step()))
    workers.carry_out(claimed(), pulse)
    assert read(job).estimate_microusd is None


def test_the_estimate_goes_by_what_such_tasks_cost_lately(
    job: Job, thinks: Thinks, pulse: pool.Pulse, settings: Any
) -> None:
    settings.REHEARSAL = False
    settings.MODELS = {"default": "scripted"}
    for cost in (10, 20, 90):
        thinks(plan(step()), says(TEXT), cost=cost)
        workers.carry_out(claimed(), pulse)
        workers.carry_out(claimed(), pulse)
        jobs.run_again(job, by="owner")
    thinks(plan(step()))
    workers.carry_out(claimed(), pulse)
    assert Job.objects.latest("id").estimate_microusd == 20


def test_a_rehearsal_costs_nothing() -> None:
    assert estimate(["research", "code"], lambda agent: "rehearsal") == 0


def test_work_on_code_is_taken_to_cost_more_than_a_text() -> None:
    def of(agent: str) -> int:
        return estimate([agent], lambda name: "claude-sonnet-5-5") or 0

    assert of("code") > of("research") > of("drafting") > 0
