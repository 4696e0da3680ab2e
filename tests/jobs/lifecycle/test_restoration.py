"""What a restored backup leaves to be looked at before it is made."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs.lifecycle import restoration
from jobs.lifecycle import review as reviews
from jobs.models import Delivery, Event, Restore, Review

pytestmark = pytest.mark.django_db


def test_only_what_is_older_than_the_backup_may_be_there(message: Review) -> None:
    row = Delivery.objects.get()
    assert not restoration.may_be_there(row)
    restoration.settle(made_at=row.created_at - timedelta(days=1), archive="nightdesk-a")
    assert not restoration.may_be_there(Delivery.objects.get())
    restoration.settle(made_at=timezone.now(), archive="nightdesk-b")
    assert restoration.may_be_there(Delivery.objects.get())
    assert Event.objects.filter(name="house.restored").count() == 2


def test_an_approval_of_before_does_not_speak_for_now(message: Review, owner: User) -> None:
    reviews.approve(message, by=owner, version=message.version, digest=message.digest)
    restoration.settle(made_at=timezone.now(), archive="nightdesk-a")
    assert not restoration.was_decided_since(Delivery.objects.get())


def test_an_approval_of_a_person_who_was_told_does(message: Review, owner: User) -> None:
    Review.objects.update(snoozed_until=timezone.now() + timedelta(days=1))
    restoration.settle(made_at=timezone.now(), archive="nightdesk-a")
    with pytest.raises(reviews.Stale):
        reviews.approve(message, by=owner, version=message.version, digest=message.digest)
    message.refresh_from_db()
    assert message.consequence.startswith("It may already have gone, after the backup of ")
    assert message.snoozed_until is None, "something new happened to it"
    with pytest.raises(reviews.NotAllowed, match=r"It may already have gone: .* Say in words"):
        reviews.approve(message, by=owner, version=message.version, digest=message.digest)
    message.refresh_from_db()
    assert message.state == "open"
    reviews.approve(message, by=owner, version=message.version, digest=message.digest, again=True)
    assert restoration.was_decided_since(Delivery.objects.get())


def test_the_time_of_which_nothing_is_known_is_told(message: Review) -> None:
    assert restoration.in_doubt(message) == restoration.unknown_since(Delivery.objects.get()) == ""
    restoration.settle(made_at=timezone.now(), archive="nightdesk-a")
    made, at = datetime(2099, 11, 26, 22, 5, tzinfo=UTC), datetime(2099, 11, 27, 6, 30, tzinfo=UTC)
    Restore.objects.update(made_at=made, at=at)
    with timezone.override("UTC"):
        said = restoration.in_doubt(message)
    assert said == (
        "It may already have gone: a backup of 26 Nov, 22:05 was put back at 27 Nov, 06:30, and what was sent in "
        "between is not known here."
    )
    assert restoration.unknown_since(Delivery.objects.get())


def test_what_is_no_message_or_is_decided_is_in_no_doubt(message: Review, owner: User) -> None:
    restoration.settle(made_at=timezone.now(), archive="nightdesk-a")
    message.refresh_from_db()
    reviews.decline(message, by=owner, version=message.version)
    message.refresh_from_db()
    assert restoration.in_doubt(message) == ""
    assert restoration.in_doubt(Review(kind="alarm")) == ""


def test_without_a_restore_nobody_has_decided_since(message: Review) -> None:
    assert not restoration.was_decided_since(Delivery.objects.get())
