"""Cron slots: pure functions of a rule and two moments."""

import datetime
from collections import deque
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterBadDateError, croniter

# A scheduler that was away for longer looks back no further than this many slots of one rule.
MAX_SLOTS = 500


class BadSchedule(ValueError):
    """A cron expression or time zone that cannot be read; the message says what to write."""


def check(cron: str, timezone: str) -> str:
    """The rule as a sentence; raises BadSchedule."""
    zone = _zone(timezone)
    # Owners write rules as JSON: any type may stand here. croniter's sixth field would be seconds.
    if not isinstance(cron, str) or len(cron.split()) != 5 or not croniter.is_valid(cron):
        raise BadSchedule(f"{cron!r} is no cron expression: write five fields, such as 30 6 * * 1-5.")
    try:
        croniter(cron, datetime.datetime.now(zone)).get_next()
    except CroniterBadDateError as error:
        raise BadSchedule(f"{cron!r} never comes: no year has such a day.") from error
    return f"at {cron} in {timezone}"


def slots(
    cron: str, timezone: str, *, after: datetime.datetime, until: datetime.datetime
) -> list[datetime.datetime]:
    """The slots in (after, until], oldest first, in UTC; the newest MAX_SLOTS of them. Raises BadSchedule."""
    check(cron, timezone)
    return list(deque(_walk(cron, _zone(timezone), after, until), maxlen=MAX_SLOTS))


def _walk(
    cron: str, zone: ZoneInfo, after: datetime.datetime, until: datetime.datetime
) -> Iterator[datetime.datetime]:
    # croniter walks the wall clock of the zone, so that 6:30 stays 6:30 over a clock change.
    walker = croniter(cron, after.astimezone(zone))
    is_hourly = cron.split()[1].startswith("*")
    while True:
        slot: datetime.datetime = walker.get_next(datetime.datetime)
        if slot > until:
            return
        # In an hour that the clock goes through twice, a rule that names its hour has its slot the first time.
        if slot > after and (is_hourly or not slot.fold):
            yield slot.astimezone(datetime.UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise BadSchedule(f"{name!r} is no time zone: write a name such as Europe/Berlin.") from error
