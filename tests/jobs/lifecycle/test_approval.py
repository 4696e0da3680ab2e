"""The digest that binds an approval, and what it covers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from jobs.lifecycle import approval
from jobs.lifecycle.digest import digest_of
from jobs.models import Delivery, Job
from tests.jobs.conftest import document_result, done

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(planned: Callable[..., Job]) -> Delivery:
    """A document that is to be delivered."""
    planned()
    done(document_result())
    return Delivery.objects.get()


def test_what_waits_for_nobody_needs_no_decision_but_is_whole(document: Delivery) -> None:
    approval.check(document)
    Delivery.objects.update(target="git")
    with pytest.raises(approval.Altered):
        approval.check(document)


def test_what_is_in_hand_must_be_what_the_row_says(document: Delivery) -> None:
    document.fields = {"folder": "elsewhere"}
    with pytest.raises(approval.Altered):
        approval.check(document)


def test_the_order_of_fields_changes_nothing() -> None:
    def digest(fields: dict[str, Any]) -> str:
        return digest_of(target="mail", kind="client_message", fields=fields, files=[])

    assert digest({"to": ["a"], "subject": "s"}) == digest({"subject": "s", "to": ["a"]})


def test_a_person_whose_account_was_closed_decides_nothing(owner: User, stranger: User) -> None:
    assert approval.may_decide(owner)
    assert not approval.may_decide(stranger)
