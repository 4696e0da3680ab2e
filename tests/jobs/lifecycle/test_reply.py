"""An answer goes to its job, and something reads it there."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs.lifecycle import intake, planning, replay, reply
from jobs.lifecycle import review as reviews
from jobs.lifecycle.job import open_job
from jobs.models import Client, Event, Job, Task, Trigger
from jobs.states import JobState, Outcome, TaskState
from tests.jobs.conftest import claimed

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(trattoria: Client) -> Job:
    rule = Trigger.objects.create(name="Mail", slug="mail", source="mail", budget_microusd=700_000, due_hours=4)
    return open_job(
        title="Autumn menu", brief="Write the menu.", by="test", client=trattoria, trigger=rule, agents=["drafting"]
    )


def answer(job: Job, number: int = 1, **changes: Any) -> intake.Accepted:
    known: dict[str, Any] = {
        "source": "mail",
        "external_id": f"m-{number}",
        "kind": "mail",
        "body": b"raw",
        "sender": "marta@example.com",
        "summary": "Re: Autumn menu",
        "data": {"text": "Soup, please."},
        "answers": str(job.uid),
    }
    return intake.accept(intake.Inbound(**{**known, **changes}), [])


def in_state(job: Job, state: JobState, task: TaskState | None) -> None:
    Job.objects.filter(pk=job.pk).update_state(state=state)
    if task:
        known: dict[str, Any] = {"agent": "drafting", "title": "Draft", "state": task, "ready_at": job.created_at}
        Task.objects.create(job=job, position=1, priority=1, **known)


@pytest.mark.parametrize(
    ("state", "task"),
    [
        (JobState.PENDING, None),
        (JobState.NEEDS_CLARIFICATION, None),
        (JobState.IN_PROGRESS, TaskState.BLOCKED),
        (JobState.NEEDS_REVIEW, TaskState.PENDING),
    ],
)
def test_what_has_not_begun_finds_it_in_the_data(job: Job, state: JobState, task: TaskState | None) -> None:
    in_state(job, state, task)
    first, second = answer(job), answer(job, 2, data={"text": "And bread."})
    assert (first.jobs, first.receipt.outcome) == ([job], Outcome.ANSWERED)
    assert second.jobs == [job]
    job.refresh_from_db()
    assert [said["text"] for said in job.data["replies"]] == ["Soup, please.", "And bread."]
    assert Event.objects.filter(job=job, name="job.replied").count() == 2
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("state", "task"),
    [
        (JobState.IN_PROGRESS, TaskState.IN_PROGRESS),
        (JobState.NEEDS_REVIEW, TaskState.NEEDS_REVIEW),
        (JobState.COMPLETED, None),
        (JobState.FAILED, None),
        (JobState.CANCELLED, None),
    ],
)
def test_where_all_has_begun_another_job_is_opened(job: Job, state: JobState, task: TaskState | None) -> None:
    in_state(job, state, task)
    accepted = answer(job)
    (follow_up,) = accepted.jobs
    assert (follow_up.parent, follow_up.client, follow_up.priority) == (job, job.client, 1)
    assert (follow_up.agents, follow_up.budget_microusd, follow_up.depth) == (["drafting"], 700_000, 0)
    assert (follow_up.receipt, follow_up.trigger) == (accepted.receipt, None)
    assert follow_up.due_at == accepted.receipt.received_at + timedelta(hours=4)
    for words in ("Autumn menu", "Write the menu.", "Soup, please.", "marta@example.com"):
        assert words in follow_up.brief
    assert Event.objects.get(job=job, name="job.replied").data["job"] == follow_up.pk
    again = answer(job)
    assert (again.is_new, again.jobs) == (False, [follow_up])


def test_an_answer_is_no_event_for_a_rule_and_is_not_replayed(job: Job) -> None:
    rule = Trigger.objects.create(name="All", slug="all", source="mail")
    inbound = intake.Inbound(source="mail", external_id="1", kind="mail", body=b"", answers=str(job.uid))
    accepted = intake.accept(inbound, [rule])
    assert accepted.jobs == [job]
    with pytest.raises(replay.NotReplayed):
        replay.replay(accepted.receipt, by="owner")


def test_what_answers_without_end_is_kept_out(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply, "MAX_REPLIES", 2)
    outcomes = [answer(job, number).receipt.outcome for number in range(3)]
    assert outcomes == [Outcome.ANSWERED, Outcome.ANSWERED, Outcome.IGNORED]
    assert len(job.__class__.objects.get(pk=job.pk).data["replies"]) == 2


def test_an_ignored_answer_and_a_test_reach_no_job(job: Job) -> None:
    inbound = intake.Inbound(source="mail", external_id="1", kind="mail", body=b"", answers=str(job.uid))
    kept = intake.accept(inbound, [], problems={intake.EVERY_RULE: "It is a loop."})
    assert (kept.jobs, kept.receipt.outcome) == ([], Outcome.IGNORED)
    assert answer(job, 2, is_test=True).receipt.outcome == Outcome.TEST
    job.refresh_from_db()
    assert "replies" not in job.data


def test_an_answer_brings_back_what_was_put_off(job: Job, owner: User) -> None:
    question = planning.ask(claimed(), question="Which?", suggestions=["a", "b"], recommended=0, by="test")
    reviews.snooze(question, by=owner, version=1, until=timezone.now() + timedelta(days=1))
    answer(job)
    question.refresh_from_db()
    assert (question.state, question.snoozed_until) == ("open", None)
