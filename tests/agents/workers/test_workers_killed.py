"""kill -9 at every named point of a conversation of three turns: at most one model call is made twice."""

import os
import signal
import traceback
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import anthropic
import pytest
from django.db import connections

from agents import workers
from agents.llm.anthropic import AnthropicLLM
from agents.workers.journal import StoredJournal
from jobs import pool, queue
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import task as tasks
from jobs.models import Job, Run, Task
from jobs.workers import sweep
from tests.agents.workers.conftest import TEXT, read
from tests.emulators.anthropic import AnthropicEmulator
from tests.jobs.conftest import claimed

pytestmark = pytest.mark.django_db(transaction=True)

TURNS: list[dict[str, Any]] = [
    {"tools": [["nothing", {}]]},
    {"text": "hm", "stop": "pause_turn"},
    {"json": TEXT},
]

# Where a process may die: what it is about to do, or has just done, and how often it comes by.
POINTS: list[tuple[str, Any, str, bool, int]] = [
    ("claimed", workers, "brief_for", False, 1),
    ("about to reserve", StoredJournal, "before_call", False, 3),
    ("reserved", StoredJournal, "before_call", True, 3),
    ("answered", AnthropicLLM, "complete", True, 3),
    ("stored", StoredJournal, "record", True, 3),
    ("tools have run", StoredJournal, "record_tools", False, 1),
    ("their results are stored", StoredJournal, "record_tools", True, 1),
    ("files are kept", artifacts, "keep", True, 1),
    ("ended", tasks, "succeed", True, 1),
]
CASES = [(*point[:4], time) for point in POINTS for time in range(1, point[4] + 1)]


@pytest.fixture(autouse=True)
def conversation(service: AnthropicEmulator, thinks_for_real: Any) -> None:
    """Three turns, and a client that is loaded before anything is forked."""
    assert anthropic.__version__
    service.rule(lambda body, turn, results: TURNS[turn])


def in_a_process(act: Callable[[], None]) -> int:
    """The signal that ended a process of its own which does this; 0 if it came to its end."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            act()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def dies(owner: Any, name: str, *, after: bool, time: int) -> None:
    """In this process, the `time`-th pass of this point is the last thing that happens."""
    real, passes = getattr(owner, name), [0]

    def deadly(*args: Any, **kwargs: Any) -> Any:
        result = real(*args, **kwargs) if after else None
        passes[0] += 1
        if passes[0] == time:
            os.kill(os.getpid(), signal.SIGKILL)
        return result if after else real(*args, **kwargs)

    setattr(owner, name, deadly)


@pytest.mark.parametrize(("what", "owner", "name", "after", "time"), CASES, ids=[f"{c[0]} {c[4]}" for c in CASES])
def test_a_killed_process_costs_at_most_one_call(
    what: str,
    owner: Any,
    name: str,
    after: bool,
    time: int,
    service: AnthropicEmulator,
    planned: Callable[..., Run],
    job: Job,
    pulse: pool.Pulse,
) -> None:
    task = planned().task
    assert task
    give_up_quietly(task)

    def work() -> None:
        dies(owner, name, after=after, time=time)
        workers.carry_out(claimed(), pulse)

    assert in_a_process(work) == signal.SIGKILL
    sweep()
    if read(task).state != "completed":
        workers.carry_out(claimed(), pulse)
    assert read(task).state == "completed"
    assert len(TURNS) <= len(service.journal) <= len(TURNS) + 1
    assert [turn.number for turn in job.turns.order_by("number")] == [1, 2, 3]
    assert job.artifacts.count() == 1
    assert not queue.expired()
    assert read(job).reserved_microusd == 0
    assert Decimal(read(job).spent_microusd) / 1_000_000 >= service.bill.usd()


def test_an_undisturbed_process_makes_each_call_once(
    service: AnthropicEmulator, planned: Callable[..., Run], pulse: pool.Pulse
) -> None:
    task = planned().task
    assert task
    give_up_quietly(task)
    assert in_a_process(lambda: workers.carry_out(claimed(), pulse)) == 0
    assert read(task).state == "completed"
    assert len(service.journal) == len(TURNS)


def give_up_quietly(task: Task) -> None:
    """The claim of this process is given back, for another one to take."""
    tasks.give_back(task.runs.get(), how="for another process", delay_seconds=0, by="test")
