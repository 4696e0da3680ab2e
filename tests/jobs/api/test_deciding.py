"""From a call to a verb."""

import pytest
from django.contrib.auth.models import User

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
