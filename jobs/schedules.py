"""Cron slots: pure functions of a rule and two moments."""

import datetime
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter

# A scheduler that was away for longer looks back no further than this many slots of one rule.
MAX_SLOTS = 500


class BadSchedule(ValueError):
    """A cron expression or time zone that cannot be read; the message says what to write."""


def check(cron: str, timezone: str) -> str:
    """The rule as a sentence; raises BadSchedule."""
    _zone(timezone)
    if not croniter.is_valid(cron):
        raise BadSchedule(f"{cron!r} is no cron expression: write five fields, such as 30 6 * * 1-5.")
    return f"at {cron} in {timezone}"


def slots(
    cron: str, timezone: str, *, after: datetime.datetime, until: datetime.datetime
) -> list[datetime.datetime]:
    """The slots in (after, until], oldest first, in UTC; the newest MAX_SLOTS of them. Raises BadSchedule."""
    check(cron, timezone)
    found = list(_walk(cron, _zone(timezone), after, until))
    return found[-MAX_SLOTS:]


def _walk(
    cron: str, zone: ZoneInfo, after: datetime.datetime, until: datetime.datetime
) -> Iterator[datetime.datetime]:
    # croniter walks the wall clock of the zone, so that 6:30 stays 6:30 over a clock change.
    walker = croniter(cron, after.astimezone(zone))
    previous = after
    while True:
        slot: datetime.datetime = walker.get_next(datetime.datetime).astimezone(datetime.UTC)
        if slot > until:
            return
        # An hour that the clock goes through twice is one slot.
        if slot > previous:
            yield slot
            previous = slot


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadSchedule(f"{name!r} is no time zone: write a name such as Europe/Berlin.") from error
