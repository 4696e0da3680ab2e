"""Verbs on several items at once: each in its own transaction, so that one that refuses holds up no other."""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.contrib.auth.models import User

from jobs import policy
from jobs.lifecycle import review as reviews
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.models import Review
from jobs.states import ReviewKind

# An item, and the version of it that was on the page.
Seen = tuple[Review, int]


@dataclass
class Outcome:
    """How many were done, and those that were left: each has to be looked at by itself."""

    done: int = 0
    left: list[Review] = field(default_factory=list)


def approve(items: Iterable[Seen], *, by: User) -> Outcome:
    """Say yes to every safe item: a failure starts again, an alarm is noted. Others are left as they are."""

    def yes(review: Review, version: int) -> None:
        if not policy.is_safe(review.kind, review.payload):
            raise reviews.NotAllowed("It is decided by itself.")
        verb = reviews.acknowledge if review.kind == ReviewKind.ALARM else reviews.retry
        verb(review, by=by, version=version)

    return _each(items, yes)


def snooze(items: Iterable[Seen], *, by: User, until: datetime.datetime) -> Outcome:
    """Put them all off until then, of whatever kind they are."""
    return _each(items, lambda review, version: reviews.snooze(review, by=by, version=version, until=until))


def _each(items: Iterable[Seen], verb: Callable[[Review, int], None]) -> Outcome:
    outcome = Outcome()
    for review, version in items:
        try:
            verb(review, version)
            outcome.done += 1
        except (reviews.Stale, reviews.NotAllowed, LostRace, IllegalMove):
            outcome.left.append(review)
    return outcome
