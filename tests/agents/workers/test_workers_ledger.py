"""The ledger beside the bill: what is on record is what the model's server charges, whatever goes wrong."""

import datetime
import itertools
import random
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from agents import workers
from agents.llm.pacing import Pacing
from jobs import pool, queue, spending
from jobs.lifecycle import job as jobs
from jobs.lifecycle import planning
from jobs.lifecycle.job import open_job
from jobs.models import Client, Day, Job, Review, Run, Task, Turn
from tests.agents.workers.conftest import TEXT, WRITE
from tests.emulators.anthropic import AnthropicEmulator, error_body, error_event
from tests.jobs.conftest import at_once, claimed

CALLS = 500
MESSAGES = "POST /v1/messages$"
GOOD = {"json": TEXT}
MODELS = ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5-2", "claude-haiku-4-5"]
ANSWERS: list[dict[str, Any]] = [
    GOOD,
    {"json": {**TEXT, "markdown": "A longer page. " * 400}},
    {"json": {"title": 5}},
    {**GOOD, "cut": 20},
    {"text": "hm", "stop": "pause_turn"},
    {"tools": [["nothing", {"a": "b" * 300}]]},
    {"refusal": "cyber"},
    {"text": ""},
]
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": 429, "body": error_body("rate_limit_error"), "headers": {"retry-after": "1"}}),
    ("status", {"status": 529, "body": error_body("overloaded_error")}),
    ("status", {"status": 401, "body": error_body("authentication_error")}),
    ("drop", {}),
    ("reset", {}),
    ("lost", {}),
    ("truncate", {"after": 2}),
    ("truncate", {"after": 5, "reset": True}),
    ("truncate_json", {}),
    ("interrupt", {"piece": error_event("overloaded_error")}),
]


SEARCH = planning.PlannedStep(
    agent="research", title="Find out", input={"question": "What is new in town?", "search": True}
)


def written(*jobs: Job, step: planning.PlannedStep = WRITE) -> None:
    """Plan each job to do this one step, past the orchestrator."""
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(ready_at=timezone.now())
    for run in [claimed() for _ in jobs]:
        planning.accept_plan(run, [step], by="orchestrator")


def mixed(body: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """Anything that a model may say; one that searches does so up to three times, which costs by the search."""
    if any(tool["name"] == "web_search" for tool in body.get("tools", [])):
        return {"server": [["web_search", {"query": "new"}]] * dice.randint(1, 3), "text": "", "stop": "end_turn"}
    return dice.choice(ANSWERS)


def usd(microusd: int | None) -> Decimal:
    return Decimal(microusd or 0) / 1_000_000


@pytest.mark.long
@pytest.mark.django_db
def test_over_500_mixed_calls_the_ledger_equals_the_bill_to_the_cent(
    service: AnthropicEmulator, thinks_for_real: Any, trattoria: Client, pulse: pool.Pulse, settings: Any
) -> None:
    settings.DAILY_BUDGET = settings.NIGHT_BUDGET = settings.JOB_BUDGET = 10**12
    service.cache.least = 200
    # Every look at the clock is an hour later: no pause lasts.
    thinks_for_real.pacing = Pacing(clock=itertools.count(0, 3_600).__next__)
    dice = random.Random(7)
    service.rule(lambda body, turn, results: mixed(body, dice))
    settings.AGENT_OPTIONS = {**settings.AGENT_OPTIONS, "web_search": {"for": "all", "most": 3}}
    while len(service.journal) < CALLS:
        settings.MODELS = {"default": dice.choice(MODELS)}
        client = trattoria if dice.random() < 0.5 else None
        job = open_job(title=f"Page {len(service.journal)}", brief="Write it.", by="test", client=client)
        written(job, step=SEARCH if dice.random() < 0.25 else WRITE)
        run: Run | None = claimed()
        while run:
            if dice.random() < 0.4:
                kind, options = dice.choice(FAULTS)
                service.fault(MESSAGES, kind, **options)
            workers.carry_out(run, pulse)
            Task.objects.filter(state="pending").update(ready_at=timezone.now())
            run = queue.claim_run()
    service.faults.clear()
    assert {turn.model for turn in Turn.objects.all()} == set(MODELS)
    assert sum(turn.reply["usage"]["web_searches"] for turn in Turn.objects.all()) > 20

    answered = {turn.reply["request_id"] for turn in Turn.objects.all()}
    turns = Turn.objects.aggregate(sum=Sum("cost_microusd"))["sum"]
    lost = service.bill.usd() - service.bill.usd(answered)
    assert lost > 0
    assert abs(usd(turns) - service.bill.usd(answered)) < Decimal("0.005")
    assert round(usd(turns), 2) == round(service.bill.usd(answered), 2)

    unconfirmed = Run.objects.aggregate(sum=Sum("unconfirmed_microusd"))["sum"]
    assert usd(unconfirmed) >= lost, "calls without an answer stand at the most that they can have cost"
    whole = turns + unconfirmed
    assert Run.objects.aggregate(sum=Sum("cost_microusd"))["sum"] == whole
    assert Job.objects.aggregate(sum=Sum("spent_microusd"))["sum"] == whole
    assert Day.objects.aggregate(sum=Sum("spent_microusd"))["sum"] == whole
    assert not Job.objects.filter(reserved_microusd__gt=0).exists()
    assert not Day.objects.exclude(reserved_microusd=0, night_reserved_microusd=0).exists()
    now = timezone.now()
    since = now - datetime.timedelta(hours=1)
    for table in (spending.by_client, spending.by_agent, spending.by_model):
        assert sum(line.microusd for line in table(since, now)) == whole
    saved = spending.saved_between(since, now)
    assert saved.spent == turns
    assert saved.by_cache > 0


@pytest.mark.django_db(transaction=True)
def test_40_jobs_and_a_runaway_loop_spend_what_the_envelope_holds(
    service: AnthropicEmulator, thinks_for_real: Any, settings: Any
) -> None:
    settings.DAILY_BUDGET = settings.NIGHT_BUDGET = 5_000_000
    settings.MODELS = {"default": "claude-sonnet-5-5"}
    dear: dict[str, Any] = {"usage": {"output_tokens": 14_000}}  # 0.14 USD of at most 0.16

    def rule(body: dict[str, Any], turn: int, results: list[Any]) -> dict[str, Any]:
        endless = "without end" in body["messages"][0]["content"]
        return {"tools": [["nothing", {}]], **dear} if endless else {**GOOD, **dear}

    service.rule(rule)
    runaway = open_job(title="Runaway", brief="Work without end.", by="test", budget_microusd=50_000_000)
    others = [open_job(title=f"Job {number}", brief="Write it.", by="test") for number in range(40)]
    written(runaway, *others)

    def work() -> None:
        pulse = pool.Pulse("agents")
        while run := queue.claim_run():
            workers.carry_out(run, pulse)

    assert at_once(*[work] * 4) == [None] * 4
    spent = service.bill.usd()
    one_call = Decimal("0.20")
    assert Decimal(5) - one_call < spent <= Decimal(5) + one_call
    assert abs(usd(Day.objects.aggregate(sum=Sum("spent_microusd"))["sum"]) - spent) < Decimal("0.01")
    assert not Job.objects.filter(reserved_microusd__gt=0).exists()
    waiting = Task.objects.filter(state="pending")
    assert waiting.count() > 0
    assert all(task.ready_at > timezone.now() for task in waiting)
    assert not waiting.exclude(reason__contains="envelope").exists()
    item = Review.objects.get(kind="alarm")
    assert item.payload["alarm"] == "spent"
    assert set(Review.objects.exclude(pk=item.pk).values_list("job__title", flat=True)) <= {"Runaway"}


@pytest.mark.django_db
def test_a_job_out_of_money_keeps_what_was_made_and_goes_on_where_it_stopped(
    service: AnthropicEmulator, thinks_for_real: Any, pulse: pool.Pulse, job: Job, settings: Any
) -> None:
    """One item raises the budget; nothing that was paid is asked again."""
    planning.accept_plan(claimed(), [WRITE, WRITE], by="orchestrator")
    Job.objects.filter(pk=job.pk).update(budget_microusd=300_000)
    left: list[dict[str, Any]] = [GOOD, {"tools": [["nothing", {}]], "usage": {"output_tokens": 14_000}}, GOOD]
    service.rule(lambda body, turn, results: left.pop(0))
    for _ in range(2):
        workers.carry_out(claimed(), pulse)
    done, stopped = job.tasks.order_by("position")
    assert (done.state, stopped.state) == ("completed", "failed")
    assert done.artifacts.exists()
    item = Review.objects.get()
    assert item.title == f"Out of money: {job.title}"
    jobs.retry(job, by="owner", budget_microusd=2_000_000)
    workers.carry_out(claimed(), pulse)
    assert Task.objects.get(pk=stopped.pk).state == "completed"
    assert len(service.journal) == 3
