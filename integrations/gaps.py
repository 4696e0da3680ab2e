"""What django-q2 may call here: ask providers for events that they could not deliver, and have them sent again.

A provider's own list of attempts is the only record: nothing is kept here but the Receipts of what came, and of
what was given up.
"""

import datetime
import logging
from typing import Any

from django.conf import settings
from django.utils import timezone

from integrations import registry
from integrations.contracts import DeliveryError, GapFinder, Undelivered
from jobs.lifecycle import intake

# As long as GitHub remembers.
WINDOW = datetime.timedelta(days=3)
# How long after its first, second, … attempt an event is asked for again; after the last it is given up.
_WAITS = [datetime.timedelta(minutes=minutes) for minutes in (1, 15, 60, 360)]
MAX_ATTEMPTS = len(_WAITS) + 1

log = logging.getLogger(__name__)


def find() -> int:
    """Have everything sent again that is missing and due; return how many that were."""
    return sum(_close(name, options) for name, options in settings.GAP_FINDERS.items())


def _close(name: str, options: dict[str, Any]) -> int:
    now, asked = timezone.now(), 0
    try:
        finder = registry.gap_finder(name, options)
        gaps = finder.undelivered(now - WINDOW)
        # It may have come although the answer was too late for the sender.
        here = intake.known(name, [gap.external_id for gap in gaps])
        for gap in gaps:
            if gap.external_id not in here:
                asked += _ask_again(finder, gap, now)
    except (DeliveryError, registry.BrokenProvider) as error:
        log.warning("missing events of %s cannot be asked for: %s", name, error)
    return asked


def _ask_again(finder: GapFinder, gap: Undelivered, now: datetime.datetime) -> bool:
    if gap.attempts >= MAX_ATTEMPTS:
        _give_up(finder.slug, gap)
        return False
    if now < gap.last_at + _WAITS[gap.attempts - 1]:
        return False
    try:
        finder.redeliver(gap)
    except DeliveryError as error:
        if not error.permanent:
            raise
        log.warning("%s %s cannot be asked for again: %s", finder.slug, gap.external_id, error)
        return False
    log.info("%s %s was asked for again after: %s", finder.slug, gap.external_id, gap.reason)
    return True


def _give_up(source: str, gap: Undelivered) -> None:
    """A Receipt of an event that never came, once: the list of what came in is where its owner looks for it."""
    reason = f"It could not be delivered, {gap.attempts} times; the last answer was: {gap.reason}"
    inbound = intake.Inbound(
        source=source,
        external_id=f"missed:{gap.external_id}",
        kind=gap.kind,
        body=b"",
        summary=f"Missed: {gap.kind}, {gap.last_at:%Y-%m-%d %H:%M} UTC",
        data={"missed": gap.external_id},
    )
    if intake.accept(inbound, [], problems={intake.EVERY_RULE: reason}).is_new:
        log.error("%s %s is given up: %s", source, gap.external_id, reason)
