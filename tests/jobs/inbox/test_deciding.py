"""From a posted form to a verb."""

import pytest
from django.contrib.auth.models import User

from jobs.inbox import deciding, forms
from jobs.lifecycle import review as reviews
from jobs.models import Client, Review
from tests.jobs.inbox.conftest import several

pytestmark = pytest.mark.django_db


def test_a_verb_gets_what_the_form_says(message: Review, owner: User) -> None:
    form = forms.Refusal({"version": 1, "reason": "No."})
    deciding.decide(message, form, reviews.decline, by=owner)
    message.refresh_from_db()
    assert (message.state, message.note, message.decided_by) == ("declined", "No.", owner)


def test_a_form_that_is_not_whole_calls_no_verb(message: Review, owner: User) -> None:
    form = forms.Revision({"version": "", "note": "Mine"})
    with pytest.raises(deciding.Refused, match="Nothing was done") as refused:
        deciding.decide(message, form, reviews.revise, by=owner)
    assert refused.value.form.words() == "Mine"


def test_a_verb_that_refuses_keeps_what_was_typed(message: Review, owner: User) -> None:
    form = forms.Revision({"version": 9, "note": "Mine"})
    with pytest.raises(deciding.Refused, match="was changed since") as refused:
        deciding.decide(message, form, reviews.revise, by=owner)
    assert refused.value.form.words() == "Mine"


def test_a_fault_is_no_refusal(message: Review, owner: User) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        deciding.decide(message, forms.Refusal({"version": 1}), broken, by=owner)


def test_the_next_item_is_the_one_after_it_and_the_first_after_the_last(trattoria: Client) -> None:
    first, second, third = several(trattoria, 3)
    assert deciding.next_after(first) == second
    assert deciding.next_after(third) == first


def test_after_the_last_item_there_is_none(message: Review) -> None:
    assert deciding.next_after(message) is None
