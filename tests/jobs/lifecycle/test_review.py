"""What a person can decide: bound to what they saw, taken back while it has not left, once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from jobs import policy, queue
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import job as jobs
from jobs.lifecycle import planning
from jobs.lifecycle import review as reviews
from jobs.lifecycle.review import NotAllowed, Stale
from jobs.models import Client, Delivery, Event, Job, Review, Task
from tests.jobs.conftest import claimed, done, message_result, sending

pytestmark = pytest.mark.django_db


def approve(review: Review, by: User) -> Any:
    """Approve what is there now."""
    review = Review.objects.get(pk=review.pk)
    return reviews.approve(review, by=by, version=review.version, digest=review.digest)


def state_of(row: Review | Job | Task | Delivery) -> str:
    """The state as it stands in the table."""
    return str(type(row).objects.values_list("state", flat=True).get(pk=row.pk))


def told(actor: str) -> list[str]:
    """What this person did, in order."""
    return list(Event.objects.filter(actor=actor).order_by("id").values_list("name", flat=True))


# approve


def test_an_approval_releases_exactly_what_was_shown_after_the_hold(
    message: Review, owner: User, settings: Settings
) -> None:
    settings.UNDO_CLIENT = timedelta(seconds=45)
    before = timezone.now()
    leaves_at = approve(message, owner)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.approved_digest, delivery.ready_at) == ("pending", message.digest, leaves_at)
    assert timedelta(seconds=44) < leaves_at - before < timedelta(seconds=60)
    message.refresh_from_db()
    assert (message.state, message.decided_by) == ("approved", owner)
    assert message.decided_at
    assert state_of(message.own_job) == "in_progress"
    assert told("owner") == ["review.approved", "delivery.released", "job.resumed"]
    assert Event.objects.get(name="review.approved").data == {"digest": message.digest}


def test_an_approval_of_other_bytes_is_refused(message: Review, owner: User) -> None:
    with pytest.raises(Stale, match="bytes changed"):
        reviews.approve(message, by=owner, version=1, digest="f" * 64)
    with pytest.raises(Stale, match="bytes changed"):
        reviews.approve(message, by=owner, version=1, digest="")
    assert state_of(Delivery.objects.get()) == "held"


def test_bytes_that_differ_from_the_review_are_not_released(message: Review, owner: User) -> None:
    Delivery.objects.update(digest="f" * 64)
    with pytest.raises(NotAllowed, match="something other than this page"):
        approve(message, owner)
    assert state_of(Delivery.objects.get()) == "held"
    assert state_of(message) == "open"


def test_a_message_to_nobody_cannot_be_approved(planned: Callable[..., Job], owner: User) -> None:
    planned()
    Client.objects.update(recipients=[])
    done(message_result())
    with pytest.raises(NotAllowed, match="no recipient"):
        approve(Review.objects.get(), owner)
    assert state_of(Review.objects.get()) == "open"


def test_accepting_a_merge_completes_its_task_and_starts_the_next(merge: Review, owner: User) -> None:
    assert approve(merge, owner) is None
    assert list(Task.objects.order_by("position").values_list("state", flat=True)) == ["completed", "pending"]
    assert state_of(merge.own_job) == "in_progress"


# undo


def test_an_undo_within_the_hold_takes_everything_back(message: Review, owner: User) -> None:
    approve(message, owner)
    reviews.undo(message, by=owner)
    message.refresh_from_db()
    delivery = Delivery.objects.get()
    assert (message.state, message.version, message.decided_by, message.decided_at) == ("open", 2, None, None)
    assert (delivery.state, delivery.approved_digest) == ("held", "")
    assert state_of(message.own_job) == "needs_review"
    assert told("owner")[-3:] == ["delivery.held", "review.undone", "job.needs_review"]
    approve(message, owner)
    assert state_of(delivery) == "pending"


def test_an_undo_after_the_hold_is_too_late(message: Review, owner: User) -> None:
    approve(message, owner)
    Delivery.objects.update(ready_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Stale, match="too late"):
        reviews.undo(message, by=owner)
    assert (state_of(message), state_of(Delivery.objects.get())) == ("approved", "pending")
    sending()
    with pytest.raises(Stale, match="too late"):
        reviews.undo(message, by=owner)


def test_what_was_never_approved_is_not_undone(message: Review, owner: User) -> None:
    with pytest.raises(Stale):
        reviews.undo(message, by=owner)
    assert state_of(message) == "open"


# edit


def test_an_edit_makes_new_bytes_a_new_digest_and_a_new_version(message: Review, owner: User) -> None:
    first = Delivery.objects.get()
    edited = reviews.edit(
        message, by=owner, version=1, text="  Hello\r\nMarta\x00!  ", subject=" New\r\n subject\x00 "
    )
    delivery = Delivery.objects.get()
    assert (edited.version, edited.state, edited.title) == (2, "open", "New subject")
    assert edited.digest == delivery.digest != first.digest
    assert delivery.fields == {"subject": "New subject", "to": ["marta@example.com"]}
    assert artifacts.load(delivery.files[0]["sha256"]) == b"Hello\nMarta!\n"
    rows = Task.objects.get().artifacts.order_by("id").values_list("version", "made_by", "run__state")
    assert list(rows) == [(1, "agent:test", "succeeded"), (2, "owner", None)]
    assert artifacts.load(first.files[0]["sha256"]) == b"Hello Marta", "what the agent wrote stays"
    assert told("owner") == ["review.edited"]


def test_an_edit_voids_what_was_on_the_page_before(message: Review, owner: User) -> None:
    reviews.edit(message, by=owner, version=1, text="New words")
    with pytest.raises(Stale, match="changed since you looked"):
        reviews.approve(message, by=owner, version=1, digest=message.digest)
    with pytest.raises(Stale, match="bytes changed"):
        reviews.approve(message, by=owner, version=2, digest=message.digest)
    approve(message, owner)
    assert Delivery.objects.get().approved_digest != message.digest


def test_without_a_subject_the_old_one_stays(message: Review, owner: User) -> None:
    for subject in (None, "", " \x00 "):
        review = Review.objects.get()
        reviews.edit(review, by=owner, version=review.version, text="words", subject=subject)
    assert Delivery.objects.get().fields["subject"] == "Status"


@pytest.mark.parametrize("text", ["", " \n", "\x00"])
def test_an_empty_message_is_not_kept(message: Review, owner: User, text: str) -> None:
    with pytest.raises(NotAllowed, match="empty message"):
        reviews.edit(message, by=owner, version=1, text=text)
    assert Task.objects.get().artifacts.count() == 1


def test_what_was_approved_is_not_edited(message: Review, owner: User) -> None:
    approve(message, owner)
    with pytest.raises(Stale, match="no message waiting"):
        reviews.edit(message, by=owner, version=1, text="words")
    assert Task.objects.get().artifacts.count() == 1


def test_a_merge_has_nothing_to_edit(merge: Review, owner: User) -> None:
    with pytest.raises((NotAllowed, Stale)):
        reviews.edit(merge, by=owner, version=1, text="words")


# revise


def test_a_revision_sends_it_back_with_the_note(message: Review, owner: User) -> None:
    reviews.revise(message, by=owner, version=1, note=" warmer\x00 ")
    task = Task.objects.get()
    message.refresh_from_db()
    assert (task.state, task.round, task.revision_note, task.starts) == ("pending", 1, "warmer", 0)
    assert (message.state, message.note) == ("revising", "warmer")
    assert state_of(Delivery.objects.get()) == "cancelled"
    assert state_of(task.job) == "in_progress"
    assert told("owner") == ["review.revising", "delivery.cancelled", "task.revising", "job.resumed"]
    done(message_result("Dear Marta"))
    assert list(Review.objects.order_by("id").values_list("state", flat=True)) == ["superseded", "open"]
    assert list(Delivery.objects.order_by("id").values_list("state", flat=True)) == ["cancelled", "held"]


def test_a_branch_can_be_sent_back_after_it_was_pushed(merge: Review, owner: User) -> None:
    reviews.revise(merge, by=owner, version=1, note="fewer lines")
    assert state_of(Delivery.objects.get()) == "delivered"
    assert claimed().round == 1


def test_a_revision_needs_a_note(message: Review, owner: User) -> None:
    with pytest.raises(NotAllowed, match="note"):
        reviews.revise(message, by=owner, version=1, note=" \x00")


def test_revisions_are_bounded(message: Review, owner: User) -> None:
    for number in range(policy.MAX_ROUNDS - 1):
        reviews.revise(Review.objects.get(state="open"), by=owner, version=1, note="again")
        done(message_result(f"number {number}"))
    with pytest.raises(NotAllowed, match="revised 4 times"):
        reviews.revise(Review.objects.get(state="open"), by=owner, version=1, note="again")


# decline


@pytest.mark.parametrize(("reason", "kept"), [("too late\x00", "too late"), ("", "Declined.")])
def test_a_declined_message_is_never_sent(message: Review, owner: User, reason: str, kept: str) -> None:
    reviews.decline(message, by=owner, version=1, reason=reason)
    message.refresh_from_db()
    task = Task.objects.get()
    assert (message.state, message.decided_by) == ("declined", owner)
    assert (task.state, task.reason) == ("cancelled", kept)
    assert task.finished_at
    assert state_of(Delivery.objects.get()) == "cancelled"
    assert state_of(task.job) == "cancelled"
    assert queue.claim_delivery() is None


@pytest.mark.parametrize("kind", ["question", "failure", "unknown"])
def test_a_declined_question_or_failure_ends_its_job(
    kind: str, owner: User, request: pytest.FixtureRequest
) -> None:
    review: Review = request.getfixturevalue(kind)
    reviews.decline(review, by=owner, version=1)
    job = Job.objects.get()
    assert (job.state, job.reason) == ("cancelled", "Declined by its owner.")
    assert state_of(review) == "declined"


def test_what_is_left_of_a_cancelled_job_can_be_put_away(unknown: Review, owner: User) -> None:
    jobs.cancel(unknown.own_job, by="owner")
    reviews.decline(unknown, by=owner, version=1)
    assert state_of(unknown) == "declined"


# answer


def test_an_answer_joins_the_brief_and_the_job_is_planned_again(question: Review, owner: User) -> None:
    reviews.answer(question, by=owner, version=1, text=" the blue one\x00 ")
    job = Job.objects.get()
    assert (job.state, job.reason, job.round) == ("pending", "", 1)
    assert job.answers == [{"question": "Which?", "answer": "the blue one", "by": "owner"}]
    question.refresh_from_db()
    assert (question.state, question.note, question.decided_by) == ("answered", "the blue one", owner)
    run = claimed()
    assert (run.task, run.round) == (None, 1)
    assert told("owner") == ["review.answered", "job.answered"]


def test_a_second_answer_joins_the_first(question: Review, owner: User) -> None:
    reviews.answer(question, by=owner, version=1, text="one")
    planning.ask(claimed(), question="And?", suggestions=["a", "b"], recommended=0, by="orchestrator")
    reviews.answer(Review.objects.get(state="open"), by=owner, version=1, text="two")
    assert [said["answer"] for said in Job.objects.get().answers] == ["one", "two"]


@pytest.mark.parametrize("text", ["", "  ", "\x00"])
def test_an_answer_says_something(question: Review, owner: User, text: str) -> None:
    with pytest.raises(NotAllowed, match="answer"):
        reviews.answer(question, by=owner, version=1, text=text)


# retry and resolve


def test_a_retry_starts_what_failed_with_more_money_if_given(failure: Review, owner: User) -> None:
    reviews.retry(failure, by=owner, version=1, budget_microusd=7_000_000)
    job = Job.objects.get()
    assert (job.state, job.budget_microusd) == ("in_progress", 7_000_000)
    assert (state_of(failure), state_of(Task.objects.get())) == ("answered", "pending")
    assert claimed().task is not None


def test_what_may_have_arrived_is_not_simply_sent_again(unknown: Review, owner: User) -> None:
    with pytest.raises(NotAllowed, match="whether it arrived"):
        reviews.retry(unknown, by=owner, version=1)
    assert state_of(Delivery.objects.get()) == "unknown"


def test_what_arrived_counts_as_delivered(unknown: Review, owner: User) -> None:
    reviews.resolve_unknown(unknown, by=owner, version=1, arrived=True)
    unknown.refresh_from_db()
    assert (unknown.state, unknown.note) == ("answered", "arrived")
    assert (state_of(Delivery.objects.get()), state_of(unknown.own_job)) == ("delivered", "completed")


def test_what_did_not_arrive_is_sent_again(unknown: Review, owner: User) -> None:
    reviews.resolve_unknown(unknown, by=owner, version=1, arrived=False)
    unknown.refresh_from_db()
    assert (unknown.state, unknown.note) == ("answered", "resend")
    assert state_of(unknown.own_job) == "in_progress"
    assert sending().attempts == 2


def test_a_plain_failure_has_nothing_in_doubt(failure: Review, owner: User) -> None:
    with pytest.raises(NotAllowed, match="nothing in doubt"):
        reviews.resolve_unknown(failure, by=owner, version=1, arrived=True)
    assert state_of(failure) == "open"


# snooze


def test_a_snooze_decides_nothing(message: Review, owner: User) -> None:
    until = timezone.now() + timedelta(hours=3)
    reviews.snooze(message, by=owner, version=1, until=until)
    message.refresh_from_db()
    assert (message.state, message.version, message.snoozed_until) == ("open", 1, until)
    assert Event.objects.get(name="review.snoozed").data == {"until": until.isoformat()}
    approve(message, owner)


@pytest.mark.parametrize(("due_in", "comes_in"), [(-1, 3), (2, 2), (5, 3)])
def test_nothing_is_put_off_past_a_time_that_is_still_to_come(
    message: Review, owner: User, due_in: int, comes_in: int
) -> None:
    now = timezone.now()
    Review.objects.update(due_at=now + timedelta(hours=due_in))
    reviews.snooze(message, by=owner, version=1, until=now + timedelta(hours=3))
    message.refresh_from_db()
    assert message.snoozed_until == now + timedelta(hours=comes_in)
