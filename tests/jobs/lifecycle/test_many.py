"""One verb for many jobs: each in a transaction of its own, and what refuses holds up no other."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.lifecycle import many
from jobs.lifecycle import task as tasks
from jobs.lifecycle.job import cancel, open_job
from jobs.lifecycle.moves import IllegalMove
from jobs.models import Client, Event, Job, Review
from tests.jobs.conftest import claimed, done, message_result

pytestmark = pytest.mark.django_db


def test_all_are_ended_and_one_that_had_ended_is_named(trattoria: Client) -> None:
    jobs = [open_job(title=f"Job {number}", brief="x", by="test", client=trattoria) for number in range(3)]
    cancel(jobs[1], by="somebody")
    outcome = many.each(Job.objects.order_by("id"), many.cancel, by="owner")
    assert (outcome.done, outcome.refused) == (2, [jobs[1]])
    assert set(Job.objects.values_list("state", flat=True)) == {"cancelled"}
    assert Event.objects.filter(name="job.cancelled", actor="owner").count() == 2


def test_only_what_failed_is_started_again(planned: Callable[..., Job], trattoria: Client) -> None:
    failed = planned()
    tasks.fail(claimed(), cause="403", fix="", by="agent:drafting")
    fresh = open_job(title="Fresh", brief="x", by="test", client=trattoria)
    failed.refresh_from_db()
    outcome = many.each([failed, fresh], many.retry, by="owner")
    assert (outcome.done, outcome.refused) == (1, [fresh])
    failed.refresh_from_db()
    assert failed.state == "in_progress"


def test_urgency_moves_with_all_that_is_still_to_be_done(planned: Callable[..., Job]) -> None:
    job = planned()
    done(message_result())
    many.make_internal_work(job, "owner")
    assert Job.objects.get().priority == Review.objects.get().priority == 2
    assert job.tasks.get().priority == job.deliveries.get().priority == 2
    assert Event.objects.get(name="job.reprioritised").data == {"title": "internal"}
    many.make_internal_work(job, "owner")
    assert Event.objects.filter(name="job.reprioritised").count() == 1, "nothing changed"


def test_what_becomes_client_work_is_planned_at_once() -> None:
    open_job(title="Own", brief="x", by="test")
    job = Job.objects.get()
    many.make_client_work(job, "owner")
    assert claimed().job == job


def test_an_ended_job_has_no_urgency(trattoria: Client) -> None:
    job = open_job(title="Own", brief="x", by="test", client=trattoria)
    cancel(job, by="owner")
    with pytest.raises(IllegalMove, match="cancelled"):
        many.make_internal_work(job, "owner")


def test_when_a_job_is_due_changes_what_waits_of_it_too(planned: Callable[..., Job]) -> None:
    job = planned()
    done(message_result())
    now = timezone.now()
    Review.objects.update(snoozed_until=now + timedelta(days=1))
    many.reschedule(job, now + timedelta(hours=5), by="owner")
    review, job = Review.objects.get(), Job.objects.get()
    assert review.deadline == job.due_at == now + timedelta(hours=5)
    assert (review.snoozed_until, review.version) == (None, 1)
    Review.objects.update(expires_at=now + timedelta(hours=2))
    many.reschedule(job, now + timedelta(hours=3), by="owner")
    assert Review.objects.get().deadline == now + timedelta(hours=2), "its own time is earlier"
    many.reschedule(job, None, by="owner")
    many.reschedule(job, None, by="owner")
    Review.objects.update(expires_at=None)
    assert Job.objects.get().due_at is None
    lines = Event.objects.filter(name="job.rescheduled", actor="owner").order_by("id")
    assert [line.data["due_at"] is None for line in lines] == [False, False, True], "the same again is nothing new"


def test_an_ended_job_is_not_due(trattoria: Client) -> None:
    job = open_job(title="Ended", brief="x", by="test", client=trattoria)
    cancel(job, by="owner")
    with pytest.raises(IllegalMove, match="cancelled asks nothing any more"):
        many.reschedule(job, timezone.now(), by="owner")
