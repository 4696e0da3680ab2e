"""Jobs that come of jobs: what is opened, what is not, and what the history says of both."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from jobs import policy
from jobs.lifecycle import planning
from jobs.lifecycle import task as tasks
from jobs.lifecycle.follow_up import WantedJob, open_follow_ups
from jobs.lifecycle.job import cancel, open_job
from jobs.lifecycle.task import Result
from jobs.models import Client, Event, Job
from tests.jobs.conftest import STEP, at_once, claimed, claimed_later

pytestmark = pytest.mark.django_db

BY = "agent:research"
BUDGET = 8_000_000

Planned = Callable[..., Job]


@pytest.fixture
def first(trattoria: Client) -> Job:
    """The job that a chain begins with."""
    return open_job(title="First", brief="Do the first.", by="test", client=trattoria, budget_microusd=BUDGET)


def follow(job: Job, *briefs: str, **more: Any) -> list[Job]:
    """What is opened when a task of the job asks for these."""
    wanted = [WantedJob(brief.rstrip("."), brief, **more) for brief in briefs]
    with transaction.atomic():
        return open_follow_ups(Job.objects.select_for_update().get(pk=job.pk), wanted, by=BY)


def refusals(job: Job) -> list[tuple[str, str]]:
    """Title and reason of what was not opened, as the history has it."""
    rows = Event.objects.filter(job=job, name="job.not_followed").order_by("id")
    return [(row.data["title"], row.data["reason"]) for row in rows]


def test_a_follow_up_stands_under_its_job_and_is_told_of(first: Job) -> None:
    (child,) = follow(first, "Do the next.")
    assert (child.parent, child.depth, child.client, child.priority) == (first, 1, first.client, 1)
    assert (child.title, child.brief, child.created_by, child.state) == (
        "Do the next",
        "Do the next.",
        BY,
        "pending",
    )
    event = Event.objects.get(job=first, name="job.followed")
    assert event.data == {"title": "Do the next", "job": child.pk, "microusd": child.budget_microusd}
    assert (event.actor, refusals(first)) == (BY, [])


def test_a_follow_up_may_use_no_other_agents_than_the_job_it_comes_from(first: Job) -> None:
    Job.objects.update(agents=["drafting", "review"])
    (child,) = follow(first, "Do the next.")
    assert child.agents == ["drafting", "review"]


def test_a_follow_up_is_due_when_its_job_is(first: Job) -> None:
    Job.objects.update(due_at=timezone.now())
    (child,) = follow(first, "Do the next.")
    first.refresh_from_db()
    assert child.due_at == first.due_at


def test_nothing_wanted_is_nothing_done(first: Job) -> None:
    before = Event.objects.count()
    assert follow(first) == []
    assert Event.objects.count() == before


@pytest.mark.parametrize(("own", "wanted", "given"), [(1, None, 1), (1, 2, 2), (2, 1, 2), (2, None, 2), (1, 1, 1)])
def test_no_follow_up_is_more_urgent_than_its_job(first: Job, own: int, wanted: int | None, given: int) -> None:
    Job.objects.update(priority=own)
    (child,) = follow(first, "Do the next.", priority=wanted)
    assert child.priority == given


def test_the_fourth_is_not_opened_and_the_history_says_why(first: Job) -> None:
    assert len(follow(first, "One.", "Two.", "Three.", "Four.", "Five.")) == policy.MAX_FOLLOW_UPS == 3
    assert [title for title, _ in refusals(first)] == ["Four", "Five"]
    assert refusals(first)[0][1] == "one job opens at most 3 others, and it has"


def test_the_number_counts_over_all_tasks_and_attempts_of_a_job(planned: Planned) -> None:
    job = planned(STEP, STEP)
    Job.objects.update(budget_microusd=BUDGET)
    one, two = claimed(), claimed()
    tasks.give_back(one, how="model unavailable", delay_seconds=1, by=BY)
    again = claimed_later()
    wanted = [[WantedJob("a", "One."), WantedJob("b", "Two.")], [WantedJob("c", "Three."), WantedJob("d", "Four.")]]
    for run, asked in zip((two, again), wanted, strict=True):
        tasks.succeed(run, Result(output={}, summary="more", files=[], follow_ups=asked), by=BY)
    assert list(job.children.order_by("id").values_list("title", flat=True)) == ["a", "b", "c"]
    assert [title for title, _ in refusals(job)] == ["d"]


def test_a_chain_ends_at_its_depth(first: Job) -> None:
    Job.objects.update(budget_microusd=10_000 * BUDGET)
    job = first
    for number in range(policy.MAX_DEPTH):
        (job,) = follow(job, f"Do number {number}.")
    assert job.depth == policy.MAX_DEPTH == 3
    assert follow(job, "Do one more.") == []
    assert refusals(job) == [("Do one more", "a chain goes 3 jobs deep, and this one is its last")]


def test_the_parts_of_a_split_are_as_deep_as_the_whole(first: Job) -> None:
    (child,) = follow(first, "Do the next.")
    Job.objects.exclude(pk=child.pk).update(ready_at="2200-01-01T00:00Z")
    parts = planning.split(claimed_later_of(child), [("a", "Part a."), ("b", "Part b.")], reason="large", by="test")
    assert [part.depth for part in parts] == [1, 1]
    (grandchild,) = follow(parts[0], "Do what part a needs.")
    assert grandchild.depth == 2
    assert follow(parts[1], "do what PART A needs") == []


def claimed_later_of(job: Job) -> Any:
    """The planning run of this job."""
    run = claimed()
    assert run.job == job
    return run


def test_the_money_comes_out_of_what_the_job_has_left(first: Job) -> None:
    Job.objects.update(spent_microusd=2_000_000, reserved_microusd=2_000_000)
    children = follow(first, "One.", "Two.", "Three.")
    first.refresh_from_db()
    assert [child.budget_microusd for child in children] == [1_000_000] * 3
    assert first.budget_microusd == BUDGET - 3_000_000


def test_a_chain_never_has_more_money_than_its_first_job(first: Job) -> None:
    level = [first]
    for depth in range(policy.MAX_DEPTH + 1):
        briefs = [[f"{depth}, job {job.pk}, number {n}." for n in range(4)] for job in level]
        level = [child for job, wanted in zip(level, briefs, strict=True) for child in follow(job, *wanted)]
        assert sum(Job.objects.values_list("budget_microusd", flat=True)) == BUDGET
    assert Job.objects.count() > 4
    assert min(Job.objects.values_list("budget_microusd", flat=True)) >= policy.MIN_FOLLOW_UP_MICROUSD


@pytest.mark.parametrize(("spent", "reserved"), [(BUDGET, 0), (BUDGET + 5, 0), (0, BUDGET - 900_000)])
def test_without_money_nothing_is_opened_and_the_history_says_so(first: Job, spent: int, reserved: int) -> None:
    Job.objects.update(spent_microusd=spent, reserved_microusd=reserved)
    assert follow(first, "Do the next.") == []
    first.refresh_from_db()
    assert first.budget_microusd == BUDGET
    assert refusals(first) == [("Do the next", "too little is left of the budget of this job to share it")]


def test_what_the_job_was_asked_itself_is_not_asked_again(first: Job) -> None:
    assert follow(first, "  do THE first!\n") == []
    assert refusals(first) == [("do THE first!", "“First” of this chain was asked the same")]


def test_what_was_asked_anywhere_in_the_chain_is_not_asked_again_even_when_it_is_done(first: Job) -> None:
    left, right = follow(first, "Go left.", "Go right.")
    (deeper,) = follow(left, "Look under the stone.")
    cancel(deeper, by="test", reason="")
    assert follow(right, "Look, under the stone") == []
    assert follow(right, "Go left") == []
    assert len(refusals(right)) == 2
    assert Job.objects.count() == 4


def test_the_same_twice_in_one_answer_is_one_job(first: Job) -> None:
    assert len(follow(first, "Do the next.", "do the next")) == 1


def test_what_is_open_for_the_same_client_is_not_opened_again(first: Job, trattoria: Client) -> None:
    other = open_job(title="Other", brief="Do the next.", by="test", client=trattoria)
    assert follow(first, "Do the next") == []
    assert refusals(first) == [("Do the next", "“Other”, which is still open, asks the same")]
    cancel(other, by="test", reason="")
    assert len(follow(first, "Do the next")) == 1


def test_another_clients_words_are_another_matter(first: Job) -> None:
    someone = Client.objects.create(name="Someone else", slug="else")
    open_job(title="Other", brief="Do the next.", by="test", client=someone)
    open_job(title="Ours", brief="Do the next.", by="test")
    assert len(follow(first, "Do the next.")) == 1


@pytest.mark.parametrize("brief", ["", " \n", "\x00 "])
def test_one_without_a_brief_is_none_and_is_told_of(first: Job, brief: str) -> None:
    assert follow(first, brief) == []
    assert refusals(first)[0][1] == "it has no brief"


@pytest.mark.django_db(transaction=True)
def test_two_jobs_of_a_chain_that_end_together_open_the_same_once(first: Job) -> None:
    left, right = follow(first, "Go left.", "Go right.")
    answers = at_once(lambda: follow(left, "Do the same."), lambda: follow(right, "Do the same."))
    assert sorted(len(answer) for answer in answers) == [0, 1]
    assert Job.objects.filter(brief="Do the same.").count() == 1
