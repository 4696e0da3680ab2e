"""The one guarded write: what it refuses, and what stands in the tables afterwards."""

from collections.abc import Callable

import pytest
from django.db import connection, transaction

from jobs.lifecycle.moves import IllegalMove, LostRace, move
from jobs.models import Event, Job
from tests.jobs.conftest import document_result, done, sending

pytestmark = pytest.mark.django_db


def test_a_move_changes_the_row_the_object_and_the_history_together(job: Job) -> None:
    move(job, "failed", event="job.failed", by="orchestrator", reason="no model", data={"kind": "model"})
    assert (job.state, job.reason) == ("failed", "no model")
    job.refresh_from_db()
    assert (job.state, job.reason) == ("failed", "no model")
    line = Event.objects.latest("id")
    assert (line.name, line.actor, line.noun, line.row, line.job_id) == (
        "job.failed",
        "orchestrator",
        "job",
        job.pk,
        job.pk,
    )
    assert (line.source, line.to, line.data) == ("pending", "failed", {"kind": "model"})


def test_an_illegal_move_names_both_states_and_writes_nothing(job: Job) -> None:
    before = Event.objects.count()
    with pytest.raises(IllegalMove, match="The job cannot go from “pending” to “completed”"):
        move(job, "completed", event="job.completed", by="test")
    job.refresh_from_db()
    assert job.state == "pending"
    assert Event.objects.count() == before


def test_a_row_that_was_moved_meanwhile_is_a_lost_race(job: Job) -> None:
    stale = Job.objects.get(pk=job.pk)
    move(job, "failed", event="job.failed", by="test")
    before = Event.objects.count()
    with pytest.raises(LostRace, match="not “pending” any more"):
        move(stale, "cancelled", event="job.cancelled", by="test", reason="late")
    job.refresh_from_db()
    assert (job.state, job.reason) == ("failed", "")
    assert Event.objects.count() == before


def test_a_fence_column_that_differs_is_a_lost_race_in_the_same_state(planned: Callable[..., Job]) -> None:
    planned()
    done(document_result())
    delivery = sending()
    with pytest.raises(LostRace):
        move(delivery, "delivered", event="delivery.delivered", by="test", where={"attempts": 0})
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("sending", 1)
    move(delivery, "delivered", event="delivery.delivered", by="test", where={"attempts": 1})
    assert delivery.state == "delivered"


def test_an_event_that_is_not_in_the_list_takes_its_move_with_it(job: Job) -> None:
    with pytest.raises(ValueError, match=r"jobs/events\.py"), transaction.atomic():
        move(job, "failed", event="job.exploded", by="test")
    job.refresh_from_db()
    assert job.state == "pending"


@pytest.mark.django_db(transaction=True)
def test_a_move_outside_a_transaction_is_refused(job: Job) -> None:
    assert not connection.in_atomic_block
    with pytest.raises(RuntimeError, match="transaction of its verb"):
        move(job, "failed", event="job.failed", by="test")
