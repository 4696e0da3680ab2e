"""The night lane, with the real adapter and a strict service: park, send, fetch, go on; and every way around."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from agents import workers
from agents.llm.anthropic import AnthropicLLM
from agents.llm.batches import AnthropicBatches
from agents.workers import lane
from jobs import pool, queue, spending
from jobs.lifecycle import batch as batches
from jobs.lifecycle import job as jobs
from jobs.lifecycle import planning
from jobs.lifecycle.job import open_job
from jobs.models import BatchCall, Job, Run, Task, Turn
from tests.agents.workers.conftest import TEXT, WRITE, read
from tests.emulators.anthropic import AnthropicEmulator, error_body
from tests.jobs.conftest import claimed
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db

CREATE = "POST /v1/messages/batches$"
DIRECT = "/v1/messages"
TURNS: list[dict[str, Any]] = [{"tools": [["nothing", {}]]}, {"json": TEXT}]


@pytest.fixture
def night(service: AnthropicEmulator, thinks_for_real: AnthropicLLM, settings: Any) -> AnthropicBatches:
    """The lane is open, and a batch is answered at the first look."""
    settings.BATCH = True
    service.batches.polls = 1
    service.rule(lambda body, turn, results: TURNS[turn])
    return AnthropicBatches(thinks_for_real)


@pytest.fixture
def task(db: None) -> Task:
    """An internal job's one task, ready to be done."""
    job = open_job(title="Winter page", brief="Write the winter page.", by="test")
    Job.objects.filter(pk=job.pk).update(ready_at=timezone.now())
    (task,) = planning.accept_plan(claimed(), [WRITE], by="orchestrator")
    return task


def go_on(pulse: pool.Pulse) -> None:
    """Carry out whatever can be claimed."""
    while run := queue.claim_run():
        workers.carry_out(run, pulse)


def direct(service: AnthropicEmulator) -> int:
    """Calls at the full price."""
    return sum(seen.req.path == DIRECT for seen in service.journal)


def test_a_run_parks_for_each_turn_and_goes_on_when_the_answer_is_there(
    task: Task, night: AnthropicBatches, service: AnthropicEmulator, pulse: pool.Pulse
) -> None:
    service.batches.polls = 2
    for _ in TURNS:
        go_on(pulse)
        run = Run.objects.get(task=task)
        assert (run.state, read(task).state) == ("parked", "in_progress")
        assert run.reserved_microusd == read(task.job).reserved_microusd > 0
        assert not queue.due("agents"), "it holds no worker"
        assert not queue.expired(), "nor a lease"
        lane.tend(night)
        assert not queue.due("agents"), "the batch was only sent"
        lane.tend(night)
        assert queue.due("agents")
    go_on(pulse)
    run = Run.objects.get(task=task)
    assert (run.state, read(task).state, run.reserved_microusd) == ("succeeded", "completed", 0)
    assert direct(service) == 0
    assert abs(run.cost_microusd - int(service.bill.usd() * 1_000_000)) <= 2
    saved = spending.saved_in(task.job)
    assert abs(saved.by_batch - run.cost_microusd) <= 2, "half the price"
    assert [turn.reply["usage"]["batch"] for turn in Turn.objects.all()] == [True, True]


@pytest.mark.parametrize("fate", ["expired", "errored", "canceled"])
def test_a_batch_without_an_answer_is_followed_by_a_direct_call(
    fate: str, task: Task, night: AnthropicBatches, service: AnthropicEmulator, pulse: pool.Pulse
) -> None:
    service.batches.fate = lambda name, params: fate
    for _ in TURNS:
        go_on(pulse)
        lane.tend(night)
        lane.tend(night)
    go_on(pulse)
    assert read(task).state == "completed"
    assert direct(service) == len(TURNS)
    assert set(BatchCall.objects.values_list("state", flat=True)) == {"direct"}
    assert spending.saved_in(task.job).by_batch == 0


def test_a_search_goes_through_a_batch_and_costs_its_whole_price(
    night: AnthropicBatches, service: AnthropicEmulator, pulse: pool.Pulse, settings: Any
) -> None:
    settings.AGENT_OPTIONS = {**settings.AGENT_OPTIONS, "web_search": {"for": "own", "most": 3}}
    found = {"answer": "Nothing.", "findings": [], "gaps": []}
    searched = {"server": [["web_search", {"query": "winter"}]] * 2, "text": "Nothing was found."}
    service.rules[:] = [lambda body, turn, results: {"json": found} if "output_config" in body else searched]
    job = open_job(title="Winter", brief="What is new in winter?", by="test")
    Job.objects.filter(pk=job.pk).update(ready_at=timezone.now())
    given = {"question": "What is new in winter?", "search": True}
    planning.accept_plan(claimed(), [planning.PlannedStep("research", "Find out", given)], by="orchestrator")
    for _ in range(2):
        go_on(pulse)
        lane.tend(night)
        lane.tend(night)
    go_on(pulse)
    assert read(job.tasks.get()).state == "completed"
    assert direct(service) == 0
    first, second = Turn.objects.order_by("number")
    assert (first.reply["usage"]["web_searches"], first.reply["usage"]["batch"]) == (2, True)
    assert read(job).spent_microusd == (first.cost_microusd or 0) + (second.cost_microusd or 0)
    assert abs(read(job).spent_microusd - float(service.bill.usd()) * 1_000_000) <= 2
    assert (first.cost_microusd or 0) > 20_000


def test_many_calls_go_in_one_batch(night: AnthropicBatches, service: AnthropicEmulator, pulse: pool.Pulse) -> None:
    made = [open_job(title=f"Page {number}", brief="Write.", by="test") for number in range(5)]
    Job.objects.filter(pk__in=[job.pk for job in made]).update(ready_at=timezone.now())
    for run in [claimed() for _ in made]:
        planning.accept_plan(run, [WRITE], by="orchestrator")
    for _ in TURNS:
        go_on(pulse)
        lane.tend(night)
        lane.tend(night)
    go_on(pulse)
    assert not Task.objects.exclude(state="completed").exists()
    assert len(service.batches.kept) == len(TURNS)


def test_client_work_never_waits_for_a_batch(
    night: AnthropicBatches, service: AnthropicEmulator, planned: Any, pulse: pool.Pulse
) -> None:
    run = planned()
    workers.carry_out(run, pulse)
    assert read(run.task).state == "completed"
    assert direct(service) == len(TURNS)


@pytest.mark.parametrize(
    ("kind", "options", "state"),
    [
        ("status", {"status": 529, "body": error_body("overloaded_error")}, "waiting"),
        ("status", {"status": 404, "body": error_body("not_found_error")}, "direct"),
        ("lost", {}, "direct"),
    ],
)
def test_what_could_not_be_sent_waits_or_is_called_directly(
    kind: str,
    options: dict[str, Any],
    state: str,
    task: Task,
    night: AnthropicBatches,
    service: AnthropicEmulator,
    pulse: pool.Pulse,
) -> None:
    service.fault(CREATE, kind, **options)
    go_on(pulse)
    lane.tend(night)
    assert BatchCall.objects.get().state == state
    assert queue.due("agents") == (state == "direct")


def test_a_batch_that_cannot_be_looked_at_is_looked_at_again_until_it_is_late(
    task: Task, night: AnthropicBatches, service: AnthropicEmulator, pulse: pool.Pulse
) -> None:
    go_on(pulse)
    service.fault("GET", "drop", times=2)
    lane.tend(night)
    lane.tend(night)
    assert BatchCall.objects.get().state == "sent"
    BatchCall.objects.update(sent_at=timezone.now() - timedelta(hours=26))
    lane.tend(night)
    assert BatchCall.objects.get().state == "direct"


def test_a_batch_that_nobody_knows_is_not_waited_for(
    task: Task, night: AnthropicBatches, service: AnthropicEmulator, pulse: pool.Pulse
) -> None:
    go_on(pulse)
    batches.sent(batches.take_waiting(10), "msgbatch_999")
    lane.tend(night)
    assert BatchCall.objects.get().state == "direct"


def test_the_lane_that_was_closed_still_brings_home_what_was_sent(
    task: Task, night: AnthropicBatches, service: AnthropicEmulator, pulse: pool.Pulse, settings: Any
) -> None:
    go_on(pulse)
    settings.BATCH = False
    lane.tend(night)
    lane.tend(night)
    go_on(pulse)
    assert read(task).state == "completed"
    assert direct(service) == 1, "the second turn"
    assert len(service.bill.lines) == 2


def test_an_answer_is_there_for_the_next_run_of_the_conversation(
    task: Task, night: AnthropicBatches, service: AnthropicEmulator, pulse: pool.Pulse
) -> None:
    go_on(pulse)
    lane.tend(night)
    lane.tend(night)
    resumed = queue.claim_run()
    assert resumed
    pulse.draining.set()
    workers.carry_out(resumed, pulse)
    assert (read(resumed).state, read(task.job).reserved_microusd) == ("abandoned", 0)
    pulse.draining.clear()
    go_on(pulse)
    assert Run.objects.filter(task=task, state="parked").exists()
    assert Turn.objects.count() == 1
    assert len(service.bill.lines) == 1


def test_a_job_that_ends_takes_its_calls_along(
    task: Task, night: AnthropicBatches, service: AnthropicEmulator, pulse: pool.Pulse
) -> None:
    go_on(pulse)
    jobs.cancel(task.job, by="owner")
    lane.tend(night)
    assert service.batches.kept == {}
    assert read(task.job).reserved_microusd == 0
    assert not queue.due("agents")


def test_a_run_is_parked_only_while_it_is_the_runs_own(
    task: Task, night: AnthropicBatches, pulse: pool.Pulse
) -> None:
    run = claimed()
    jobs.cancel(read(task.job), by="owner")
    workers.carry_out(run, pulse)
    assert not BatchCall.objects.exists()


def test_it_is_tended_beside_the_work_and_a_broken_look_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = threading.Semaphore(0)

    def look() -> bool:
        looked.release()
        raise RuntimeError("broken")

    monkeypatch.setattr(batches, "is_anything_open", look)
    monkeypatch.setattr(lane, "TEND_SECONDS", 0.001)
    with lane.tending(lambda: pytest.fail("nothing is open")):
        assert looked.acquire(timeout=PATIENCE)
        assert looked.acquire(timeout=PATIENCE)


def test_nobody_tends_a_rehearsal(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "is_anything_open", lambda: pytest.fail("there is no real model"))
    workers.tend_batches()
    assert settings.REHEARSAL


def test_the_schedule_tends_where_nobody_works(
    task: Task, night: AnthropicBatches, service: AnthropicEmulator, pulse: pool.Pulse
) -> None:
    go_on(pulse)
    workers.tend_batches()
    assert len(service.batches.kept) == 1
    assert Turn.objects.aggregate(sum=Sum("cost_microusd"))["sum"] is None
