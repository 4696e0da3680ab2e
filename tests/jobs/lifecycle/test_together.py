"""Several items at once: the safe ones are approved, the others are left as they are."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs.lifecycle import planning, together
from jobs.lifecycle import task as tasks
from jobs.lifecycle.job import open_job
from jobs.models import Job, Review
from tests.jobs.conftest import STEP, claimed, claimed_later, done, message_result

pytestmark = pytest.mark.django_db


def failed(number: int, cause: str = "The source answered 403.") -> list[Review]:
    """As many jobs that failed for the same cause."""
    for place in range(number):
        open_job(title=f"Import {place}", brief="Import it.", by="test")
        planning.accept_plan(claimed_later(), [STEP], by="orchestrator")
        tasks.fail(claimed(), cause=cause, fix="Renew the access.", by="agent:test")
    return list(Review.objects.filter(kind="failure").order_by("id"))


def a_message() -> Review:
    """A message to a client that waits."""
    open_job(title="Status", brief="Write it.", by="test")
    planning.accept_plan(claimed_later(), [STEP], by="orchestrator")
    done(message_result())
    return Review.objects.get(kind="message")


def test_safe_items_are_approved_and_others_are_left(owner: User, silent: Review) -> None:
    (first, second), message = failed(2), a_message()
    items = [(one, one.version) for one in (first, message, silent, second)]
    outcome = together.approve(items, by=owner)
    assert outcome.done == 2
    assert outcome.left == [message, silent]
    states = dict(Review.objects.values_list("pk", "state"))
    assert [states[one.pk] for one in (first, message, silent, second)] == ["answered", "open", "open", "answered"]
    assert set(Job.objects.filter(reviews__in=[first, second]).values_list("state", flat=True)) == {"in_progress"}


def test_an_alarm_that_ends_nothing_is_noted(owner: User, empty: Review) -> None:
    assert together.approve([(empty, empty.version)], by=owner).done == 1
    empty.refresh_from_db()
    assert (empty.state, empty.note, empty.decided_by) == ("answered", "acknowledged", owner)


def test_an_item_that_changed_meanwhile_is_left(owner: User) -> None:
    (only,) = failed(1)
    Review.objects.filter(pk=only.pk).update(version=2)
    outcome = together.approve([(only, 1)], by=owner)
    assert (outcome.done, outcome.left) == (0, [only])


def test_anything_can_be_put_off(owner: User) -> None:
    (failure,), message = failed(1), a_message()
    until = timezone.now() + timedelta(hours=2)
    assert together.snooze([(failure, 1), (message, 1)], by=owner, until=until).done == 2
    assert set(Review.objects.values_list("snoozed_until", flat=True)) == {until}
