"""The path of a job through the verbs: states, history and actor together."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from jobs import queue
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import review as reviews
from jobs.lifecycle import task as tasks
from jobs.lifecycle.moves import LostRace
from jobs.models import Delivery, Event, Job, Review
from tests.jobs.conftest import claimed, document_result, done, message_result, sending

pytestmark = pytest.mark.django_db


def _history(job: Job) -> list[str]:
    return list(Event.objects.filter(job=job).order_by("id").values_list("name", flat=True))


def test_a_document_runs_through_without_a_person(planned: Callable[..., Job]) -> None:
    job = planned()
    done(document_result())
    delivery = sending()
    deliveries.land(delivery, external_id="a/b.md", url="", detail="", by="deliveries")
    job.refresh_from_db()
    assert job.state == "completed"
    assert job.finished_at
    assert _history(job) == [
        "job.opened",
        "job.planning",
        "run.succeeded",
        "job.planned",
        "task.started",
        "run.succeeded",
        "delivery.released",
        "task.completed",
        "delivery.sending",
        "delivery.delivered",
        "job.completed",
    ]


def test_a_message_leaves_only_after_its_approval_and_hold(
    planned: Callable[..., Job], owner: User, settings: Settings
) -> None:
    job = planned()
    task = done(message_result())
    job.refresh_from_db()
    assert (job.state, task.state) == ("needs_review", "needs_review")
    assert queue.claim_delivery() is None
    review = Review.objects.get()
    assert review.consequence == "Sends to marta@example.com"

    reviews.approve(review, by=owner, version=1, digest=review.digest)
    job.refresh_from_db()
    assert job.state == "in_progress"
    assert queue.claim_delivery() is None, "it is held for the undo window"

    Delivery.objects.update(ready_at=job.created_at)
    delivery = sending()
    assert delivery.approved_digest == delivery.digest == review.digest
    deliveries.land(delivery, external_id="<id@x>", url="", detail="", by="deliveries")
    task.refresh_from_db()
    job.refresh_from_db()
    assert (job.state, task.state) == ("completed", "completed")


def test_a_run_that_was_taken_over_writes_nothing(planned: Callable[..., Job]) -> None:
    job = planned()
    run = claimed()
    tasks.rescue(run, by="sweep")
    later = claimed()
    run.state = "running"
    with pytest.raises(LostRace):
        tasks.succeed(run, document_result(), by="agent:late")
    assert not job.artifacts.exists()
    tasks.succeed(later, document_result(), by="agent:drafting")
    assert job.artifacts.count() == 1
