"""A claimed Run, a model that recites, and a pulse: what the workers' tests begin from."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agents import workers
from agents.contracts import Json
from agents.llm.anthropic import AnthropicLLM
from jobs import pool
from jobs.lifecycle import planning
from jobs.lifecycle.job import open_job
from jobs.models import Client, Job, Run
from tests.emulators.anthropic import TOKEN, AnthropicEmulator
from tests.jobs.conftest import claimed
from tests.scripted import Line, ScriptedLLM

WRITE = planning.PlannedStep(
    agent="drafting",
    title="Write the page",
    input={"kind": "page", "audience": "regular guests", "instructions": "One page on what is new"},
)
TELL = planning.PlannedStep(
    agent="communication", title="Tell the client", input={"purpose": "Say that the page is ready"}
)

# What the drafting agent's model answers, and what no agent can read.
TEXT: Json = {"title": "Winter", "markdown": "We are open.", "open_points": []}
UNREADABLE = "I would rather talk about the weather."


def read(row: Any) -> Any:
    """The row as it stands now."""
    return type(row).objects.get(pk=row.pk)


@pytest.fixture
def job(trattoria: Client) -> Job:
    """A job for a client, ready to be planned."""
    return open_job(
        title="Winter page", brief="Write the winter page, then tell the client.", by="test", client=trattoria
    )


@pytest.fixture
def planned(job: Job) -> Callable[..., Run]:
    """A function that plans the job with these steps and claims the first of them."""

    def plan(*steps: planning.PlannedStep) -> Run:
        planning.accept_plan(claimed(), list(steps) or [WRITE], by="orchestrator")
        return claimed()

    return plan


@pytest.fixture
def pulse() -> pool.Pulse:
    """A pulse that does not beat."""
    return pool.Pulse("agents")


@pytest.fixture
def thinks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ScriptedLLM]:
    """A function that makes this process think with these lines."""

    def think(*lines: Line, cost: int | None = 10, ceiling: int | None = 1_000) -> ScriptedLLM:
        model = ScriptedLLM(*lines, cost=cost, ceiling=ceiling)
        monkeypatch.setattr(workers, "llm", lambda: model)
        return model

    return think


@pytest.fixture
def service() -> Iterator[AnthropicEmulator]:
    """Faults may be left over: that the work ended before they were used up is the point."""
    emulator = AnthropicEmulator().start()
    yield emulator
    emulator.stop()
    assert not [bug for bug in emulator.bugs() if "never struck" not in bug]


@pytest.fixture
def thinks_for_real(
    service: AnthropicEmulator, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Iterator[AnthropicLLM]:
    """This process thinks with the real adapter."""
    settings.REHEARSAL = False
    llm = AnthropicLLM(api_key=TOKEN, base_url=service.url, silence=1.0)
    monkeypatch.setattr(workers, "llm", lambda: llm)
    yield llm
    llm.close()
