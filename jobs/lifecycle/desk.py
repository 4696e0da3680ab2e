"""Verbs of items about the desk itself: a target that is down, a mailbox that stays away, money that is used up.

They stand at no job, so that none ends with one. Whoever raised one takes it back when what it told of is over.
"""

from typing import Any

from django.utils import timezone

from jobs.lifecycle.item import open_review
from jobs.lifecycle.moves import move
from jobs.models import Review
from jobs.states import Priority, ReviewKind, ReviewState


def raise_item(columns: dict[str, Any], *, priority: int = Priority.INTERNAL) -> Review:
    """Add an alarm, in the words of `lifecycle.alarm`, to the inbox. Inside a transaction."""
    return open_review(None, ReviewKind.ALARM, priority=priority, **columns)


def take_back(item: Review, *, by: str, note: str) -> None:
    """What it told of is over; where a person has decided it, that stays. Inside a transaction."""
    item = Review.objects.select_for_update(of=("self",)).get(pk=item.pk)
    if item.state == ReviewState.OPEN:
        now = timezone.now()
        move(item, ReviewState.SUPERSEDED, event="review.superseded", by=by, note=note, decided_at=now)
