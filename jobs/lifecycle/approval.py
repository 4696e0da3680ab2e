"""What may leave: the digest that binds an approval to bytes, and its last check by the process that sends.

Between the decision and the sending lie the undo window, a target that is down, a restart, perhaps a day. So
nothing is taken on trust: the row, the decision and the person are read again right before the call.
"""

import datetime

from django.contrib.auth.models import User
from django.utils import timezone

from jobs import policy
from jobs.lifecycle.digest import digest_of
from jobs.models import Delivery, Review
from jobs.states import ReviewState

# What was approved yesterday may be wrong today: it is asked again.
LASTS = datetime.timedelta(hours=24)


class Altered(Exception):
    """What would leave is not what was decided on; the message says in what. It must not be sent."""


class Lapsed(Exception):
    """The approval does not stand any more; the message says why. A person has to give it again."""


def check(delivery: Delivery) -> None:
    """Return if exactly this may leave now; raises Altered or Lapsed. The bytes of its files are checked apart."""
    row = Delivery.objects.select_related("review__decided_by").get(pk=delivery.pk)
    if not row.digest:
        return  # a notice, which is made at the moment of sending
    if not (is_whole(row) and is_whole(delivery) and row.digest == delivery.digest):
        raise Altered("It was changed after it was made: where to, to whom or what is not what its digest says.")
    if policy.gate(row.kind):
        _check_decision(row, row.review)


def is_whole(row: Delivery) -> bool:
    """Whether the row is what its digest says."""
    return row.digest == digest_of(target=row.target, kind=row.kind, fields=row.fields, files=row.files)


def may_decide(user: User) -> bool:
    """Whether the person's decisions count. One whose account was closed takes what has not left along."""
    return user.is_active


def _check_decision(row: Delivery, review: Review | None) -> None:
    if review is None or review.state != ReviewState.APPROVED:
        raise Altered("Nobody approved this.")
    if not row.digest == row.approved_digest == review.digest:
        raise Altered("What was approved had another digest.")
    if review.decided_by is None or review.decided_at is None:
        raise Altered("The approval names no person.")
    if not may_decide(review.decided_by):
        raise Lapsed(f"{review.decided_by.username}, who approved it, may not decide any more.")
    if timezone.now() - review.decided_at > LASTS:
        hours = int(LASTS.total_seconds() // 3600)
        raise Lapsed(f"It was approved more than {hours} hours ago and has not left since.")
