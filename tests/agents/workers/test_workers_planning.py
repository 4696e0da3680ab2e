"""What the orchestrator's decisions become, and a whole job with the rehearsal."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from agents import workers
from agents.contracts import Json, ModelUnavailable, Reply
from jobs import pool
from jobs.lifecycle import job as jobs
from jobs.lifecycle import review as reviews
from jobs.models import Event, Job, Review, Task
from tests.agents.workers.conftest import TEXT, read
from tests.jobs.conftest import claimed
from tests.scripted import ScriptedLLM, says

pytestmark = pytest.mark.django_db

Thinks = Callable[..., ScriptedLLM]


def step(agent: str = "drafting", title: str = "Write", needs: list[int] | None = None, **given: Any) -> Json:
    """One step of an answer of the orchestrator."""
    asked = {"kind": "page", "audience": "guests", "instructions": f"Write about {title}", **given}
    return {"agent": agent, "title": title, "input": asked, "needs": needs or []}


def plan(*steps: Json) -> Reply:
    """The orchestrator's answer."""
    return says({"decision": {"kind": "plan", "steps": list(steps)}})


def test_a_plan_becomes_tasks_that_wait_for_what_they_need(job: Job, thinks: Thinks, pulse: pool.Pulse) -> None:
    thinks(plan(step(title="One"), step(title="Two", needs=[1])))
    workers.carry_out(claimed(), pulse)
    assert [(task.title, task.state) for task in job.tasks.all()] == [("One", "pending"), ("Two", "blocked")]
    assert read(job).state == "in_progress"
    assert read(job).spent_microusd == 10


def test_a_split_becomes_two_jobs_of_which_the_second_waits(job: Job, thinks: Thinks, pulse: pool.Pulse) -> None:
    parts = [{"title": "Texts", "brief": "Write the texts."}, {"title": "Mail", "brief": "Write the mail."}]
    thinks(says({"decision": {"kind": "split", "reason": "Too much for one plan.", "parts": parts}}))
    workers.carry_out(claimed(), pulse)
    first, second = job.children.order_by("id")
    assert (first.title, second.title, second.after) == ("Texts", "Mail", first)
    assert read(job).state == "completed"
    assert claimed().job == first


def test_a_question_waits_for_a_person(job: Job, thinks: Thinks, pulse: pool.Pulse) -> None:
    asked = {"question": "Which winter?", "suggestions": ["This one.", "The next."], "recommended": 1}
    thinks(says({"decision": {"kind": "question", **asked}}))
    workers.carry_out(claimed(), pulse)
    assert read(job).state == "needs_clarification"
    review = Review.objects.get()
    assert (review.kind, review.payload) == ("question", {**asked, "lasting": False, "if_unanswered": "hold"})


SIX = [step(title=f"Part {number}") for number in range(1, 7)]
BROKEN_PLANS = pytest.mark.parametrize(
    ("steps", "said"),
    [
        (SIX, "5 are the most"),
        ([step("plumber")], "there is no agent 'plumber'"),
        ([step(kind="song")], "input"),
        ([step(title="One", needs=[2]), step(title="Two", needs=[1])], "comes later"),
        ([], "no steps"),
        ([step(title="One"), step(title="One")], "Step 2 repeats step 1"),
    ],
    ids=["six steps", "unknown agent", "wrong input", "cycle", "empty", "duplicate"],
)


@BROKEN_PLANS
def test_a_plan_that_breaks_a_rule_goes_back_once(
    steps: list[Json], said: str, job: Job, thinks: Thinks, pulse: pool.Pulse
) -> None:
    model = thinks(plan(*steps), plan(step()))
    workers.carry_out(claimed(), pulse)
    assert said in model.asks[1].messages[-1]["content"]
    assert [task.title for task in job.tasks.all()] == ["Write"]
    assert read(job).spent_microusd == 20


@BROKEN_PLANS
def test_a_plan_that_breaks_a_rule_twice_becomes_a_question_and_nothing_of_it_runs(
    steps: list[Json], said: str, job: Job, thinks: Thinks, pulse: pool.Pulse
) -> None:
    thinks(plan(*steps), plan(*steps))
    workers.carry_out(claimed(), pulse)
    assert read(job).state == "needs_clarification"
    assert said in Review.objects.get().payload["question"]
    assert not job.tasks.exists()
    assert read(job).spent_microusd == 20


def test_an_agent_that_the_rule_does_not_allow_is_neither_offered_nor_taken(
    job: Job, thinks: Thinks, pulse: pool.Pulse
) -> None:
    Job.objects.update(agents=["research"])
    llm = thinks(plan(step()), plan(step()))
    workers.carry_out(claimed(), pulse)
    assert '"drafting"' not in llm.asks[0].system
    assert not job.tasks.exists()
    assert "may use only research" in Review.objects.get().payload["question"]


def test_planning_that_was_interrupted_goes_on_from_the_stored_turns(
    job: Job, thinks: Thinks, pulse: pool.Pulse
) -> None:
    first = thinks(plan(*SIX), ModelUnavailable("overloaded", retry_after=0.0))
    workers.carry_out(claimed(), pulse)
    second = thinks(plan(step()))
    workers.carry_out(claimed(), pulse)
    assert second.asks == [first.asks[1]]
    assert read(job).state == "in_progress"
    assert read(job).spent_microusd == 20


def test_the_rehearsal_plans_and_does_a_whole_job(job: Job, pulse: pool.Pulse) -> None:
    assert workers.llm().name == "rehearsal"
    workers.carry_out(claimed(), pulse)
    agents = [task.agent for task in job.tasks.all()]
    assert agents[0] == "drafting"
    assert agents[-1] == "communication"
    for _ in agents:
        workers.carry_out(claimed(), pulse)
    assert [run.state for run in job.runs.all()] == ["succeeded"] * (len(agents) + 1)
    assert {run.model for run in job.runs.all()} == {"rehearsal"}
    review = Review.objects.get()
    assert (review.kind, review.consequence) == ("message", "Sends to marta@example.com")
    assert read(job).spent_microusd == 0
    assert Event.objects.filter(job=job, name="job.planned").count() == 1


def test_a_key_chooses_the_real_model_by_name_of_the_agent(settings: Any) -> None:
    settings.MODELS = {"default": "a", "orchestrator": "b", "code": "c"}
    settings.REHEARSAL = False
    assert [workers.model_for(agent) for agent in ("drafting", "orchestrator", "code")] == ["a", "b", "c"]
    settings.REHEARSAL = True
    assert workers.model_for("code") == "rehearsal"


def test_what_was_said_once_for_a_client_is_used_and_cited_in_the_next_job(
    job: Job, thinks: Thinks, pulse: pool.Pulse, owner: User
) -> None:
    asked = {"question": "Which tone does the page have?", "suggestions": ["Warm.", "Dry."], "recommended": 0}
    thinks(says({"decision": {"kind": "question", **asked, "lasting": True}}))
    workers.carry_out(claimed(), pulse)
    reviews.answer(Review.objects.get(), by=owner, version=1, text="Dry.")
    thinks(plan(step()))
    workers.carry_out(claimed(), pulse)
    again = jobs.run_again(job, by="owner")
    Task.objects.all().delete()
    model = thinks(says({"decision": {"kind": "plan", "steps": [step()], "rests_on": [1]}}), says(TEXT))
    workers.carry_out(claimed(), pulse)
    assert "Answer: Dry." in model.asks[0].messages[0]["content"]
    today = timezone.localdate().isoformat()
    said = {"question": asked["question"], "answer": "Dry.", "by": "", "said_on": today}
    assert read(again).answers == [said]
    workers.carry_out(claimed(), pulse)
    assert "Answer: Dry." in model.asks[1].messages[0]["content"], "the agents are told of what the plan rests on"


def test_a_task_may_ask_while_its_siblings_go_on(
    job: Job, thinks: Thinks, pulse: pool.Pulse, owner: User, settings: Any
) -> None:
    settings.AGENT_OPTIONS = {"repositories": {"site": "/nonexistent", "shop": "/nonexistent"}}
    fix = {"agent": "code", "title": "Mend it", "input": {"repository": "the page", "task": "Mend it"}, "needs": []}
    thinks(plan(fix, step()), says(TEXT))
    for _ in range(3):
        workers.carry_out(claimed(), pulse)
    assert list(job.tasks.values_list("state", flat=True)) == ["needs_review", "completed"]
    review = Review.objects.get()
    assert review.payload["suggestions"] == ["shop", "site", "None of these."]
    assert read(job).spent_microusd == 20, "the question itself cost nothing"
    reviews.answer(review, by=owner, version=1, text="None of these.")
    workers.carry_out(claimed(), pulse)
    assert "Name one of these" in read(job.tasks.first()).reason
