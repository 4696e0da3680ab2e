"""A draft that fails its rubric, from the agents' side: written, judged, written again, judged by fresh eyes."""

from collections.abc import Callable

import pytest

from agents import texts, workers
from agents.contracts import Json, Reply
from jobs import pool
from jobs.lifecycle import planning
from jobs.models import Artifact, Delivery, Job, Run
from tests.agents.workers.conftest import WRITE, read
from tests.jobs.conftest import claimed
from tests.scripted import ScriptedLLM, says

pytestmark = pytest.mark.django_db

JUDGE = planning.PlannedStep(agent="review", title="Judge the page", input={}, needs=[1])


def text(words: str) -> Reply:
    return says({"title": "Winter", "markdown": words, "open_points": []})


def judgement(score: int, passage: str) -> Reply:
    suggestion = "Say when you are open."
    each: list[Json] = [
        {"criterion": criterion, "score": score, "passage": passage, "suggestion": suggestion}
        for criterion in texts.rubric("page")
    ]
    return says({"verdict": "ready", "overview": "Vague.", "scores": each})


@pytest.fixture
def working(
    planned: Callable[..., Run], thinks: Callable[..., ScriptedLLM], pulse: pool.Pulse
) -> Callable[..., ScriptedLLM]:
    """A function that does the two steps with these lines, one run a line."""

    def work(*lines: Reply) -> ScriptedLLM:
        run, model = planned(WRITE, JUDGE), thinks(*lines)
        workers.carry_out(run, pulse)
        for _ in lines[1:]:
            workers.carry_out(claimed(), pulse)
        return model

    return work


def test_it_is_mended_with_the_critique_and_judged_by_fresh_eyes(
    working: Callable[..., ScriptedLLM], job: Job
) -> None:
    model = working(
        text("We are open."), judgement(2, "We are open."), text("Open on Friday."), judgement(4, "Open on Friday.")
    )
    again = model.asks[2].messages[0]["content"]
    assert "# What you made before" in again
    assert "We are open." in again
    assert "Purpose: it does what the request asks, all of it and nothing else (2 of 5)" in again
    fresh = model.asks[3].messages[0]["content"]
    assert "Open on Friday." in fresh
    assert "We are open." not in fresh
    assert "Say when you are open." not in fresh
    assert [(task.state, task.sent_back) for task in job.tasks.all()] == [("completed", 1), ("completed", 0)]
    assert read(job).state == "in_progress", "its documents are on their way"
    assert Artifact.objects.filter(kind="draft").count() == 2
    assert Delivery.objects.filter(task__agent="review").count() == 1


def test_after_two_times_the_judgement_stands(working: Callable[..., ScriptedLLM], job: Job) -> None:
    cold = judgement(1, "Cold.")
    working(text("One."), cold, text("Two."), cold, text("Three."), cold)
    assert [(task.state, task.sent_back) for task in job.tasks.all()] == [("completed", 2), ("completed", 0)]
    assert (job.tasks.get(agent="review").output or {})["verdict"] == "revise"
    assert job.runs.count() == 7


def test_a_good_draft_is_judged_once(working: Callable[..., ScriptedLLM], job: Job) -> None:
    working(text("We are open."), judgement(3, "We are open."))
    assert [task.state for task in job.tasks.all()] == ["completed", "completed"]
