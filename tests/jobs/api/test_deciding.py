"""From a call to a verb."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.exceptions import PermissionDenied

from jobs.api.deciding import decide
from jobs.lifecycle import review as reviews
from jobs.lifecycle import token as tokens
from jobs.models import Event, Review

pytestmark = pytest.mark.django_db


def test_a_decision_is_the_persons_through_the_token(message: Review, owner: User) -> None:
    token = tokens.make(name="n8n", user=owner, scopes=["reviews:decide"])
    decide(message, reviews.decline, by=token, version=1, digest=message.digest, reason="No.")
    message.refresh_from_db()
    assert (message.state, message.decided_by) == ("declined", owner)
    assert Event.objects.get(name="review.declined").actor == "api:n8n"


def test_the_row_under_the_lock_counts_and_not_the_one_at_hand(message: Review, owner: User) -> None:
    token = tokens.make(name="n8n", user=owner, scopes=["reviews:decide"])
    seen = Review.objects.get()
    reviews.edit(message, by=owner, version=1, text="Other words")
    with pytest.raises(reviews.Stale):
        decide(seen, reviews.approve, by=token, version=seen.version, digest=seen.digest)


def test_a_merge_needs_a_scope_of_its_own(merge: Review, owner: User) -> None:
    seen: dict[str, Any] = {"version": merge.version, "digest": merge.digest}
    decides = tokens.make(name="n8n", user=owner, scopes=["reviews:decide", "read"])
    with pytest.raises(PermissionDenied, match=r"needs the scope merge; the token has read, reviews:decide"):
        decide(merge, reviews.approve, by=decides, **seen)
    merge.refresh_from_db()
    assert merge.state == "open"
    decide(
        merge, reviews.approve, by=tokens.make(name="ci", user=owner, scopes=["reviews:decide", "merge"]), **seen
    )
    merge.refresh_from_db()
    assert merge.state == "approved"


def test_a_merge_is_declined_without_it(merge: Review, owner: User) -> None:
    token = tokens.make(name="n8n", user=owner, scopes=["reviews:decide"])
    decide(merge, reviews.decline, by=token, version=merge.version, digest=merge.digest, reason="No.")
    merge.refresh_from_db()
    assert merge.state == "declined"
