"""Verbs of a client: what changed is history, and nothing goes to an address that is no recipient any more."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from jobs.lifecycle import approval
from jobs.lifecycle import client as clients
from jobs.lifecycle import review as reviews
from jobs.lifecycle.moves import LostRace
from jobs.models import Client, Delivery, Event, Job, KnownAnswer, Review
from tests.jobs.conftest import done, message_result
from tests.jobs.inbox.conftest import several

pytestmark = pytest.mark.django_db
NEW = ["new@example.com"]


@pytest.fixture
def message(planned: Callable[..., Job]) -> Review:
    """A message to marta@example.com that waits."""
    planned()
    done(message_result())
    return Review.objects.get()


def change(client: Client, **columns: object) -> Client:
    return clients.change(client, by="owner", as_seen=clients.seen(client), **columns)


def test_what_changed_stands_in_the_history(trattoria: Client) -> None:
    change(trattoria, name="Trattoria Lume", tone="dry", recipients=NEW)
    line = Event.objects.get(name="client.changed")
    assert (line.actor, line.noun, line.row, line.job) == ("owner", "client", trattoria.pk, None)
    assert line.data["columns"] == ["tone", "recipients"]
    assert (line.data["before"], line.data["recipients"]) == (["marta@example.com"], NEW)
    trattoria.refresh_from_db()
    assert (trattoria.tone, trattoria.recipients) == ("dry", NEW)


def test_what_stays_the_same_is_no_change(trattoria: Client) -> None:
    change(trattoria, tone=trattoria.tone)
    assert not Event.objects.filter(name="client.changed").exists()


def test_nobody_writes_over_anothers_change(trattoria: Client) -> None:
    before = clients.seen(trattoria)
    change(trattoria, tone="dry")
    with pytest.raises(LostRace, match="Somebody else changed this client"):
        clients.change(trattoria, by="other", as_seen=before, tone="loud")
    assert Client.objects.get().tone == "dry"


def test_a_client_is_added(db: None) -> None:
    made = clients.add(by="owner", name="Bergwerk", slug="bergwerk", recipients=NEW)
    assert Event.objects.get(name="client.added").row == made.pk


def test_an_answer_is_forgotten(trattoria: Client) -> None:
    known = {"client": trattoria, "question": "Which tone?", "digest": "d", "answer": "Dry.", "said_by": "owner"}
    clients.forget(KnownAnswer.objects.create(**known, said_at=timezone.now()), by="owner")
    assert not KnownAnswer.objects.exists()
    line = Event.objects.get(name="client.forgot")
    assert (line.row, line.data["answer"]) == (trattoria.pk, "Dry.")


def test_what_waits_for_the_old_addresses_is_found_and_addressed_anew(message: Review, trattoria: Client) -> None:
    assert clients.addressed_otherwise(trattoria, trattoria.way) == []
    assert clients.addressed_otherwise(trattoria, ("mail", NEW)) == [message]
    kept = change(trattoria, recipients=NEW)
    Review.objects.update(snoozed_until=timezone.now() + timedelta(days=1))
    assert clients.address_anew(kept, by="owner") == 1
    review, delivery = Review.objects.get(), Delivery.objects.get()
    assert (delivery.fields["to"], review.snoozed_until) == (NEW, None)
    assert approval.is_whole(delivery)
    assert (review.version, review.consequence) == (2, "Sends to new@example.com")
    assert review.digest == delivery.digest != message.digest
    assert Event.objects.get(name="review.readdressed").job == message.job
    assert clients.address_anew(kept, by="owner") == 0, "once is enough"


def test_what_waits_for_mail_goes_to_the_channel_once_it_is_addressed_anew(
    message: Review, trattoria: Client, settings: Settings
) -> None:
    settings.CHANNELS_BY = "slack_connect"
    kept = change(trattoria, slack_channel="C0CLIENT1")
    line = Event.objects.get(name="client.changed")
    assert (line.data["channel_before"], line.data["slack_channel"]) == ("", "C0CLIENT1")
    assert clients.addressed_otherwise(kept, kept.way) == [message]
    assert clients.address_anew(kept, by="owner") == 1
    review, delivery = Review.objects.get(), Delivery.objects.get()
    assert (delivery.target, delivery.fields["to"]) == ("slack_connect", ["C0CLIENT1"])
    assert approval.is_whole(delivery)
    assert review.consequence == "Posts to the client's Slack channel C0CLIENT1"


def test_an_approval_of_the_old_address_is_too_late(message: Review, trattoria: Client, owner: User) -> None:
    clients.address_anew(change(trattoria, recipients=NEW), by="owner")
    with pytest.raises(reviews.Stale):
        reviews.approve(message, by=owner, version=1, digest=message.digest)


def test_nothing_is_approved_for_an_address_that_is_no_recipient(
    message: Review, trattoria: Client, owner: User
) -> None:
    change(trattoria, recipients=NEW)
    with pytest.raises(reviews.NotAllowed, match=r"marta@example\.com is no address of the client any more"):
        reviews.approve(message, by=owner, version=1, digest=message.digest)
    change(Client.objects.get(), recipients=[*NEW, "MARTA@example.com"])
    reviews.approve(message, by=owner, version=1, digest=message.digest)


def test_what_was_approved_does_not_leave_for_an_address_that_was_taken_off(
    message: Review, trattoria: Client, owner: User
) -> None:
    reviews.approve(message, by=owner, version=1, digest=message.digest)
    approval.check(Delivery.objects.get())
    change(trattoria, recipients=NEW)
    with pytest.raises(approval.Lapsed, match="no address of the client"):
        approval.check(Delivery.objects.get())


def test_what_was_decided_meanwhile_stays_as_it_is(trattoria: Client, owner: User) -> None:
    first, second = several(trattoria, 2)
    reviews.decline(first, by=owner, version=1)
    assert clients.address_anew(change(trattoria, recipients=[]), by="owner") == 1
    second.refresh_from_db()
    assert second.consequence == "Sends to nobody: the client has no trusted recipient"
