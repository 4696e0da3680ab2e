"""What django-q2 may call here: compare what bears our mark at each target with our own rows.

Runs after every start and hourly. A target takes part by offering `Listing`; one that is `Withdrawing` has doubles
taken away.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from integrations import registry
from integrations.contracts import CannotTell, DeliveryError, Listing, Marked, OutcomeUnknown, Withdrawing
from jobs.lifecycle import breaker, reconciliation
from jobs.lifecycle.reconciliation import Found, Oddity

# Longer than any backup that is restored in a hurry is old.
WINDOW = timedelta(days=7)

log = logging.getLogger(__name__)


def look() -> int:
    """Compare every target that can be listed; return how many things a person has to look at."""
    return sum(_look(name) for name in settings.TARGETS if not breaker.is_open(name))


def _look(name: str) -> int:
    try:
        target = registry.target(name, settings.TARGETS[name])
        if not isinstance(target, Listing):
            return 0
        marked = target.listing(timezone.now() - WINDOW)
    except CannotTell:
        return 0
    except (DeliveryError, OutcomeUnknown, registry.BrokenProvider) as error:
        log.warning("what is at %s cannot be compared: %s", name, error)
        return 0
    found = [Found(one.key, one.external_id, one.url) for one in marked]
    extra = reconciliation.doubles(found)
    left = [double for double in extra if not _withdraw(name, target, double)]
    odd = reconciliation.compare(name, [one for one in found if one not in extra])
    odd += [Oddity(one.key, one.external_id, one.url, "It is a double of another one.") for one in left]
    reconciliation.tell(name, odd)
    for one in odd:
        log.warning("%s: %s (%s): %s", name, one.external_id, one.key, one.what)
    return len(odd)


def _withdraw(name: str, target: Listing, double: Found) -> bool:
    if not isinstance(target, Withdrawing):
        return False
    try:
        target.withdraw(Marked(key=double.key, external_id=double.external_id, url=double.url))
    except (DeliveryError, OutcomeUnknown) as error:
        log.warning("a double at %s cannot be taken away: %s", name, error)
        return False
    reconciliation.withdrawn(name, double)
    log.warning("%s: %s, a double of %s, was taken away", name, double.external_id, double.key)
    return True
