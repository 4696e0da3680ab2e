"""Which of several effects with one key is the one to keep."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from jobs import queries
from jobs.lifecycle import notice, reconciliation
from jobs.lifecycle.reconciliation import Found
from jobs.models import Delivery, Job, Review
from tests.jobs.conftest import document_result, done

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(planned: Callable[..., Job]) -> Delivery:
    """A document that is to be delivered."""
    planned()
    done(document_result())
    return Delivery.objects.get()


def test_of_several_unknown_here_the_oldest_stays() -> None:
    found = [Found("a", "1"), Found("b", "1"), Found("a", "2")]
    assert reconciliation.doubles(found) == [Found("a", "2")]


def test_of_several_the_one_that_is_known_here_stays(document: Delivery) -> None:
    Delivery.objects.update(external_id="2")
    found = [Found(document.key, external_id) for external_id in ("1", "2", "3")]
    assert [one.external_id for one in reconciliation.doubles(found)] == ["1", "3"]


def test_of_several_of_one_card_the_one_that_is_shown_stays(document: Delivery) -> None:
    with transaction.atomic():
        told = [notice.enter("slack", key=f"slack:job:1:{number}", card="job:1") for number in range(3)]
    landed = {told[0].pk: "C1:1", told[1].pk: "C1:2"}
    for pk, external_id in landed.items():
        Delivery.objects.filter(pk=pk).update_state(state="delivered", external_id=external_id)
    found = [Found(told[0].key, "C1:1"), Found(told[1].key, "C1:2"), Found(told[2].key, "C1:3")]
    assert [one.external_id for one in reconciliation.doubles(found)] == ["C1:1", "C1:3"]


def test_of_several_of_a_card_that_nothing_is_known_of_the_oldest_stays(document: Delivery) -> None:
    with transaction.atomic():
        told = [notice.enter("slack", key=f"slack:job:1:{number}", card="job:1") for number in range(2)]
    found = [Found(told[0].key, "C1:1"), Found(told[1].key, "C1:2")]
    assert [one.external_id for one in reconciliation.doubles(found)] == ["C1:2"]


def test_the_same_seen_twice_is_no_double() -> None:
    assert reconciliation.doubles([Found("a", "1"), Found("a", "1")]) == []


def test_what_is_to_be_delivered_and_is_there_finds_itself(document: Delivery) -> None:
    assert reconciliation.compare("folder", [Found(document.key, "1")]) == []


def test_another_targets_key_is_nobodys_here(document: Delivery) -> None:
    (odd,) = reconciliation.compare("git", [Found(document.key, "1")])
    assert "no delivery of ours has its key" in odd.what


def test_it_needs_no_job_to_stand_at() -> None:
    odd = reconciliation.compare("folder", [Found("gone:1:0:1", "1")])
    item = reconciliation.tell("folder", odd)
    assert item
    assert (item.job, item.about) == (None, "folder")
    assert reconciliation.tell("folder", []) is None
    item.refresh_from_db()
    assert item.state == "superseded"


def test_what_was_put_off_is_back_once_more_was_found() -> None:
    odd = reconciliation.compare("folder", [Found("gone:1:0:1", "1")])
    item = reconciliation.tell("folder", odd)
    Review.objects.update(snoozed_until=timezone.now() + timedelta(days=1))
    assert reconciliation.tell("folder", odd) == item
    assert not queries.awake(timezone.now()).exists(), "nothing new was found"
    more = reconciliation.compare("folder", [Found("more:1:0:1", "2")])
    assert reconciliation.tell("folder", [*odd, *more]) == item
    assert queries.awake(timezone.now()).get() == item
