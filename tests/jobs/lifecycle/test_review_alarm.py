"""Decisions on an alarm: it is noted, or its slot runs after all."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from jobs.lifecycle import job as jobs
from jobs.lifecycle import overdue
from jobs.lifecycle import review as reviews
from jobs.lifecycle.review import NotAllowed, Stale
from jobs.models import Cluster, Event, Job, Review
from tests.jobs.conftest import at_once, claimed, claimed_later

pytestmark = pytest.mark.django_db


def test_a_missed_slot_that_is_noted_is_not_run(silent: Review, owner: User) -> None:
    reviews.acknowledge(silent, by=owner, version=1)
    silent.refresh_from_db()
    assert (silent.state, silent.note, silent.decided_by) == ("answered", "acknowledged", owner)
    assert silent.own_job.state == "cancelled"
    assert silent.own_job.reason == "Its slot was missed, and is not caught up."


def test_a_missed_slot_is_run_when_a_person_says_so(
    silent: Review, owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    Cluster.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        reviews.run_now(silent, by=owner, version=1)
    silent.refresh_from_db()
    assert (silent.state, silent.note) == ("answered", "run now")
    assert claimed().job == silent.job, "at once, not with the next cycle"
    assert Cluster.objects.filter(name="agents", bell_at__isnull=False).exists()
    assert Event.objects.get(name="job.resumed").actor == "owner"


def test_an_empty_run_that_is_noted_stays_as_it_was(empty: Review, owner: User) -> None:
    reviews.acknowledge(empty, by=owner, version=1)
    assert Job.objects.get().state == "completed"


def test_an_empty_run_is_run_again_as_a_job_of_its_own(empty: Review, owner: User) -> None:
    reviews.run_now(empty, by=owner, version=1)
    again = claimed().job
    first = empty.own_job
    assert again != first
    assert (again.title, again.brief, again.trigger, again.created_by) == (
        first.title,
        first.brief,
        first.trigger,
        "owner",
    )
    assert (again.data["slot"], again.receipt) == (first.data["slot"], None)


def test_a_run_that_hangs_goes_on_when_that_is_noted(hanging: Review, owner: User) -> None:
    reviews.acknowledge(hanging, by=owner, version=1)
    assert Job.objects.get().state == "pending"


def test_a_run_that_hangs_is_ended_and_run_again(hanging: Review, owner: User) -> None:
    run = claimed_later()
    reviews.run_now(hanging, by=owner, version=1)
    run.refresh_from_db()
    hanging.own_job.refresh_from_db()
    assert (run.state, hanging.own_job.state, hanging.own_job.reason) == (
        "cancelled",
        "cancelled",
        "It hung, and is run again.",
    )
    assert claimed().job.brief == hanging.own_job.brief
    hanging.refresh_from_db()
    assert hanging.state == "answered", "a person decided it; it was not superseded"


def test_the_second_run_is_watched_from_its_own_beginning(hanging: Review, owner: User) -> None:
    reviews.run_now(hanging, by=owner, version=1)
    assert overdue.check(timezone.now()) == []
    (review,) = overdue.check(timezone.now() + timedelta(hours=9))
    assert review.job != hanging.job


def test_a_run_that_hung_and_ended_since_has_nothing_to_run(hanging: Review, owner: User) -> None:
    jobs.cancel(hanging.own_job, by="owner")
    with pytest.raises(Stale):
        reviews.run_now(hanging, by=owner, version=1)


def test_a_missed_slot_that_ran_late_has_nothing_to_run(silent: Review, owner: User) -> None:
    Review.objects.update(payload={**silent.payload, "held": False})
    with pytest.raises(NotAllowed, match="this slot has its run"):
        reviews.run_now(silent, by=owner, version=1)
    assert Review.objects.get().state == "open"


@pytest.mark.parametrize(
    ("kind", "state"), [("silent", "cancelled"), ("empty", "completed"), ("hanging", "pending")]
)
def test_a_declined_alarm_is_as_a_noted_one(
    kind: str, state: str, owner: User, request: pytest.FixtureRequest
) -> None:
    review: Review = request.getfixturevalue(kind)
    reviews.decline(review, by=owner, version=1, reason="I know.")
    review.refresh_from_db()
    assert (review.state, review.note, review.own_job.state) == ("declined", "I know.", state)


@pytest.mark.django_db(transaction=True)
def test_of_a_note_and_a_run_at_the_same_moment_one_counts(silent: Review, owner: User) -> None:
    results = at_once(
        lambda: reviews.acknowledge(silent, by=owner, version=1),
        lambda: reviews.run_now(silent, by=owner, version=1),
    )
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "Stale"]
    assert Job.objects.get().state == ("pending" if results[0] else "cancelled")
