"""Verbs of a Delivery: how an outward effect ends, and what follows from it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs import policy, queue
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import job as jobs
from jobs.lifecycle import review as reviews
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.models import Cluster, Delivery, Event, Job, Review, Task
from jobs.states import NEVER
from tests.jobs.conftest import branch_result, document_result, done, message_result, sending

pytestmark = pytest.mark.django_db

BY = "deliveries"


@pytest.fixture
def document(planned: Callable[..., Job]) -> Delivery:
    """A document on its way out."""
    planned()
    done(document_result())
    return sending()


@pytest.fixture
def branch(planned: Callable[..., Job]) -> Delivery:
    """A branch on its way out; its task waits for the merge."""
    planned()
    done(branch_result())
    return sending()


@pytest.fixture
def message(planned: Callable[..., Job], owner: User) -> Delivery:
    """An approved message on its way out."""
    planned()
    done(message_result())
    review = Review.objects.get()
    reviews.approve(review, by=owner, version=1, digest=review.digest)
    Delivery.objects.update(ready_at=timezone.now() - timedelta(seconds=1))
    return sending()


def land(delivery: Delivery, external_id: str = "id-1") -> None:
    """The target says that it is there."""
    deliveries.land(delivery, external_id=external_id, url="https://x.example/1", detail="page 1", by=BY)


def doubt(delivery: Delivery, lag_seconds: float = -1) -> Delivery:
    """No clear answer; then it is claimed to be looked up, if the lag has passed."""
    deliveries.doubt(delivery, reason="no answer", lag_seconds=lag_seconds, by=BY)
    return queue.claim_lookup() or delivery


def fresh(delivery: Delivery) -> Delivery:
    """The row as it stands."""
    return Delivery.objects.get(pk=delivery.pk)


# land


def test_what_landed_keeps_its_proof_and_completes_the_job(document: Delivery) -> None:
    land(document)
    row = fresh(document)
    assert (row.state, row.external_id, row.url, row.detail) == (
        "delivered",
        "id-1",
        "https://x.example/1",
        "page 1",
    )
    assert row.delivered_at
    assert Job.objects.get().state == "completed"
    line = Event.objects.get(name="delivery.delivered")
    assert (line.actor, line.row, line.data) == (BY, row.pk, {"external_id": "id-1", "url": "https://x.example/1"})


def test_a_long_answer_is_cut_to_its_columns(document: Delivery) -> None:
    deliveries.land(document, external_id="x" * 900, url="u" * 900, detail="d" * 900, by=BY)
    row = fresh(document)
    assert (len(row.external_id), len(row.url), len(row.detail)) == (255, 500, 300)


def test_a_message_that_landed_completes_its_task(message: Delivery) -> None:
    assert Task.objects.get().state == "needs_review"
    land(message)
    assert (Task.objects.get().state, Job.objects.get().state) == ("completed", "completed")
    assert Task.objects.get().finished_at


def test_a_branch_that_landed_asks_its_owner_to_merge_what_was_pushed(branch: Delivery) -> None:
    land(branch)
    review = Review.objects.get()
    assert (review.kind, review.digest, review.consequence) == ("merge", branch.digest, "+1 -1, tests pass")
    page = "https://x.example/1"
    told = {"delivery": branch.pk, "branch": "page 1", "commit": "id-1", "page": page, "refused": ""}
    assert review.payload == told
    assert (Task.objects.get().state, Job.objects.get().state) == ("needs_review", "needs_review")


def test_a_branch_of_a_cancelled_job_asks_nobody(branch: Delivery) -> None:
    jobs.cancel(Job.objects.get(), by="owner")
    land(branch)
    assert fresh(branch).state == "delivered"
    assert not Review.objects.exists()


# give back


def test_what_was_not_done_is_tried_again_when_the_target_says(document: Delivery) -> None:
    deliveries.give_back(document, reason="rate limited", delay_seconds=90, by=BY)
    row = fresh(document)
    assert (row.state, row.reason) == ("pending", "rate limited")
    assert timedelta(seconds=80) < row.ready_at - timezone.now() <= timedelta(seconds=113)
    assert queue.claim_delivery() is None
    Delivery.objects.update(ready_at=timezone.now() - timedelta(seconds=1))
    assert sending().attempts == 2


def test_without_a_word_from_the_target_the_wait_grows(document: Delivery) -> None:
    row = document
    for seconds in (5, 10, 20):
        wait = timedelta(seconds=seconds)
        before = timezone.now()
        deliveries.give_back(row, reason="busy", delay_seconds=None, by=BY)
        assert before + wait <= fresh(document).ready_at <= timezone.now() + wait * 1.25
        Delivery.objects.update(ready_at=before)
        row = sending()


def test_after_many_tries_it_is_for_a_person(document: Delivery) -> None:
    row = document
    for _ in range(policy.MAX_DELIVERY_ATTEMPTS - 1):
        deliveries.give_back(row, reason="busy", delay_seconds=-1, by=BY)
        row = sending()
    deliveries.give_back(row, reason="busy", delay_seconds=-1, by=BY)
    row = fresh(document)
    assert (row.state, row.reason) == ("failed", "busy (tried 8 times)")
    assert Review.objects.get().payload["delivery"] == row.pk


# fail


def test_a_clear_refusal_is_an_item_that_says_what_to_mend(document: Delivery) -> None:
    deliveries.fail(document, reason="no such folder", by=BY)
    assert fresh(document).state == "failed"
    job = Job.objects.get()
    assert (job.state, job.reason) == ("failed", "no such folder")
    review = Review.objects.get()
    assert review.payload["cause"] == "no such folder"
    assert "Mend what folder says" in review.payload["fix"]


def test_a_refusal_for_a_cancelled_job_bothers_nobody(document: Delivery) -> None:
    jobs.cancel(Job.objects.get(), by="owner")
    deliveries.fail(document, reason="no such folder", by=BY)
    assert fresh(document).state == "failed"
    assert not Review.objects.exists()


# doubt


def test_an_unclear_answer_is_looked_up_before_anything_else(document: Delivery) -> None:
    deliveries.doubt(document, reason="no answer", lag_seconds=60, by=BY)
    row = fresh(document)
    assert (row.state, row.reason, row.lease_until) == ("unknown", "no answer", None)
    assert queue.claim_delivery() is None
    assert queue.claim_lookup() is None
    assert Job.objects.get().state == "in_progress"


def test_what_is_found_counts_as_delivered(document: Delivery) -> None:
    land(doubt(document))
    assert fresh(document).state == "delivered"


def test_what_is_not_there_is_made_again(document: Delivery) -> None:
    Cluster.objects.all().delete()
    deliveries.not_found(doubt(document), by=BY)
    assert fresh(document).state == "pending"
    assert sending().attempts == 3


def test_a_look_up_that_failed_is_made_later(document: Delivery) -> None:
    row = doubt(document)
    deliveries.look_again(row, reason="the target is down")
    row = fresh(row)
    assert (row.state, row.reason, row.lease_until) == ("unknown", "the target is down", None)
    assert row.ready_at > timezone.now() + timedelta(seconds=5)


def test_a_look_up_that_lost_its_claim_changes_nothing(document: Delivery) -> None:
    late = doubt(document)
    Delivery.objects.update(lease_until=timezone.now() - timedelta(hours=1))
    present = queue.claim_lookup()
    assert present is not None
    deliveries.look_again(late, reason="late")
    deliveries.leave_to_person(late, by=BY)
    with pytest.raises(LostRace):
        land(late)
    row = fresh(document)
    assert (row.state, row.lease_until, row.reason) == ("unknown", present.lease_until, "no answer")
    assert not Review.objects.exists()


def test_where_nobody_can_tell_a_person_is_asked(message: Delivery) -> None:
    row = doubt(message)
    deliveries.leave_to_person(row, by=BY)
    deliveries.leave_to_person(row, by=BY)
    review = Review.objects.get(kind="failure")
    assert review.payload["unknown"] is True
    assert review.payload["delivery"] == row.pk
    assert review.payload["cause"] == "It may have been sent to marta@example.com, but no answer came: no answer"
    assert fresh(row).ready_at == NEVER
    assert Job.objects.get().state == "needs_review"
    assert queue.claim_lookup() is None


@pytest.mark.parametrize(("arrived", "state"), [(True, "delivered"), (False, "pending")])
def test_a_person_says_whether_it_arrived(message: Delivery, owner: User, arrived: bool, state: str) -> None:
    row = doubt(message)
    deliveries.leave_to_person(row, by=BY)
    deliveries.resolve(fresh(row), arrived=arrived, by="owner")
    row = fresh(row)
    assert row.state == state
    assert row.detail == ("confirmed by owner" if arrived else "")


def test_what_a_dead_process_was_sending_is_in_doubt(document: Delivery) -> None:
    deliveries.rescue(document, lag_seconds=60, by="sweep")
    row = fresh(document)
    assert row.state == "unknown"
    assert "died or lost its lease" in row.reason
    assert row.ready_at > timezone.now() + timedelta(seconds=50)


# cancelled meanwhile


def test_what_certainly_did_not_leave_a_cancelled_job_is_not_sent_again(message: Delivery) -> None:
    jobs.cancel(Job.objects.get(), by="owner")
    deliveries.give_back(message, reason="busy", delay_seconds=-1, by=BY)
    assert fresh(message).state == "cancelled"
    assert queue.claim_delivery() is None


def test_nor_what_was_looked_up_and_is_not_there(message: Delivery) -> None:
    jobs.cancel(Job.objects.get(), by="owner")
    deliveries.not_found(doubt(message), by=BY)
    assert fresh(message).state == "cancelled"
    assert list(Event.objects.order_by("-id").values_list("name", flat=True)[:2]) == [
        "delivery.cancelled",
        "delivery.given_back",
    ]


# the fence

VERBS: dict[str, Callable[[Delivery], object]] = {
    "land": land,
    "give_back": lambda row: deliveries.give_back(row, reason="", delay_seconds=1, by=BY),
    "fail": lambda row: deliveries.fail(row, reason="", by=BY),
    "doubt": lambda row: deliveries.doubt(row, reason="", lag_seconds=1, by=BY),
    "rescue": lambda row: deliveries.rescue(row, lag_seconds=1, by=BY),
}


@pytest.mark.parametrize("verb", VERBS)
def test_an_attempt_that_is_not_the_present_one_changes_nothing(document: Delivery, verb: str) -> None:
    deliveries.give_back(fresh(document), reason="", delay_seconds=-1, by=BY)
    present = sending()
    assert present.attempts == 2
    before = Event.objects.count()
    with pytest.raises(LostRace):
        VERBS[verb](document)
    row = fresh(document)
    assert (row.state, row.attempts) == ("sending", 2)
    assert Event.objects.count() == before


@pytest.mark.parametrize("verb", VERBS)
def test_what_was_delivered_stays_delivered(document: Delivery, verb: str) -> None:
    land(document)
    with pytest.raises(IllegalMove):
        VERBS[verb](fresh(document))
