"""Verbs of a place that work comes from: one that stays away raises one item, which closes when it is back."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs.lifecycle import alarm, desk
from jobs.models import Breaker, Review

# Servers are started anew, and lines break: that is nobody's business for so long.
PATIENCE = datetime.timedelta(minutes=15)
# Who is refused comes again after these pauses, and from then on after the last: a server shuts out who goes on.
_PAUSES = (1, 2, 4, 8, 15)
_BY = "absence"


def away(place: str, *, reason: str, for_good: bool = False) -> Review | None:
    """It could not be reached; `for_good`: time alone will not help. Returns the item, if this raised one.

    Whoever was refused for good asks `next_try` before trying again.
    """
    now = timezone.now()
    with transaction.atomic():
        row = _locked(place)
        row.since, row.reason = row.since or now, reason
        row.failures = _steps(now - row.since) if for_good else 0
        is_told = row.review is not None
        if not is_told and (for_good or now - row.since >= PATIENCE):
            row.review = desk.raise_item(alarm.away(place, reason=reason, since=row.since))
        row.save()
        return None if is_told else row.review


def back(place: str) -> None:
    """It was reached."""
    if not Breaker.objects.filter(pk=place, since__isnull=False).exists():
        return
    with transaction.atomic():
        row = _locked(place)
        if row.review:
            desk.take_back(row.review, by=_BY, note=_("It is back."))
        row.since, row.reason, row.review, row.failures = None, "", None, 0
        row.save()


def next_try(place: str) -> datetime.datetime | None:
    """Before when it is not to be asked again; None if it may be now."""
    row = Breaker.objects.filter(pk=place, since__isnull=False, failures__gt=0).first()
    if row is None or row.since is None:
        return None
    moment = row.since + _after(row.failures)
    return moment if moment > timezone.now() else None


def try_now(place: str) -> None:
    """It may be asked at once: its settings may be others."""
    Breaker.objects.filter(pk=place).update(failures=0)


def _after(steps: int) -> datetime.timedelta:
    """The time of so many pauses together."""
    whole = _PAUSES[:steps]
    return datetime.timedelta(minutes=sum(whole) + _PAUSES[-1] * (steps - len(whole)))


def _steps(gone: datetime.timedelta) -> int:
    """The pauses until the next try, when so much time is gone since the first."""
    steps = 1
    while _after(steps) <= gone:
        steps += 1
    return steps


def _locked(place: str) -> Breaker:
    """Its row: nothing is delivered there, so that it never opens as a target's does."""
    Breaker.objects.bulk_create([Breaker(target=place)], ignore_conflicts=True)
    return Breaker.objects.select_for_update(of=("self",)).get(pk=place)
