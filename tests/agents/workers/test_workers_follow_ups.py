"""Agents that find more to do: their jobs are planned and done like any other, and do not go round."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from agents import workers
from agents.contracts import Json
from jobs import pool
from jobs.lifecycle import planning
from jobs.lifecycle.job import open_job
from jobs.models import Client, Event, Job, Task
from tests.jobs.conftest import claimed
from tests.scripted import ScriptedLLM, says, uses

pytestmark = pytest.mark.django_db

FILES = [{"name": "prices.md", "text": "The Forno Due costs 990 euros."}]
LOOK = planning.PlannedStep(
    agent="research", title="Look it up", input={"question": "What does it cost?", "sources": ["prices.md"]}
)
OFFER = {"title": "Ask for an offer", "brief": "Ask the maker of the Forno Due for an offer of two ovens."}


def found(*follow_ups: Json) -> Json:
    """What the research agent's model answers."""
    return {"answer": "990 euros.", "findings": [], "gaps": [], "follow_ups": list(follow_ups)}


def researched(job: Job, answer: Json, thinks: Callable[..., ScriptedLLM], pulse: pool.Pulse) -> None:
    """Plan the job with one look-up, and do it with this answer."""
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(ready_at=now, data={"files": FILES})
    planning.accept_plan(claimed(), [LOOK], by="orchestrator")
    thinks(uses(("read_file", {"name": "prices.md"})), says(answer))
    workers.carry_out(claimed(), pulse)
    assert Task.objects.get(job=job).state == "completed"


def test_what_an_agent_finds_needed_becomes_a_job_and_does_not_go_round(
    trattoria: Client, thinks: Callable[..., ScriptedLLM], pulse: pool.Pulse
) -> None:
    first = open_job(title="Ovens", brief="What does the Forno Due cost?", by="test", client=trattoria)
    researched(first, found(OFFER), thinks, pulse)
    (child,) = first.children.all()
    assert (child.title, child.brief, child.created_by) == (OFFER["title"], OFFER["brief"], "agent:research")
    back: dict[str, Any] = {"title": "Look again", "brief": "What does the FORNO DUE cost???"}
    researched(child, found(back, OFFER), thinks, pulse)
    assert not child.children.exists()
    refused = Event.objects.filter(job=child, name="job.not_followed").order_by("id")
    assert [row.data["reason"] for row in refused] == [
        "“Ovens” of this chain was asked the same",
        "“Ask for an offer” of this chain was asked the same",
    ]
    assert refused[0].actor == "agent:research"
