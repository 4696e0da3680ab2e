"""A message that came back raises one item at its job."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import transaction

from jobs.lifecycle import notice, returned
from jobs.lifecycle.returned import Returned
from jobs.models import Delivery, Event, Job, Review
from tests.jobs.conftest import done, message_result

pytestmark = pytest.mark.django_db

GONE = Returned(message_id="<abc@studio.example>", job="", recipient="gone@example.com", why="5.1.1 User unknown")


@pytest.fixture
def sent(planned: Callable[..., Job]) -> Delivery:
    """A message that was sent."""
    planned()
    done(message_result(subject="Autumn menu"))
    row = Delivery.objects.get(kind="client_message")
    Delivery.objects.filter(pk=row.pk).update_state(
        state="delivered", external_id=GONE.message_id, approved_digest=row.digest
    )
    return row


def test_it_is_told_once_at_the_job_of_the_message(sent: Delivery) -> None:
    item = returned.take(GONE, by="mail")
    assert item
    assert (item.kind, item.job_id, item.title) == ("alarm", sent.job_id, "A mail to gone@example.com came back")
    assert "“Autumn menu” to gone@example.com came back: 5.1.1 User unknown" in item.payload["cause"]
    assert returned.take(GONE, by="mail") is None
    assert Review.objects.filter(kind="alarm").count() == 1
    assert [line.data["reason"] for line in Event.objects.filter(name="delivery.returned")] == [GONE.why] * 2


def test_it_is_found_by_the_address_of_its_job_too(sent: Delivery) -> None:
    assert sent.job
    other = Returned(message_id="<else@x>", job=str(sent.job.uid), recipient="", why="")
    item = returned.take(other, by="mail")
    assert item
    assert item.payload["delivery"] == sent.pk
    assert "no reason is given" in item.payload["cause"]


def test_the_desks_own_mail_has_an_item_of_its_own_and_no_second_while_that_is_open() -> None:
    with transaction.atomic():
        told = [notice.enter("owner", key=f"digest:owner:{day}") for day in (1, 2)]
    for number, row in enumerate(told):
        Delivery.objects.filter(pk=row.pk).update_state(state="delivered", external_id=f"<{number}@desk>")
    first = replace(GONE, message_id="<0@desk>", recipient="me@example.com")
    item = returned.take(first, by="mail")
    assert item
    assert (item.job, item.about) == (None, "owner")
    assert item.title == "Nightdesk's own mail to me@example.com came back"
    assert returned.take(replace(first, message_id="<1@desk>"), by="mail") is None, "the alarm is mailed, too"
    Review.objects.filter(pk=item.pk).update_state(state="answered")
    assert returned.take(replace(first, message_id="<1@desk>"), by="mail"), "it still comes back"


@pytest.mark.parametrize("uid", ["", "3f2a9c1e-0000-4000-8000-000000000001"])
def test_what_was_never_sent_from_here_is_nobodys(sent: Delivery, uid: str) -> None:
    assert returned.take(Returned("<else@x>", uid, "gone@example.com", ""), by="mail") is None
    Delivery.objects.filter(pk=sent.pk).update_state(state="cancelled")
    assert returned.take(GONE, by="mail") is None
    assert not Review.objects.filter(kind="alarm").exists()
