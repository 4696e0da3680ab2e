"""Which of several effects with one key is the one to keep."""

from collections.abc import Callable

import pytest

from jobs.lifecycle import reconciliation
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


def test_the_same_seen_twice_is_no_double() -> None:
    assert reconciliation.doubles([Found("a", "1"), Found("a", "1")]) == []


def test_what_is_to_be_delivered_and_is_there_finds_itself(document: Delivery) -> None:
    assert reconciliation.compare("folder", [Found(document.key, "1")]) == []


def test_another_targets_key_is_nobodys_here(document: Delivery) -> None:
    (odd,) = reconciliation.compare("git", [Found(document.key, "1")])
    assert "no delivery of ours has its key" in odd.what


def test_without_any_job_there_is_no_item() -> None:
    odd = reconciliation.compare("folder", [Found("gone:1:0:1", "1")])
    assert reconciliation.tell("folder", odd) is None
    assert not Review.objects.exists()
