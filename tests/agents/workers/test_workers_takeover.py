"""Who takes a Run over pays nothing twice, and who lost it writes nothing."""

from collections.abc import Callable

import pytest

from agents import workers
from agents.contracts import Ask, ModelUnavailable, Reply
from agents.kinds.drafting import DraftingAgent
from jobs import pool
from jobs.lifecycle import task as tasks
from jobs.models import Delivery, Job, Run
from tests.agents.workers.conftest import TEXT, UNREADABLE, read
from tests.jobs.conftest import claimed
from tests.scripted import ScriptedLLM, says

pytestmark = pytest.mark.django_db

Thinks = Callable[..., ScriptedLLM]
Planned = Callable[..., Run]


def test_a_run_that_was_taken_over_goes_on_from_the_stored_turns(
    job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse
) -> None:
    run = planned()
    first = thinks(says(UNREADABLE), ModelUnavailable("overloaded", retry_after=0.0))
    workers.carry_out(run, pulse)
    second = thinks(says(TEXT))
    workers.carry_out(claimed(), pulse)
    assert read(run.task).state == "completed"
    assert second.asks == [first.asks[1]]
    assert [turn.number for turn in job.turns.order_by("id")] == [1, 2]
    assert read(job).spent_microusd == 20


def test_a_run_that_wakes_up_late_writes_nothing_and_its_successor_finishes(
    job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse
) -> None:
    run = planned()

    def too_late(ask: Ask) -> Reply:
        tasks.rescue(read(run), by="sweep")
        return says(TEXT)

    thinks(too_late, says(TEXT))
    workers.carry_out(run, pulse)
    assert read(run.task).state == "pending"
    assert not job.turns.exists()
    successor = claimed()
    workers.carry_out(successor, pulse)
    assert read(run.task).state == "completed"
    assert [artifact.run_id for artifact in job.artifacts.all()] == [successor.pk]
    # The lost call counts as billed: nobody knows that it was not.
    assert read(job).spent_microusd == 1_010


def test_what_was_thought_is_on_the_run(job: Job, planned: Planned, thinks: Thinks, pulse: pool.Pulse) -> None:
    run = planned()
    thinks(says(TEXT))
    workers.carry_out(run, pulse)
    run = read(run)
    assert (run.state, run.prompt_version, run.model) == ("succeeded", DraftingAgent.prompt_version, "scripted")
    assert (run.input_tokens, run.output_tokens, run.cost_microusd) == (10, 5, 10)
    assert Delivery.objects.get().kind == "document"
