"""Verbs of planning: a plan, a split, a question, and the ways in which planning ends early."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import queue
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import job as jobs
from jobs.lifecycle import planning
from jobs.lifecycle.job import open_job
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.lifecycle.planning import PlannedStep
from jobs.models import Client, Event, Job, Review, Run, Task
from jobs.states import NEVER
from tests.jobs.conftest import STEP, claimed, claimed_later, document_result, done, sending, store_turn

pytestmark = pytest.mark.django_db

BY = "orchestrator"
PARTS = [("Part one", "Do the first half."), ("Part two", "Do the second half.")]


@pytest.fixture
def run(job: Job) -> Run:
    """A planning Run."""
    return claimed()


def lines(job: Job) -> list[tuple[str, str]]:
    """The job's history: what, by whom."""
    return list(Event.objects.filter(job=job).order_by("id").values_list("name", "actor"))


def test_a_plan_becomes_tasks_that_inherit_the_jobs_urgency(run: Run, job: Job) -> None:
    steps = [PlannedStep("research", "Look", {"q": "?"}), PlannedStep("drafting", "Write", {}, needs=[1])]
    planning.accept_plan(run, steps, by=BY)
    rows = job.tasks.values_list("position", "agent", "title", "input", "needs", "state", "priority")
    assert list(rows) == [
        (1, "research", "Look", {"q": "?"}, [], "pending", 1),
        (2, "drafting", "Write", {}, [1], "blocked", 1),
    ]
    job.refresh_from_db()
    run.refresh_from_db()
    assert (job.state, job.starts) == ("in_progress", 0)
    assert (run.state, run.exit) == ("succeeded", "planned 2 steps")
    assert lines(job)[-2:] == [("run.succeeded", BY), ("job.planned", BY)]
    assert Event.objects.latest("id").data == {"steps": ["Look", "Write"]}


@pytest.mark.parametrize("count", [0, 6])
def test_a_plan_has_one_to_five_steps(run: Run, count: int) -> None:
    with pytest.raises(ValueError, match="1 to 5 steps"):
        planning.accept_plan(run, [STEP] * count, by=BY)
    assert not Task.objects.exists()
    assert Run.objects.get().state == "running"


def test_a_plan_with_an_agent_that_the_job_does_not_allow_is_refused(run: Run, job: Job) -> None:
    Job.objects.update(agents=["research"])
    with pytest.raises(ValueError, match="does not allow: drafting"):
        planning.accept_plan(run, [STEP, STEP], by="orchestrator")
    assert not Task.objects.exists()
    assert Run.objects.get().state == "running"
    Job.objects.update(agents=["research", "drafting"])
    assert len(planning.accept_plan(run, [STEP], by="orchestrator")) == 1


def test_both_parts_of_a_split_may_use_the_same_agents(run: Run) -> None:
    Job.objects.update(agents=["drafting"])
    first, second = planning.split(run, [("A", "a"), ("B", "b")], reason="large", by="orchestrator")
    assert (first.agents, second.agents) == (["drafting"], ["drafting"])


def test_a_request_that_is_too_large_becomes_two_jobs_one_after_the_other(run: Run, job: Job) -> None:
    due_at = timezone.now()
    known = {"data": {"a": 1}, "due_at": due_at}
    Job.objects.filter(pk=job.pk).update(budget_microusd=1_000_000, spent_microusd=200_000, **known)
    first, second = planning.split(run, PARTS, reason="two outcomes", by=BY)
    job.refresh_from_db()
    assert (job.state, job.reason) == ("completed", "two outcomes")
    assert job.finished_at
    for part, (title, brief) in zip((first, second), PARTS, strict=True):
        assert (part.title, part.brief, part.data) == (title, brief, {"a": 1})
        assert (part.parent, part.client, part.priority, part.depth) == (job, job.client, 1, 0)
        assert (part.budget_microusd, part.due_at) == (400_000, due_at)
    assert (first.after, second.after) == (None, first)
    assert second.ready_at == NEVER
    split = Event.objects.get(name="job.split")
    assert (split.actor, split.data) == (BY, {"jobs": [first.pk, second.pk]})
    assert claimed().job == first
    assert queue.claim_run() is None


def test_both_parts_of_a_split_know_what_was_answered_and_given_before(run: Run, job: Job) -> None:
    said = [{"question": "Which tone?", "answer": "dry", "by": "owner"}]
    before = open_job(title="before", brief="before", by="x")
    Job.objects.filter(pk=job.pk).update(answers=said, after=before)
    first, second = planning.split(run, PARTS, reason="", by=BY)
    for part in (first, second):
        part.refresh_from_db()
        assert (part.parent, part.answers, part.depth) == (job, said, job.depth)
    assert (first.after, second.after) == (before, first)
    assert queue.claim_run().job == first  # type: ignore[union-attr]


def test_a_plan_keeps_its_estimate_and_the_answers_that_it_cites(run: Run, job: Job) -> None:
    cited = {"question": "Which tone?", "answer": "dry", "by": "", "said_on": "2026-11-20"}
    planning.accept_plan(run, [STEP], by=BY, rests_on=[cited], estimate_microusd=120_000)
    job.refresh_from_db()
    assert (job.answers, job.estimate_microusd) == ([cited], 120_000)


def test_a_job_that_has_spent_more_than_it_had_leaves_its_parts_nothing(run: Run, job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(budget_microusd=1, spent_microusd=5)
    assert {part.budget_microusd for part in planning.split(run, PARTS, reason="", by=BY)} == {0}


def test_what_follows_a_job_that_is_split_waits_for_its_last_part(run: Run, job: Job) -> None:
    follower = open_job(title="then", brief="then", by="x", priority=1, after=job)
    first, second = planning.split(run, PARTS, reason="", by=BY)
    follower.refresh_from_db()
    assert (follower.state, follower.after) == ("pending", second)
    second.refresh_from_db()
    assert second.after == first
    for part in (first, second, follower):
        run = claimed()
        assert run.job == part
        planning.accept_plan(run, [STEP], by=BY)
        done(document_result())
        deliveries.land(sending(), external_id="x", url="", detail="", by="deliveries")
    follower.refresh_from_db()
    assert follower.state == "completed"


def test_a_question_stops_the_job_until_a_person_answers(run: Run, job: Job) -> None:
    review = planning.ask(run, question="Which tone?", suggestions=["warm", "dry"], recommended=1, by=BY)
    job.refresh_from_db()
    assert (job.state, job.reason, job.starts) == ("needs_clarification", "Which tone?", 0)
    assert (review.kind, review.state, review.title) == ("question", "open", "Which tone?")
    assert review.payload == {
        "question": "Which tone?",
        "suggestions": ["warm", "dry"],
        "recommended": 1,
        "lasting": False,
        "if_unanswered": "hold",
    }
    assert review.expires_at is None
    assert queue.claim_run() is None
    assert lines(job)[-3:] == [("run.succeeded", BY), ("job.asked", BY), ("review.opened", "desk")]


def test_what_passes_by_itself_is_planned_again_after_the_delay(run: Run, job: Job) -> None:
    planning.give_back(run, how="model unavailable", delay_seconds=60, by=BY)
    job.refresh_from_db()
    run.refresh_from_db()
    assert (job.state, job.reason, job.starts) == ("pending", "model unavailable", 0)
    assert (run.state, run.exit) == ("abandoned", "model unavailable")
    assert timezone.now() + timedelta(seconds=50) < job.ready_at
    assert queue.claim_run() is None
    Job.objects.update(ready_at=timezone.now() - timedelta(seconds=1))
    assert claimed().round == 0, "the same conversation goes on"


def test_what_cannot_be_planned_fails_with_an_item_for_a_person(run: Run, job: Job) -> None:
    planning.fail(run, cause="the key is wrong", fix="Mend the key.", by=BY, kind="model")
    job.refresh_from_db()
    assert (job.state, job.reason) == ("failed", "the key is wrong")
    review = Review.objects.get()
    assert (review.kind, review.task, review.title) == ("failure", None, "Failed: Status mail")
    assert review.payload["fix"] == "Mend the key."


def test_planning_is_set_aside_after_three_starts_without_an_end(job: Job) -> None:
    for start in (1, 2):
        planning.rescue(claimed_later(), by="sweep")
        job.refresh_from_db()
        assert (job.state, job.starts) == ("pending", start)
    planning.rescue(claimed_later(), by="sweep")
    job.refresh_from_db()
    assert (job.state, job.starts) == ("failed", 3)
    assert job.reason == "Planning was started 3 times and its process died each time."
    assert Review.objects.get().kind == "failure"
    assert queue.claim_run() is None
    jobs.retry(job, by="owner")
    job.refresh_from_db()
    assert job.starts == 0


def test_planning_that_gets_further_each_time_is_not_set_aside(job: Job) -> None:
    for number in range(1, 6):
        run = claimed()
        store_turn(run, number)
        planning.rescue(run, by="sweep")
        job.refresh_from_db()
        assert (job.state, job.starts) == ("pending", 1)


def test_an_end_between_makes_the_count_begin_anew(job: Job) -> None:
    planning.rescue(claimed_later(), by="sweep")
    planning.rescue(claimed_later(), by="sweep")
    planning.give_back(claimed_later(), how="drained", delay_seconds=-1, by=BY)
    planning.rescue(claimed_later(), by="sweep")
    job.refresh_from_db()
    assert (job.state, job.starts) == ("pending", 1)


VERBS: dict[str, Callable[[Run], object]] = {
    "accept_plan": lambda run: planning.accept_plan(run, [STEP], by=BY),
    "split": lambda run: planning.split(run, PARTS, reason="", by=BY),
    "ask": lambda run: planning.ask(run, question="?", suggestions=["a", "b"], recommended=0, by=BY),
    "give_back": lambda run: planning.give_back(run, how="", delay_seconds=1, by=BY),
    "fail": lambda run: planning.fail(run, cause="", fix="", by=BY),
    "rescue": lambda run: planning.rescue(run, by=BY),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_run_that_was_taken_over_decides_nothing(run: Run, job: Job, verb: str) -> None:
    stale = Run.objects.get(pk=run.pk)
    planning.rescue(run, by="sweep")
    claimed()
    history = lines(job)
    with pytest.raises(LostRace):
        VERBS[verb](stale)
    job.refresh_from_db()
    assert job.state == "in_progress"
    assert lines(job) == history
    assert Job.objects.count() == 1
    assert not Task.objects.exists()
    assert not Review.objects.exists()


@pytest.mark.parametrize("verb", VERBS)
def test_a_run_that_has_ended_decides_nothing_either(run: Run, verb: str) -> None:
    planning.fail(run, cause="x", fix="", by=BY)
    with pytest.raises(IllegalMove):
        VERBS[verb](Run.objects.get(pk=run.pk))


def test_a_cancelled_job_is_not_planned_any_more(run: Run, job: Job, trattoria: Client) -> None:
    jobs.cancel(job, by="owner")
    with pytest.raises(LostRace):
        planning.accept_plan(run, [STEP], by=BY)
    assert not Task.objects.exists()
