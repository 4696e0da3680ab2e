"""The journal of a Run: each turn is stored and paid before the next begins."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from agents.contracts import Ask, BudgetExhausted, Draining, Reply, RunLost, Usage
from agents.workers.journal import StoredJournal
from jobs import pool
from jobs.lifecycle import job as jobs
from jobs.lifecycle import planning
from jobs.lifecycle import task as tasks
from jobs.models import Day, Job, Run, Turn
from tests.agents.workers.conftest import TELL, WRITE, read
from tests.jobs.conftest import claimed

pytestmark = pytest.mark.django_db

Planned = Callable[..., Run]

BEGIN = {"role": "user", "content": "Write it."}
SAID = {"role": "assistant", "content": "Half of it."}
MORE = {"role": "user", "content": "And the rest?"}


def ask(*messages: dict[str, Any]) -> Ask:
    """A call of these messages."""
    return Ask(agent="drafting", model="small", system="You write.", messages=list(messages or [BEGIN]))


def reply(**tokens: int) -> Reply:
    """An answer that was billed for these tokens."""
    text = [{"type": "text", "text": "Half of it."}]
    return Reply(content=text, stop_reason="end_turn", usage=Usage(**tokens), model="small-2")


@pytest.fixture
def run(planned: Planned) -> Run:
    """A claimed Run."""
    return planned()


@pytest.fixture
def journal(run: Run, pulse: pool.Pulse) -> StoredJournal:
    """The journal of that Run."""
    return StoredJournal(run, pulse)


def money(job: Job) -> tuple[int, int, int, int]:
    """Reserved and spent, of the job and of the day."""
    day = Day.objects.get(date=timezone.localdate())
    job = read(job)
    return job.reserved_microusd, job.spent_microusd, day.reserved_microusd, day.spent_microusd


def test_a_call_is_reserved_before_and_charged_after(journal: StoredJournal, job: Job) -> None:
    journal.before_call(ask(), 700)
    assert money(job) == (700, 0, 700, 0)
    journal.record(ask(), reply(), cost=300, duration_ms=5)
    assert money(job) == (0, 300, 0, 300)


def test_a_call_that_failed_is_released(journal: StoredJournal, job: Job) -> None:
    journal.before_call(ask(), 700)
    journal.call_failed(ask(), billed_unknown=False)
    assert money(job) == (0, 0, 0, 0)


def test_a_call_that_failed_but_may_be_billed_is_charged_in_full(journal: StoredJournal, job: Job) -> None:
    journal.before_call(ask(), 700)
    journal.call_failed(ask(), billed_unknown=True)
    assert money(job) == (0, 700, 0, 700)


def test_a_model_without_a_price_leaves_its_cost_unknown_and_takes_from_the_envelope(
    journal: StoredJournal, run: Run, job: Job
) -> None:
    journal.before_call(ask(), None)
    assert money(job)[0] > 0
    journal.record(ask(), reply(), cost=None, duration_ms=5)
    assert Turn.objects.get().cost_microusd is None
    assert (read(run).cost_microusd, read(run).cost_unknown, read(job).cost_unknown) == (0, True, True)
    assert money(job)[1] > 0


def test_a_turn_is_stored_with_all_that_it_took(journal: StoredJournal, run: Run, job: Job) -> None:
    tokens = {
        "input_tokens": 1,
        "cache_read_tokens": 20,
        "cache_write_5m_tokens": 300,
        "cache_write_1h_tokens": 4_000,
        "output_tokens": 5,
    }
    journal.before_call(ask(), 700)
    record = journal.record(ask(), reply(**tokens), cost=300, duration_ms=1_234)
    turn = Turn.objects.get()
    assert (turn.job, turn.task, turn.run, turn.number) == (job, run.task, run, 1)
    assert (turn.input_tokens, turn.output_tokens, turn.duration_ms) == (4_321, 5, 1_234)
    assert (turn.model, turn.stop_reason, turn.cost_microusd) == ("small-2", "end_turn", 300)
    assert turn.ask_digest == ask().digest() == record.ask_digest
    assert record.reply == reply(**tokens)
    assert (read(run).input_tokens, read(run).output_tokens) == (4_321, 5)


def test_a_conversation_is_stored_once_and_then_what_it_grew_by(journal: StoredJournal) -> None:
    for call in (ask(), ask(BEGIN, SAID, MORE)):
        journal.before_call(call, 700)
        journal.record(call, reply(), cost=1, duration_ms=5)
    first, second = (turn.request for turn in Turn.objects.order_by("number"))
    assert first == ask().model_dump(mode="json")
    assert second == {"model": "small", "messages": [SAID, MORE]}


def test_the_next_run_finds_the_turns_and_their_tools_answers(
    journal: StoredJournal, run: Run, pulse: pool.Pulse
) -> None:
    answers = [{"type": "tool_result", "tool_use_id": "tool_1", "content": "42"}]
    journal.before_call(ask(), 700)
    record = journal.record(ask(), reply(output_tokens=5), cost=1, duration_ms=5)
    journal.record_tools(record.number, answers)
    assert [turn.tool_results for turn in journal.turns()] == [answers], "within the same Run too"
    tasks.rescue(run, by="sweep")
    successor = StoredJournal(claimed(), pulse)
    (found,) = successor.turns()
    assert found == record.model_copy(update={"tool_results": answers})
    successor.before_call(ask(BEGIN, SAID, MORE), 700)
    assert successor.record(ask(BEGIN, SAID, MORE), reply(), cost=1, duration_ms=5).number == 2


def test_turns_of_planning_and_of_each_task_are_kept_apart(job: Job, pulse: pool.Pulse) -> None:
    run = claimed()
    for _ in range(2):
        journal = StoredJournal(run, pulse)
        journal.before_call(ask(), 700)
        assert journal.record(ask(), reply(), cost=1, duration_ms=5).number == 1
        assert len(StoredJournal(run, pulse).turns()) == 1
        if run.task is None:
            planning.accept_plan(run, [WRITE, TELL], by="orchestrator")
            run = claimed()
    assert [turn.task for turn in job.turns.order_by("id")] == [None, run.task]
    assert StoredJournal(claimed(), pulse).turns() == []


def test_nothing_is_called_once_the_process_drains(journal: StoredJournal, pulse: pool.Pulse) -> None:
    pulse.draining.set()
    with pytest.raises(Draining):
        journal.before_call(ask(), 700)
    assert not Day.objects.exists()


def test_a_budget_that_does_not_hold_the_call_says_which(journal: StoredJournal, job: Job, settings: Any) -> None:
    with pytest.raises(BudgetExhausted) as of_the_job:
        journal.before_call(ask(), job.budget_microusd + 1)
    assert of_the_job.value.scope == "job"
    settings.DAILY_BUDGET = 100
    with pytest.raises(BudgetExhausted) as of_the_day:
        journal.before_call(ask(), 101)
    assert of_the_day.value.scope == "day"
    assert money(job) == (0, 0, 0, 0)


def test_a_lost_run_may_neither_call_nor_write(journal: StoredJournal, run: Run, job: Job) -> None:
    journal.before_call(ask(), 700)
    record = journal.record(ask(), reply(), cost=1, duration_ms=5)
    jobs.cancel(read(job), by="owner")
    with pytest.raises(RunLost):
        journal.before_call(ask(), 700)
    with pytest.raises(RunLost):
        journal.record(ask(), reply(), cost=300, duration_ms=5)
    with pytest.raises(RunLost):
        journal.record_tools(record.number, [])
    assert Turn.objects.count() == 1
    assert money(job) == (0, 1, 0, 1)


def test_a_run_that_the_heartbeat_missed_calls_nobody(run: Run, pulse: pool.Pulse) -> None:
    pulse.holds(run.pk)
    tasks.rescue(run, by="sweep")
    pulse._renew()
    with pytest.raises(RunLost):
        StoredJournal(run, pulse).before_call(ask(), 700)
    assert not Day.objects.exists()


def test_two_runs_cannot_store_the_same_turn(journal: StoredJournal, run: Run, pulse: pool.Pulse) -> None:
    other = StoredJournal(run, pulse)
    journal.before_call(ask(), 700)
    journal.record(ask(), reply(), cost=1, duration_ms=5)
    with pytest.raises(RunLost, match="Turn 1"):
        other.record(ask(), reply(), cost=1, duration_ms=5)
    assert Turn.objects.count() == 1
