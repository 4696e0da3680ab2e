"""Verbs of a Breaker: a target that is down is left in peace, what waits for it is parked, and one item says so.

It opens after policy.BREAKER_AFTER failures or unknowns without a success between, or for as long as the target
asked for (Retry-After). While it is open, queue.claim_probe lets one delivery at a time try; the first success
closes it, and everything goes on in its order. Locks, in this order: the item's job, the item, the breaker.
"""

import datetime
import random

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from jobs import dispatch, policy
from jobs.lifecycle import alarm
from jobs.lifecycle.job import lock, open_review
from jobs.lifecycle.moves import move
from jobs.models import Breaker, Delivery, Job, Review
from jobs.states import NEVER, DeliveryState, ReviewKind, ReviewState

_BY = "breaker"


def is_open(target: str) -> bool:
    """Whether the target is left in peace at this moment."""
    return Breaker.objects.filter(pk=target, until__isnull=False).exists()


def worked(target: str) -> None:
    """The target did what it was asked, or refused it clearly: whatever waits for it goes on."""
    row = Breaker.objects.filter(pk=target).first()
    if row is None or (row.until is None and not row.failures):
        return
    if row.until is None:
        Breaker.objects.filter(pk=target, until=None).update(failures=0)
    else:
        _close(target, why="It is back.")


def struggled(delivery: Delivery, *, reason: str, retry_after: float | None = None, at_once: bool = False) -> None:
    """The target did not do it, or nobody knows. `at_once`: it will take nothing from anybody as things are."""
    with transaction.atomic():
        row = _locked(delivery.target)
        is_probe = row.probe == delivery.pk
        if row.until is not None and not is_probe:
            # It was on its way when the breaker opened: that the target is down is known by now.
            return
        row.failures = max(row.failures + 1, policy.BREAKER_AFTER if at_once else 0)
        row.reason, row.probe = reason, None
        is_down = row.failures >= policy.BREAKER_AFTER
        if is_down or is_probe or retry_after is not None:
            pause = max(retry_after or 0, policy.probe_delay_seconds(row.failures) if is_down else 0)
            row.since = row.since or timezone.now()
            row.until = timezone.now() + datetime.timedelta(seconds=policy.spread(pause, random.random()))  # noqa: S311
            _park(delivery.target)
        if is_down:
            _tell(row, delivery)
        row.save()


def passed_on(delivery: Delivery) -> None:
    """A probe was called off or put off before it was tried: another one may go at once."""
    Breaker.objects.filter(pk=delivery.target, probe=delivery.pk).update(probe=None, until=timezone.now())


def try_now(target: str) -> None:
    """Do not wait for the pause: a person has mended something, and wants to see."""
    now = timezone.now()
    Breaker.objects.filter(pk=target, until__gt=now).update(until=now)
    dispatch.wake(dispatch.DELIVERIES)


def tidy() -> None:
    """Park what came due since, let go what was parked without need, close where nothing waits any more."""
    for target in Breaker.objects.filter(until__isnull=False).values_list("pk", flat=True):
        open_rows = Delivery.objects.filter(target=target, state__in=_ON_THE_WAY)
        if not open_rows.exclude(state=DeliveryState.UNKNOWN, ready_at=NEVER).exists():
            _close(target, why="Nothing waits for it any more.")
            continue
        with transaction.atomic():
            if _locked(target).until is not None:
                _park(target)
    peace = Breaker.objects.filter(target=OuterRef("target"), until__isnull=False)
    forgotten = Delivery.objects.filter(~Exists(peace), state=DeliveryState.PENDING, ready_at=NEVER)
    if forgotten.exists():
        _release(forgotten)


_ON_THE_WAY = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNKNOWN)


def _close(target: str, *, why: str) -> None:
    with transaction.atomic():
        review = Review.objects.filter(pk__in=Breaker.objects.filter(pk=target).values("review")).first()
        if review:
            lock(review.job_id)
            review = Review.objects.select_for_update(of=("self",)).get(pk=review.pk)
        row = _locked(target)
        row.failures, row.until, row.since, row.probe, row.reason, row.review = 0, None, None, None, "", None
        row.save()
        if review and review.state == ReviewState.OPEN:
            move(
                review,
                ReviewState.SUPERSEDED,
                event="review.superseded",
                by=_BY,
                note=why,
                decided_at=timezone.now(),
            )
        if _release(Delivery.objects.filter(target=target)):
            dispatch.wake(dispatch.DELIVERIES)


def _locked(target: str) -> Breaker:
    Breaker.objects.bulk_create([Breaker(target=target)], ignore_conflicts=True)
    return Breaker.objects.select_for_update(of=("self",)).get(pk=target)


def _park(target: str) -> None:
    """What is due is out of every claim's sight; what is still held for an undo, or for later, comes here then."""
    due = Delivery.objects.filter(target=target, state=DeliveryState.PENDING, ready_at__lte=Now())
    due.update(ready_at=NEVER, reason=f"It waits until {target} works again.")


def _release(rows: QuerySet[Delivery]) -> int:
    """Everything parked among these is due at once, and claimed in the order of all: urgent, then oldest."""
    parked = rows.filter(state=DeliveryState.PENDING, ready_at=NEVER)
    return parked.update(ready_at=timezone.now(), reason="")


def _tell(row: Breaker, delivery: Delivery) -> None:
    """One item for all that waits. Where its job ended before the target was back, another one takes its place."""
    if row.review is not None and row.review.state != ReviewState.SUPERSEDED:
        return
    if job := _job_of(delivery):
        row.review = open_review(job, ReviewKind.ALARM, **alarm.down(row.target, row.reason))


def _job_of(delivery: Delivery) -> Job | None:
    """Where the item stands: at the delivery's job; of a notice, at one that waits too, else at the latest."""
    if delivery.job:
        return delivery.job
    waiting = Delivery.objects.filter(target=delivery.target, state__in=_ON_THE_WAY, job__isnull=False)
    row = waiting.select_related("job").order_by("id").first()
    return row.job if row else Job.objects.order_by("-id").first()
