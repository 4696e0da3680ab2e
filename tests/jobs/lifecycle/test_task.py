"""Verbs of a Task: what becomes of it when its Run ends, and what it lets go into the world."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from jobs import budget, queue
from jobs.lifecycle import job as jobs
from jobs.lifecycle import task as tasks
from jobs.lifecycle.follow_up import WantedJob
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.lifecycle.task import Result, WantedEffect
from jobs.models import Artifact, Client, Delivery, Event, Job, Review, Run, Task
from tests.jobs.conftest import (
    a_file,
    branch_result,
    claimed,
    claimed_later,
    document_result,
    done,
    message_result,
    store_turn,
)

pytestmark = pytest.mark.django_db

BY = "agent:test"
Planned = Callable[..., Job]


@pytest.fixture
def run(planned: Planned) -> Run:
    """A Run that does a task."""
    planned()
    return claimed()


# succeed


def test_what_was_made_is_kept_and_told(run: Run) -> None:
    (delivery,) = tasks.succeed(run, document_result(), by=BY)
    task = Task.objects.get()
    run.refresh_from_db()
    assert (task.state, task.summary, task.output, task.starts) == ("completed", "a draft", {"title": "A draft"}, 0)
    assert task.finished_at
    assert (run.state, run.exit) == ("succeeded", "a draft")
    assert task.artifacts.get().made_by == BY
    assert delivery.state == "pending"
    assert list(Event.objects.order_by("id").values_list("name", "actor"))[-3:] == [
        ("run.succeeded", BY),
        ("delivery.released", "policy"),
        ("task.completed", BY),
    ]


def test_a_document_goes_at_once(run: Run, settings: Settings) -> None:
    (delivery,) = tasks.succeed(run, document_result(), by=BY)
    artifact = Artifact.objects.get()
    assert (delivery.target, delivery.kind, delivery.review, delivery.priority) == (
        settings.DELIVERED_BY["document"],
        "document",
        None,
        1,
    )
    assert artifact.job
    assert delivery.key == f"{artifact.job.uid}:1:0:1"
    assert delivery.files == [
        {"name": "draft.md", "kind": "draft", "media_type": artifact.media_type, "sha256": artifact.sha256}
    ]
    assert queue.claim_delivery() == delivery


def test_a_message_is_held_behind_a_review(run: Run) -> None:
    (delivery,) = tasks.succeed(run, message_result(), by=BY)
    review = Review.objects.get()
    task = Task.objects.get()
    assert (delivery.state, delivery.review, delivery.approved_digest) == ("held", review, "")
    assert (review.kind, review.title, review.consequence, review.digest) == (
        "message",
        "Status",
        "Sends to marta@example.com",
        delivery.digest,
    )
    assert (task.state, task.finished_at) == ("needs_review", None)
    assert queue.claim_delivery() is None


def test_recipients_come_from_the_client_whatever_the_agent_says(run: Run) -> None:
    said: dict[str, Any] = {"subject": "Hi", "to": ["mallory@example.net"], "cc": ["mallory@example.net"], "x": 1}
    result = Result({}, "", [a_file()], [WantedEffect("client_message", said, ["message.md"])])
    (delivery,) = tasks.succeed(run, result, by=BY)
    assert delivery.fields == {"subject": "Hi", "to": ["marta@example.com"]}


@pytest.mark.parametrize("has_client", [True, False])
def test_without_a_trusted_recipient_it_goes_to_nobody(run: Run, has_client: bool) -> None:
    Client.objects.update(recipients=[])
    if not has_client:
        Job.objects.update(client=None)
    (delivery,) = tasks.succeed(run, message_result(), by=BY)
    assert delivery.fields["to"] == []
    assert Review.objects.get().consequence == "Sends to nobody: the client has no trusted recipient"


def test_a_repository_may_have_a_target_of_its_own(run: Run, settings: Settings) -> None:
    settings.BRANCHES_BY = {"site": "elsewhere"}
    (delivery,) = tasks.succeed(run, branch_result(), by=BY)
    assert delivery.target == "elsewhere"


def test_a_branch_names_the_event_that_asked_for_it(run: Run) -> None:
    asked = {"repository": "acme/site", "number": 7, "url": "https://example.com/7"}
    Job.objects.update(data={**asked, "text": "Long words."})
    (delivery,) = tasks.succeed(run, branch_result(), by=BY)
    assert delivery.fields["asked_in"] == asked


def test_a_document_has_no_fields_of_the_agents(run: Run) -> None:
    result = Result({}, "", [a_file("draft.md")], [WantedEffect("document", {"path": "/etc"}, ["draft.md"])])
    (delivery,) = tasks.succeed(run, result, by=BY)
    assert delivery.fields == {}


def test_a_branch_goes_at_once_and_its_task_waits_for_the_merge(run: Run) -> None:
    (delivery,) = tasks.succeed(run, branch_result(), by=BY)
    assert (delivery.state, set(delivery.fields)) == ("pending", {"repository", "base_sha", "message"})
    assert Task.objects.get().state == "needs_review"
    assert not Review.objects.exists()


def test_each_effect_has_a_key_of_its_own(run: Run) -> None:
    effects = [WantedEffect("document", {}, ["a.md"]), WantedEffect("document", {}, ["b.md"])]
    made = tasks.succeed(run, Result({}, "", [a_file("a.md"), a_file("b.md")], effects), by=BY)
    assert [row.key.rpartition(":")[2] for row in made] == ["1", "2"]


def test_an_effect_without_a_rule_undoes_the_whole(run: Run) -> None:
    result = Result(
        {}, "", [a_file()], [WantedEffect("document", {}, ["message.md"]), WantedEffect("tweet", {}, [])]
    )
    with pytest.raises((KeyError, ValueError)):
        tasks.succeed(run, result, by=BY)
    assert not Delivery.objects.exists()
    assert not Artifact.objects.exists()
    assert Run.objects.get(pk=run.pk).state == "running"


def test_a_new_version_closes_the_item_that_was_sent_back(run: Run) -> None:
    tasks.succeed(run, message_result(), by=BY)
    review = Review.objects.get()
    # What review.revise does, tested there.
    Review.objects.filter(pk=review.pk).update_state(state="revising")
    Delivery.objects.update_state(state="cancelled")
    Task.objects.update_state(state="pending", round=1)
    done(message_result("Hello Marta, warmer"))
    assert list(Review.objects.order_by("id").values_list("state", flat=True)) == ["superseded", "open"]
    assert list(Artifact.objects.order_by("id").values_list("version", flat=True)) == [1, 2]
    assert Delivery.objects.latest("id").key.endswith(":1:1:1")


# digest


# follow-ups


def test_what_else_is_needed_becomes_a_job_of_its_own_when_the_task_succeeds(run: Run) -> None:
    wanted = [WantedJob("Next", "Do the next.")]
    tasks.succeed(run, Result(output={}, summary="more to do", files=[], follow_ups=wanted), by=BY)
    assert Task.objects.get().state == "completed"
    assert Job.objects.get(depth=1).parent == run.job


# other ends


def test_a_failure_is_one_item_for_a_person(run: Run) -> None:
    budget.reserve(run, 500)
    tasks.fail(run, cause="no access", fix="Give access.", by=BY, kind="access")
    task = Task.objects.get()
    assert (task.state, task.reason) == ("failed", "no access")
    assert task.finished_at
    assert Review.objects.get().payload["kind"] == "access"
    assert Job.objects.get().state == "failed"
    assert Job.objects.get().reserved_microusd == 0


def test_what_passes_by_itself_is_done_again_after_the_delay(run: Run) -> None:
    tasks.give_back(run, how="model unavailable", delay_seconds=60, by=BY)
    task = Task.objects.get()
    assert (task.state, task.reason, task.starts) == ("pending", "model unavailable", 0)
    assert queue.claim_run() is None
    Task.objects.update(ready_at=timezone.now() - timedelta(seconds=1))
    assert claimed().task == task


def test_what_a_stopped_process_gives_back_is_ready_at_once_and_first(run: Run) -> None:
    tasks.give_back(run, how="stopped", delay_seconds=0, by=BY)
    assert Task.objects.get().ready_at == Job.objects.get().created_at
    assert claimed().task_id == run.task_id


@pytest.mark.parametrize(("billed", "spent"), [(True, 500), (False, 0)])
def test_giving_back_settles_what_was_set_aside(run: Run, billed: bool, spent: int) -> None:
    budget.reserve(run, 500)
    tasks.give_back(run, how="", delay_seconds=1, by=BY, billed_unknown=billed)
    job = Job.objects.get()
    assert (job.reserved_microusd, job.spent_microusd) == (0, spent)


def test_a_task_is_set_aside_after_three_starts_without_an_end(run: Run) -> None:
    budget.reserve(run, 500)
    tasks.rescue(run, by="sweep")
    assert Job.objects.get().spent_microusd == 500, "the call may have been billed"
    tasks.rescue(claimed_later(), by="sweep")
    assert Task.objects.get().state == "pending"
    tasks.rescue(claimed_later(), by="sweep")
    task = Task.objects.get()
    assert (task.state, task.starts) == ("failed", 3)
    assert task.reason == "It was started 3 times and its process died each time."
    assert Review.objects.get().payload["cause"] == task.reason
    assert Job.objects.get().state == "failed"
    assert queue.claim_run() is None


def test_one_whose_process_died_twice_starts_apart_from_what_died_with_it(run: Run) -> None:
    tasks.rescue(run, by="sweep")
    tasks.rescue(claimed(), by="sweep")
    task = Task.objects.get()
    assert task.ready_at > timezone.now()
    assert queue.claim_run() is None


def test_an_end_between_makes_the_count_begin_anew(run: Run) -> None:
    tasks.rescue(run, by="sweep")
    tasks.rescue(claimed_later(), by="sweep")
    tasks.give_back(claimed_later(), how="", delay_seconds=0, by=BY)
    tasks.rescue(claimed_later(), by="sweep")
    assert (Task.objects.get().state, Task.objects.get().starts) == ("pending", 1)


def test_a_bystander_that_gets_further_each_time_is_not_set_aside(run: Run) -> None:
    for number in range(1, 6):
        store_turn(run, number)
        tasks.rescue(run, by="sweep")
        assert (Task.objects.get().state, Task.objects.get().starts) == ("pending", 1)
        run = claimed()


def test_one_that_got_further_once_and_then_kills_is_set_aside_all_the_same(run: Run) -> None:
    store_turn(run, 1)
    tasks.rescue(run, by="sweep")
    tasks.rescue(claimed_later(), by="sweep")
    tasks.rescue(claimed_later(), by="sweep")
    assert (Task.objects.get().state, Task.objects.get().starts) == ("failed", 3)


def test_a_failed_revision_closes_the_item_that_asked_for_it(run: Run) -> None:
    tasks.succeed(run, message_result(), by=BY)
    Review.objects.update_state(state="revising")
    Delivery.objects.update_state(state="cancelled")
    Task.objects.update_state(state="pending", round=1)
    tasks.fail(claimed(), cause="x", fix="", by=BY)
    assert list(Review.objects.order_by("id").values_list("kind", "state")) == [
        ("message", "superseded"),
        ("failure", "open"),
    ]


VERBS: dict[str, Callable[[Run], object]] = {
    "succeed": lambda run: tasks.succeed(run, document_result(), by=BY),
    "fail": lambda run: tasks.fail(run, cause="", fix="", by=BY),
    "give_back": lambda run: tasks.give_back(run, how="", delay_seconds=1, by=BY),
    "rescue": lambda run: tasks.rescue(run, by=BY),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_run_that_was_taken_over_writes_nothing(run: Run, verb: str) -> None:
    stale = Run.objects.get(pk=run.pk)
    tasks.rescue(run, by="sweep")
    claimed()
    before = Event.objects.count()
    with pytest.raises(LostRace):
        VERBS[verb](stale)
    assert Event.objects.count() == before
    assert Task.objects.get().state == "in_progress"
    assert not Artifact.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("verb", VERBS)
def test_a_run_that_has_ended_does_not_end_again(run: Run, verb: str) -> None:
    tasks.fail(run, cause="x", fix="", by=BY)
    with pytest.raises(IllegalMove):
        VERBS[verb](Run.objects.get(pk=run.pk))


def test_a_cancelled_jobs_run_writes_nothing(run: Run) -> None:
    jobs.cancel(Job.objects.get(), by="owner")
    with pytest.raises(LostRace):
        tasks.succeed(run, message_result(), by=BY)
    assert not Review.objects.exists()
