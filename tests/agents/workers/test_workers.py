"""Every way in which thinking can end, on real rows through the real verbs."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from agents import contracts, registry, workers
from agents.contracts import (
    Ask,
    Interrupted,
    ModelRejected,
    ModelUnavailable,
    Reply,
)
from agents.kinds.drafting import DraftingAgent
from jobs import pool
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import job as jobs
from jobs.models import Client, Day, Delivery, Job, Review, Run, Task
from tests.agents.workers.conftest import TELL, TEXT, UNREADABLE, read
from tests.jobs.conftest import claimed
from tests.scripted import ScriptedLLM, says

pytestmark = pytest.mark.django_db

Thinks = Callable[..., ScriptedLLM]
Planned = Callable[..., Run]

OVERFULL = "model_context_window_exceeded"


def begun(stage: str, planned: Planned) -> tuple[Run, Job | Task]:
    """A claimed Run of this stage, and the row that it works on."""
    run = claimed() if stage == "planning" else planned()
    return run, run.task or run.job


def failure() -> Review:
    """The one item that waits for a person."""
    review = Review.objects.get()
    assert (review.kind, review.state) == ("failure", "open")
    return review


STAGES = pytest.mark.parametrize("stage", ["planning", "task"])


@STAGES
def test_an_unavailable_model_gives_the_row_back_until_it_may_be_asked_again(
    stage: str, job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse
) -> None:
    run, row = begun(stage, planned)
    thinks(ModelUnavailable("overloaded", retry_after=120.0))
    before = timezone.now()
    workers.carry_out(run, pulse)
    row = read(row)
    assert (row.state, row.starts) == ("pending", 0)
    assert row.reason == "model unavailable: overloaded"
    waits = (row.ready_at - before).total_seconds()
    assert 120 <= waits < 180
    assert (read(run).state, read(run).cost_microusd) == ("abandoned", 0)
    assert (read(job).reserved_microusd, read(job).spent_microusd) == (0, 0)
    assert not Review.objects.exists()


@STAGES
def test_a_call_that_may_have_been_billed_counts_as_spent(
    stage: str, job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse
) -> None:
    run, _ = begun(stage, planned)
    thinks(ModelUnavailable("no answer came", retry_after=1.0, billed_unknown=True))
    workers.carry_out(run, pulse)
    assert read(run).cost_microusd == 1_000
    assert (read(job).reserved_microusd, read(job).spent_microusd) == (0, 1_000)
    assert Day.objects.get(date=timezone.localdate()).spent_microusd == 1_000


@STAGES
def test_without_a_time_to_come_again_the_wait_grows(
    stage: str, job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse
) -> None:
    run, row = begun(stage, planned)
    thinks(*[ModelUnavailable("overloaded") for _ in range(3)])
    waits = []
    for _ in range(3):
        before = timezone.now()
        workers.carry_out(run, pulse)
        waits.append((read(row).ready_at - before).total_seconds())
        type(row).objects.filter(pk=row.pk).update(ready_at=before)
        run = claimed()
    assert [round(seconds / 5) for seconds in waits] == [1, 2, 4]


@STAGES
def test_a_model_that_stays_away_becomes_a_matter_for_a_person(
    stage: str, job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse
) -> None:
    run, row = begun(stage, planned)
    model = thinks(*[ModelUnavailable("overloaded", retry_after=0.0) for _ in range(20)])
    while read(row).state == "in_progress":
        workers.carry_out(run, pulse)
        if read(row).state == "pending":
            run = claimed()
    assert len(model.asks) == 12
    assert read(row).state == "failed"
    assert failure().payload["cause"] == "overloaded"


@STAGES
def test_after_a_retry_by_a_person_the_model_may_be_away_again(
    stage: str, job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse
) -> None:
    run, row = begun(stage, planned)
    thinks(ModelRejected("the key is not valid"), *[ModelUnavailable("overloaded", retry_after=0.0)] * 12)
    workers.carry_out(run, pulse)
    assert read(row).state == "failed"
    jobs.retry(read(job), by="owner")
    for _ in range(11):
        workers.carry_out(claimed(), pulse)
        assert read(row).state == "pending"
    workers.carry_out(claimed(), pulse)
    assert read(row).state == "failed"


@STAGES
def test_a_rejected_call_waits_for_a_person_who_mends_it(
    stage: str, job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse
) -> None:
    run, row = begun(stage, planned)
    model = thinks(ModelRejected("401: the key is not valid"))
    workers.carry_out(run, pulse)
    assert len(model.asks) == 1
    assert (read(row).state, read(row).reason) == ("failed", "401: the key is not valid")
    assert (read(run).state, read(run).cost_microusd) == ("failed", 0)
    assert read(job).reserved_microusd == 0
    assert "key, model name, billing" in failure().payload["fix"]


@STAGES
def test_a_refusal_is_paid_and_not_asked_again(
    stage: str, job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse
) -> None:
    run, row = begun(stage, planned)
    model = thinks(says("", stop="refusal", detail="cyber: not this"))
    workers.carry_out(run, pulse)
    assert len(model.asks) == 1
    assert read(row).state == "failed"
    assert failure().payload["cause"] == "the model refused (cyber) not this"
    assert "Change the brief" in failure().payload["fix"]
    assert read(run).cost_microusd == read(job).spent_microusd == 10


def test_a_bad_answer_is_repaired_once_and_both_are_paid(
    job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse
) -> None:
    run = planned()
    model = thinks(says(UNREADABLE), says(UNREADABLE))
    workers.carry_out(run, pulse)
    assert len(model.asks) == 2
    assert read(run.task).state == "failed"
    assert "try another model" in failure().payload["fix"]
    assert read(run).cost_microusd == read(job).spent_microusd == 20


@STAGES
def test_a_limit_is_a_matter_for_a_person(
    stage: str, job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse
) -> None:
    run, row = begun(stage, planned)
    thinks(says("", stop=OVERFULL))
    workers.carry_out(run, pulse)
    assert read(row).state == "failed"
    assert "smaller" in failure().payload["fix"]
    assert read(job).spent_microusd == 10


def test_an_agent_that_is_unable_says_the_next_step_and_spends_nothing(
    job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse
) -> None:
    Client.objects.update(recipients=[])
    run = planned(TELL)
    model = thinks()
    workers.carry_out(run, pulse)
    assert model.asks == []
    assert read(run.task).state == "failed"
    assert "Add a trusted recipient" in failure().payload["cause"]
    assert read(job).spent_microusd == 0


@STAGES
def test_a_job_out_of_budget_asks_its_owner(
    stage: str, job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse
) -> None:
    run, row = begun(stage, planned)
    model = thinks(ceiling=job.budget_microusd + 1)
    workers.carry_out(run, pulse)
    assert model.asks == []
    assert read(row).state == "failed"
    assert failure().payload["kind"] == "budget"
    assert "Raise its budget" in failure().payload["cause"]
    assert (read(job).reserved_microusd, read(job).spent_microusd) == (0, 0)


@STAGES
def test_a_day_out_of_budget_goes_on_tomorrow(
    stage: str, job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse, settings: Any
) -> None:
    settings.DAILY_BUDGET = 500
    run, row = begun(stage, planned)
    model = thinks()
    workers.carry_out(run, pulse)
    assert model.asks == []
    assert read(row).state == "pending"
    assert "today's envelope" in read(row).reason
    ready = timezone.localtime(read(row).ready_at)
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    # Midnight, but for the moment between looking at the clock and writing.
    assert abs(ready - timezone.make_aware(datetime.datetime.combine(tomorrow, datetime.time()))) < (
        datetime.timedelta(minutes=1)
    )
    assert Day.objects.get(date=timezone.localdate()).reserved_microusd == 0


@STAGES
def test_a_draining_process_gives_the_row_back_at_once_and_asks_nothing(
    stage: str, job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse
) -> None:
    run, row = begun(stage, planned)
    model = thinks()
    pulse.draining.set()
    workers.carry_out(run, pulse)
    assert model.asks == []
    assert (read(row).state, read(row).starts) == ("pending", 0)
    assert read(row).ready_at <= timezone.now()
    assert read(run).state == "abandoned"


@STAGES
def test_a_run_whose_job_is_cancelled_meanwhile_writes_nothing(
    stage: str, job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse
) -> None:
    run, row = begun(stage, planned)

    def cancelled(ask: Ask) -> Reply:
        jobs.cancel(read(job), by="owner")
        return says(TEXT)

    thinks(cancelled)
    workers.carry_out(run, pulse)
    assert (read(row).state, read(run).state) == ("cancelled", "cancelled")
    assert not job.turns.exists()
    assert not job.artifacts.exists()
    # Its call was on its way: what it may have cost is counted, nothing stays reserved.
    assert (read(job).reserved_microusd, read(job).spent_microusd) == (0, 1_000)


@STAGES
def test_a_run_that_is_known_to_be_lost_asks_nothing(
    stage: str, job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse
) -> None:
    run, row = begun(stage, planned)
    jobs.cancel(read(job), by="owner")
    model = thinks()
    workers.carry_out(run, pulse)
    assert model.asks == []
    assert read(row).state == "cancelled"


@STAGES
def test_a_fault_of_the_program_fails_with_its_kind_and_keeps_its_text_in_the_log(
    stage: str, job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse, caplog: pytest.LogCaptureFixture
) -> None:
    run, row = begun(stage, planned)

    def broken(ask: Ask) -> Reply:
        raise ZeroDivisionError("with a secret in its text")

    thinks(broken)
    workers.carry_out(run, pulse)
    assert read(row).state == "failed"
    assert failure().payload["cause"] == "A fault in the program stopped it (ZeroDivisionError)."
    assert "with a secret in its text" in caplog.text
    # Nobody knows how far the call came.
    assert (read(job).reserved_microusd, read(job).spent_microusd) == (0, 1_000)


def test_every_way_to_be_interrupted_has_its_test_here() -> None:
    known = {
        "ModelUnavailable",
        "ModelRejected",
        "ModelRefused",
        "BadAnswer",
        "LimitReached",
        "Unable",
        "BudgetExhausted",
        "Parked",
        "RunLost",
        "Draining",
        "NeedsAnswer",
    }
    assert {kind.__name__ for kind in Interrupted.__subclasses__()} == known


class _Careless(DraftingAgent):
    """Names a file among its effects that it did not make."""

    def run(self, brief: contracts.Brief, desk: contracts.Desk) -> contracts.Draft:
        draft = super().run(brief, desk)
        return draft.model_copy(update={"made": []})


def test_a_result_that_cannot_be_kept_is_a_fault_too(
    job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.AGENTS, "drafting", f"{__name__}._Careless")
    run = planned()
    thinks(says(TEXT))
    workers.carry_out(run, pulse)
    assert read(run.task).state == "failed"
    assert "KeyError" in failure().payload["cause"]
    assert not Delivery.objects.exists()
    assert read(job).spent_microusd == 10


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "fault",
    [OSError(28, "No space left on device"), OperationalError("database is locked")],
    ids=["disk", "database"],
)
def test_a_fault_that_passes_gives_the_task_back_and_costs_nothing_twice(
    fault: Exception,
    job: Job,
    planned: Planned,
    thinks: Thinks,
    pulse: pool.Pulse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = planned()
    model = thinks(says(TEXT))
    with monkeypatch.context() as patch:
        patch.setattr(artifacts, "keep", _raiser(fault))
        workers.carry_out(run, pulse)
    task = read(run.task)
    assert (task.state, task.starts) == ("pending", 0)
    assert task.ready_at > timezone.now()
    Task.objects.update(ready_at=job.created_at)
    workers.carry_out(claimed(), pulse)
    assert read(task).state == "completed"
    assert len(model.asks) == 1
    assert read(job).spent_microusd == 10


def _raiser(fault: Exception) -> Callable[..., None]:
    def fail(*args: object, **kwargs: object) -> None:
        raise fault

    return fail


def test_a_draft_that_holds_a_secret_of_this_house_is_thrown_away(
    planned: Callable[..., Run], pulse: pool.Pulse, thinks: Callable[..., ScriptedLLM], settings: Any
) -> None:
    settings.HELD_SECRETS = {"ANTHROPIC_API_KEY": ["sk-of-this-house-0001"]}
    run = planned()
    thinks(says({**TEXT, "markdown": "The key is sk-of-this-house-0001."}))
    workers.carry_out(run, pulse)
    task = Task.objects.get()
    assert task.state == "failed"
    assert "holds a secret of this house (ANTHROPIC_API_KEY)" in task.reason
    assert "sk-of" not in task.reason
    assert not task.artifacts.exists()
    assert not Delivery.objects.exists()
