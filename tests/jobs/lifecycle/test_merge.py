"""A branch is merged by its owner's word alone, and exactly what was shown."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from jobs import queue
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import job as jobs
from jobs.lifecycle import merge as merges
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.lifecycle.review import Stale
from jobs.models import Delivery, Event, Job, Review, Task
from jobs.states import ReviewState
from tests.jobs.conftest import branch_result, claimed, done, sending

pytestmark = pytest.mark.django_db

BY = "deliveries"
FIELDS = {"repository": "site", "number": 13, "commit": "c1", "branch": "agent/1", "into": "main"}


def push(commit: str = "c1") -> Review:
    """The branch lands at a target that can merge it; the review that asks for it."""
    fields = {**FIELDS, "commit": commit}
    told: dict[str, Any] = {"url": "https://x.example/pull/13", "detail": "agent/1 on site", "by": BY}
    deliveries.land(sending(), external_id=commit, merging=fields, **told)
    return Review.objects.get(state="open", kind="merge")


@pytest.fixture
def asked(planned: Callable[..., Job]) -> Review:
    planned()
    done(branch_result())
    return push()


def held(review: Review) -> Delivery:
    return review.deliveries.get()


def approve(review: Review, owner: User) -> Any:
    return reviews.approve(review, by=owner, version=review.version, digest=review.digest)


def leaving() -> Delivery:
    """The hold is over: the merge on its way."""
    Delivery.objects.filter(kind="merge", state="pending").update(ready_at=timezone.now() - timedelta(seconds=1))
    return sending()


def states() -> tuple[str, str, str]:
    """Of the job, its task and the newest review."""
    newest = Review.objects.order_by("-id")[0]
    return Job.objects.get().state, Task.objects.get().state, newest.state


def test_the_merge_is_held_behind_its_review_and_bound_to_what_was_shown(asked: Review) -> None:
    row = held(asked)
    assert (row.kind, row.state, row.fields, row.files) == ("merge", "held", FIELDS, [])
    assert row.digest == asked.digest
    assert asked.payload["commit"] == "c1"
    assert asked.payload["page"] == "https://x.example/pull/13"
    assert queue.claim_delivery() is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.filter(pk=row.pk).update_state(state="pending")


def test_once_approved_it_is_merged_after_the_hold_and_then_the_task_is_done(asked: Review, owner: User) -> None:
    leaves_at = approve(asked, owner)
    assert leaves_at > timezone.now()
    assert states() == ("in_progress", "needs_review", "approved")
    deliveries.land(leaving(), external_id="m1", url="", detail="merged", by=BY)
    assert states() == ("completed", "completed", "approved")


def test_it_can_be_undone_within_the_hold(asked: Review, owner: User) -> None:
    approve(asked, owner)
    asked.refresh_from_db()
    reviews.undo(asked, by=owner)
    assert held(asked).state == "held"
    assert states() == ("needs_review", "needs_review", "open")


def test_other_bytes_than_those_shown_are_stale(asked: Review, owner: User) -> None:
    with pytest.raises(Stale):
        reviews.approve(asked, by=owner, version=1, digest="0" * 64)
    assert held(asked).state == "held"


def test_declined_or_sent_back_nothing_is_merged(asked: Review, owner: User) -> None:
    reviews.revise(asked, by=owner, version=1, note="fewer lines")
    assert held(asked).state == "cancelled"
    assert Task.objects.get().state == "pending"
    done(branch_result())
    again = push("c2")
    assert held(again).fields["commit"] == "c2"
    reviews.decline(again, by=owner, version=1)
    assert held(again).state == "cancelled"
    assert states() == ("cancelled", "cancelled", "declined")


def test_a_merge_that_is_refused_is_asked_for_anew_with_the_reason(asked: Review, owner: User) -> None:
    approve(asked, owner)
    deliveries.fail(leaving(), reason="The branch went on.", by=BY)
    assert held(asked).state == "cancelled"
    assert states() == ("needs_review", "needs_review", "open")
    (again,) = Review.objects.filter(state="open")
    assert again.payload["refused"] == "The branch went on."
    assert held(again).fields == FIELDS
    assert not Review.objects.filter(kind="failure").exists()
    approve(again, owner)
    deliveries.land(leaving(), external_id="m1", url="", detail="merged", by=BY)
    assert states() == ("completed", "completed", "approved")


def test_a_refused_merge_of_a_cancelled_job_asks_nobody(asked: Review, owner: User) -> None:
    approve(asked, owner)
    row = leaving()
    jobs.cancel(Job.objects.get(), by="owner")
    deliveries.fail(row, reason="No.", by=BY)
    assert not Review.objects.filter(state="open").exists()


def test_a_revision_that_changes_nothing_asks_for_the_same_merge(asked: Review, owner: User) -> None:
    reviews.revise(asked, by=owner, version=1, note="Is it right?")
    tasks.succeed(claimed(), tasks.Result(output={}, summary="No change was made: it is right.", files=[]), by="x")
    (again,) = Review.objects.filter(state="open")
    assert (again.kind, again.consequence) == ("merge", "No change was made: it is right.")
    assert held(again).fields == FIELDS
    assert again.payload["commit"] == "c1"


def test_a_target_that_cannot_merge_leaves_the_word_to_its_owner(planned: Callable[..., Job], owner: User) -> None:
    planned()
    done(branch_result())
    deliveries.land(sending(), external_id="c1", url="", detail="agent/1 on site", by=BY)
    review = Review.objects.get()
    assert not review.deliveries.exists()
    assert approve(review, owner) is None
    assert states() == ("completed", "completed", "approved")
    assert merges.fields_before(Task.objects.get()) is None


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        (ReviewState.APPROVED, ("completed", "completed", "approved")),
        (ReviewState.DECLINED, ("cancelled", "cancelled", "declined")),
    ],
)
def test_what_was_settled_elsewhere_closes_here(
    asked: Review, to: ReviewState, expected: tuple[str, str, str]
) -> None:
    with transaction.atomic():
        merges.settle_elsewhere(asked, to, by="github:mona", note="Merged there by mona.")
    assert states() == expected
    assert held(asked).state == "cancelled"
    asked.refresh_from_db()
    assert (asked.note, asked.decided_by) == ("Merged there by mona.", None)
    assert Event.objects.filter(name=f"review.{to}", actor="github:mona").exists()
