"""A message to a client in Slack, from the draft to the channel: the gate, the bytes, the undo, the outbox."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.utils import timezone

from integrations import reconciler, workers
from integrations.slack import connect
from jobs import policy, pool
from jobs.inbox.effects import preview
from jobs.lifecycle import approval
from jobs.lifecycle import review as reviews
from jobs.models import Client, Delivery, Job, Review
from tests.emulators.slack import TOKEN, SlackEmulator
from tests.jobs.conftest import done, job, message_result, planned, sending

__all__ = ["job", "planned"]

pytestmark = pytest.mark.django_db

CHANNEL = "C0CLIENT1"


@pytest.fixture(autouse=True)
def shared(slack: SlackEmulator, settings: Any, trattoria: Client) -> SlackEmulator:
    """A workspace with a channel that is shared with the client."""
    slack.add_channel(CHANNEL).shared = True
    options = {"token": TOKEN, "inbox": "C1", "base_url": slack.base_url}
    settings.TARGETS = {**settings.TARGETS, "slack_connect": options}
    settings.CHANNELS_BY = "slack_connect"
    settings.UNDO_CLIENT = datetime.timedelta(seconds=30)
    Client.objects.update(slack_channel=CHANNEL)
    trattoria.refresh_from_db()
    workers._target.cache_clear()
    return slack


@pytest.fixture
def message(shared: SlackEmulator, planned: Callable[..., Job]) -> Review:
    """What the communication agent wrote for the client."""
    planned()
    done(message_result("Hello *Marta*", "Your menu"))
    return Review.objects.get()


def approved(message: Review, owner: User) -> Delivery:
    """Its undo window over, and claimed."""
    reviews.approve(message, by=owner, version=message.version, digest=message.digest)
    Delivery.objects.update(ready_at=timezone.now())
    return sending()


def carried_out(delivery: Delivery) -> Delivery:
    workers.carry_out(delivery, pool.Pulse("deliveries"))
    delivery.refresh_from_db()
    return delivery


def test_it_waits_for_a_person_and_says_which_channel(message: Review, shared: SlackEmulator, owner: User) -> None:
    row = Delivery.objects.get()
    assert (row.state, row.target, row.fields["to"]) == ("held", "slack_connect", [CHANNEL])
    assert message.consequence == f"Posts to the client's Slack channel {CHANNEL}"
    (effect,) = preview(message, [row]).effects
    assert (effect.to, effect.where, effect.digest) == ([CHANNEL], "slack_connect", message.digest)
    assert effect.after == datetime.timedelta(seconds=30)
    leaves_at = reviews.approve(message, by=owner, version=1, digest=message.digest)
    assert leaves_at
    assert leaves_at > timezone.now()
    reviews.undo(message, by=owner)
    assert Delivery.objects.get().state == "held"
    assert not shared.journal


def test_once_approved_exactly_that_is_posted(message: Review, shared: SlackEmulator, owner: User) -> None:
    delivery = carried_out(approved(message, owner))
    (post,) = shared.posts(CHANNEL)
    assert (delivery.state, delivery.external_id) == ("delivered", f"{CHANNEL}:{post['ts']}")
    said = [one.get("text") for part in post["blocks"][0]["elements"] for one in part["elements"]]
    assert said == ["Your menu", "\n", "Hello ", "Marta"]
    assert post["metadata"]["event_payload"] == {"key": delivery.key}
    assert Job.objects.get().state == "completed"


@pytest.mark.parametrize(
    "change",
    [
        {"fields": {"subject": "Your menu", "to": ["C0MALLORY"]}},
        {"fields": {"subject": "Your account", "to": [CHANNEL]}},
        {"target": "mail"},
        {"files": []},
    ],
    ids=["channel", "subject", "target", "files"],
)
def test_an_altered_row_does_not_leave(
    message: Review, shared: SlackEmulator, owner: User, change: dict[str, Any]
) -> None:
    shared.add_channel("C0MALLORY")
    delivery = approved(message, owner)
    Delivery.objects.filter(pk=delivery.pk).update(**change)
    assert carried_out(delivery).state == "failed"
    assert not shared.journal


def test_a_channel_that_was_taken_from_the_client_gets_nothing(
    message: Review, shared: SlackEmulator, owner: User
) -> None:
    delivery = approved(message, owner)
    Client.objects.update(slack_channel="C0CLIENT2")
    assert carried_out(delivery).state == "held"
    message.refresh_from_db()
    assert message.state == "open"
    assert "no address of the client any more" in message.payload["reopened"]
    with pytest.raises(reviews.NotAllowed):
        reviews.approve(message, by=owner, version=message.version, digest=message.digest)
    assert not shared.journal


def test_a_lost_answer_is_looked_up_and_never_posted_twice(
    message: Review, shared: SlackEmulator, owner: User
) -> None:
    shared.fault("chat.postMessage", "lost")
    delivery = carried_out(approved(message, owner))
    assert delivery.state == "unknown"
    assert carried_out(delivery).state == "delivered"
    assert len(shared.posts(CHANNEL)) == 1


def test_a_double_in_a_channel_is_told_and_left_to_a_person(
    message: Review, shared: SlackEmulator, owner: User, settings: Any
) -> None:
    # The folder holds what other tests left there.
    settings.TARGETS = {"slack_connect": settings.TARGETS["slack_connect"]}
    delivery = carried_out(approved(message, owner))
    (post,) = shared.posts(CHANNEL)
    shared.channels[CHANNEL].messages.append({**post, "ts": f"{float(post['ts']) + 1:.6f}"})
    reconciler.look()
    item = Review.objects.get(kind="alarm")
    assert (item.about, item.payload["found"][0]["key"]) == ("slack_connect", delivery.key)
    assert len(shared.posts(CHANNEL)) == 2, "what a client may have read is not taken away"


def test_what_the_channel_cannot_take_whole_is_told_before_it_is_approved(
    message: Review, shared: SlackEmulator, owner: User, client: Browser
) -> None:
    assert policy.CHANNEL_CHARS == connect.MAX_CHARS
    client.force_login(owner)
    for size, is_taken in ((policy.CHANNEL_CHARS - len("Your menu") - 1, True), (policy.CHANNEL_CHARS, False)):
        message = reviews.edit(message, by=owner, version=message.version, text="x" * size)
        page = client.get(f"/inbox/{message.pk}/").content.decode()
        assert ("longer than the 12,000 characters" not in page) is is_taken
    with pytest.raises(reviews.NotAllowed, match="shorten it"):
        reviews.approve(message, by=owner, version=message.version, digest=message.digest)
    assert "Edit" in page
    assert not shared.journal


def test_an_attachment_is_told_before_it_is_approved(message: Review, owner: User) -> None:
    row = Delivery.objects.get()
    row.files = [*row.files, {**row.files[0], "name": "plan.md"}]
    assert "takes no attachments" in approval.too_much(row)
    row.target = "mail"
    assert approval.too_much(row) == ""
