"""Runs: the fence of every write made in their name, and the turns they store."""

import signal
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now

from jobs import budget, queue
from jobs.holder import this_process
from jobs.lifecycle import planning
from jobs.lifecycle import run as runs
from jobs.lifecycle import task as tasks
from jobs.lifecycle.moves import LostRace
from jobs.models import Event, Job, Run, Turn
from jobs.states import RunState
from tests.jobs.conftest import STEP, claimed, store_turn, together

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(planned: Callable[..., Job]) -> Run:
    """A Run that does a task."""
    planned()
    return claimed()


def end(run: Run, state: RunState = RunState.FAILED, **columns: Any) -> None:
    """End it in a transaction of its own."""
    with transaction.atomic():
        runs.end(run, state, how="a reason" + "!" * 600, by="test", **columns)


@pytest.mark.parametrize("state", ["succeeded", "failed", "abandoned", "cancelled"])
def test_an_end_is_kept_with_how_and_when(run: Run, state: str) -> None:
    end(run, RunState(state))
    run.refresh_from_db()
    assert (run.state, run.exit[:9], len(run.exit)) == (state, "a reason!", 500)
    assert run.finished_at
    line = Event.objects.latest("id")
    assert (line.name, line.actor, line.source, line.to) == (f"run.{state}", "test", "running", state)


def test_a_run_ends_once(run: Run) -> None:
    other = Run.objects.get(pk=run.pk)
    end(run)
    with pytest.raises(LostRace):
        end(other)


@pytest.mark.parametrize(("billed", "spent"), [(True, 500), (False, 0)])
def test_what_it_had_set_aside_is_settled_with_its_end(run: Run, billed: bool, spent: int) -> None:
    budget.reserve(run, 500)
    end(run, billed_unknown=billed)
    job = Job.objects.get()
    assert (job.reserved_microusd, job.spent_microusd) == (0, spent)


def test_a_turn_is_stored_counted_and_paid(run: Run) -> None:
    budget.reserve(run, 100)
    turn = store_turn(run)
    store_turn(run, 2, cost=3)
    run.refresh_from_db()
    assert (turn.job_id, turn.task_id, turn.round, turn.number) == (run.job_id, run.task_id, 0, 1)
    assert (run.input_tokens, run.output_tokens, run.cost_microusd, run.model) == (20, 10, 10, "rehearsal")
    assert Job.objects.get().spent_microusd == 10


def test_a_run_that_was_lost_stores_no_turn_and_pays_none(run: Run) -> None:
    tasks.rescue(Run.objects.get(pk=run.pk), by="sweep")
    spent = Job.objects.get().spent_microusd
    with pytest.raises(LostRace, match="taken over"):
        store_turn(run)
    assert not Turn.objects.exists()
    assert Job.objects.get().spent_microusd == spent


def test_a_number_of_a_round_is_stored_once_and_paid_once(run: Run) -> None:
    store_turn(run)
    with pytest.raises(LostRace, match="Turn 1 of this round is stored already"):
        store_turn(run)
    assert Turn.objects.count() == 1
    assert Job.objects.get().spent_microusd == 7
    run.refresh_from_db()
    assert run.output_tokens == 5


@pytest.mark.django_db(transaction=True)
def test_of_two_who_store_the_same_turn_one_wins(run: Run) -> None:
    results = together(2, lambda: store_turn(run))
    assert sorted(type(result).__name__ for result in results) == ["LostRace", "Turn"]


def test_what_tools_answered_is_kept_with_its_turn(run: Run) -> None:
    store_turn(run)
    store_turn(run, 2)
    runs.store_tool_results(run, number=2, results=[{"content": "42"}])
    assert list(Turn.objects.values_list("tool_results", flat=True)) == [None, [{"content": "42"}]]


def test_a_lost_run_keeps_no_tool_results(run: Run) -> None:
    store_turn(run)
    tasks.rescue(Run.objects.get(pk=run.pk), by="sweep")
    with pytest.raises(LostRace):
        runs.store_tool_results(run, number=1, results=[])
    assert Turn.objects.get().tool_results is None


def test_the_next_run_of_the_round_sees_the_turns_of_the_first(run: Run) -> None:
    store_turn(run)
    store_turn(run, 2)
    tasks.rescue(run, by="sweep")
    successor = claimed()
    assert successor.pk != run.pk
    assert [turn.number for turn in runs.turns_of(successor)] == [1, 2]


def test_turns_of_planning_and_of_other_tasks_are_not_seen(planned: Callable[..., Job]) -> None:
    planned(STEP, STEP)
    planner, first, second = Run.objects.get(), claimed(), claimed()
    store_turn(first)
    assert [list(runs.turns_of(run)) for run in (planner, second)] == [[], []]
    assert runs.turns_of(first).count() == 1


def test_a_new_round_begins_without_turns(run: Run) -> None:
    store_turn(run)
    run.round = 1
    assert not runs.turns_of(run).exists()


def test_planning_runs_see_their_own_turns(job: Job) -> None:
    run = claimed()
    store_turn(run)
    planning.rescue(run, by="sweep")
    assert runs.turns_of(claimed()).count() == 1


def test_a_stalled_process_is_ended_before_its_run_is_taken(run: Run) -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        started = Path(f"/proc/{child.pid}/stat").read_text().rpartition(") ")[2].split()[19]
        child.send_signal(signal.SIGSTOP)
        late = Now() - timedelta(seconds=1)
        Run.objects.filter(pk=run.pk).update(pid=child.pid, pid_started=started, lease_until=late)
        (found,) = queue.expired()
        assert runs.make_way(found)
        assert child.wait(10) == -signal.SIGKILL
    assert runs.make_way(found), "it is dead now"


def test_no_process_ends_itself_for_a_run(run: Run) -> None:
    assert queue.holder_of(run) == this_process()
    assert not runs.make_way(run)


def test_a_process_on_another_host_is_let_be(run: Run) -> None:
    run.host = "another machine"
    assert runs.make_way(run)
