"""Verbs of a Breaker: a target that is down is left in peace, what waits for it is parked, and one item says so.

It opens after policy.BREAKER_AFTER failures or unknowns without a success between, or for as long as the target
asked for (Retry-After). While it is open, queue.claim_probe lets one delivery at a time try; the first success
closes it, and everything goes on in its order. Locks, in this order: the item, the breaker.
"""

import datetime
import random

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import dispatch, policy
from jobs.lifecycle import alarm, desk
from jobs.models import Breaker, Delivery, Event, Review
from jobs.states import NEVER, DeliveryState

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
        _close(target, why=_("It is back."))


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


def works_for_others(delivery: Delivery) -> bool:
    """Whether the target did something for another one since it last refused this one: the fault is this one's."""
    since = Event.objects.filter(name="delivery.given_back", at__gte=delivery.created_at)
    told = since.filter(noun="delivery", row=delivery.pk).order_by("-at").first()
    if told is None:
        return False
    made = Delivery.objects.filter(target=delivery.target, state=DeliveryState.DELIVERED)
    return made.filter(delivered_at__gt=told.at).exists()


def passed_on(delivery: Delivery) -> None:
    """A probe was called off or put off before it was tried: another one may go at once."""
    Breaker.objects.filter(pk=delivery.target, probe=delivery.pk).update(probe=None, until=timezone.now())


def try_now(target: str) -> None:
    """Do not wait for the pause: a person has mended something, and wants to see."""
    now = timezone.now()
    Breaker.objects.filter(pk=target, until__gt=now).update(until=now)
    dispatch.wake(dispatch.DELIVERIES)


def tidy() -> None:
    """Park what came due since, let go what was parked or lost, close where nothing waits any more."""
    _let_go_of_lost_probes()
    for target in Breaker.objects.filter(until__isnull=False).values_list("pk", flat=True):
        open_rows = Delivery.objects.filter(target=target, state__in=_ON_THE_WAY)
        if not open_rows.exclude(state=DeliveryState.UNKNOWN, ready_at=NEVER).exists():
            _close(target, why=_("Nothing waits for it any more."))
            continue
        with transaction.atomic():
            if _locked(target).until is not None:
                _park(target)
    peace = Breaker.objects.filter(target=OuterRef("target"), until__isnull=False)
    forgotten = Delivery.objects.filter(~Exists(peace), state=DeliveryState.PENDING, ready_at=NEVER)
    if forgotten.exists():
        _release(forgotten)


def _let_go_of_lost_probes() -> None:
    """A probe whose process died says nothing: another one may go at once, not only after its lease."""
    held = Q(state=DeliveryState.SENDING) | Q(state=DeliveryState.UNKNOWN, lease_until__isnull=False)
    tried = Delivery.objects.filter(held, pk=OuterRef("probe"))
    lost = Breaker.objects.filter(~Exists(tried), until__isnull=False, probe__isnull=False)
    # Not the database's Now(): SQLite writes that with fewer digits, and a claim compares to the last one.
    lost.update(probe=None, until=timezone.now())


_ON_THE_WAY = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNKNOWN)


def _close(target: str, *, why: str) -> None:
    with transaction.atomic():
        review = Review.objects.filter(pk__in=Breaker.objects.filter(pk=target).values("review")).first()
        if review:
            desk.take_back(review, by=_BY, note=why)
        row = _locked(target)
        if row.review and row.review != review:
            # It went down again meanwhile: what is known of it by now is newer than what closes it here.
            return
        row.failures, row.until, row.since, row.probe, row.reason, row.review = 0, None, None, None, "", None
        row.save()
        if _release(Delivery.objects.filter(target=target)):
            dispatch.wake(dispatch.DELIVERIES)


def _locked(target: str) -> Breaker:
    Breaker.objects.bulk_create([Breaker(target=target)], ignore_conflicts=True)
    return Breaker.objects.select_for_update(of=("self",)).get(pk=target)


def _park(target: str) -> None:
    """What is due is out of every claim's sight; what is still held for an undo, or for later, comes here then."""
    due = Delivery.objects.filter(target=target, state=DeliveryState.PENDING, ready_at__lte=Now())
    due.update(ready_at=NEVER, reason=_("It waits until %(target)s works again.") % {"target": target})


def _release(rows: QuerySet[Delivery]) -> int:
    """Everything parked among these is due at once, and claimed in the order of all: urgent, then oldest."""
    parked = rows.filter(state=DeliveryState.PENDING, ready_at=NEVER)
    return parked.update(ready_at=timezone.now(), reason="")


def _tell(row: Breaker, delivery: Delivery) -> None:
    """One item for all that waits, as urgent as what found it out."""
    if row.review is None:
        row.review = desk.raise_item(alarm.down(row.target, row.reason), priority=delivery.priority)
