"""A schedule's rule and its slots: pure functions of a rule and two moments."""

import datetime
import hashlib
import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterBadDateError, croniter

from jobs import phrases

# The source of receipts and rules that the clock brings.
SOURCE = "schedule"
# A scheduler that was away for longer looks back no further than this many slots of one rule.
MAX_SLOTS = 500
# Ticks come every minute: what opens within this is on time.
GRACE = datetime.timedelta(minutes=5)
MAX_JITTER_SECONDS = 3_600

OVERLAP = {
    "allow": "runs may overlap",
    "skip": "a slot is skipped while the run before is at work",
    "queue": "a slot waits until the run before is done",
}
CATCH_UP = {
    "latest": "of missed slots the latest is caught up",
    "none": "missed slots are not caught up",
    "all": "every missed slot is caught up",
}
# What says when: a change of these makes the rule a new one, that does not look back.
TIMING = ("cron", "when", "timezone")


class BadSchedule(ValueError):
    """Conditions that cannot be read; the message says what to write."""


@dataclass(frozen=True)
class Rule:
    """When a schedule has its slots, and what becomes of those that overlap or were missed."""

    cron: str
    timezone: str = "UTC"
    when: str = ""  # the phrase that the cron expression was made from
    overlap: str = "allow"
    catch_up: str = "latest"
    jitter: int = 0  # seconds, at most

    def __str__(self) -> str:
        """The rule as a sentence."""
        when = f"{self.when} ({self.cron})" if self.when else f"at {self.cron}"
        spread = f", up to {self.jitter} s later" if self.jitter else ""
        return f"{when} in {self.timezone}{spread}; {CATCH_UP[self.catch_up]}; {OVERLAP[self.overlap]}"

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose wall clock the rule follows."""
        return ZoneInfo(self.timezone)

    def slots(self, *, after: datetime.datetime, until: datetime.datetime) -> list[datetime.datetime]:
        """The slots in (after, until], oldest first, in UTC; the newest MAX_SLOTS of them."""
        found = itertools.takewhile(lambda slot: slot <= until, self._walk(after))
        return list(deque(found, maxlen=MAX_SLOTS))

    def following(self, after: datetime.datetime, number: int) -> list[datetime.datetime]:
        """The next slots after a moment, in UTC."""
        return list(itertools.islice(self._walk(after), number))

    def opens_at(self, slot: datetime.datetime, key: str) -> datetime.datetime:
        """When the slot opens: later by its jitter, which is the same whoever asks and however often."""
        digest = hashlib.sha256(f"{key}:{slot.isoformat()}".encode()).digest()
        return slot + datetime.timedelta(seconds=int.from_bytes(digest[:8]) % (self.jitter + 1))

    def _walk(self, after: datetime.datetime) -> Iterator[datetime.datetime]:
        # croniter walks the wall clock of the zone, so that 6:30 stays 6:30 over a clock change.
        walker = croniter(self.cron, after.astimezone(self.zone))
        is_hourly = self.cron.split()[1].startswith("*")
        while True:
            slot: datetime.datetime = walker.get_next(datetime.datetime)
            # In an hour that the clock goes through twice, a rule that names its hour has its slot the first time.
            if slot > after and (is_hourly or not slot.fold):
                yield slot.astimezone(datetime.UTC)


def read(conditions: Any) -> Rule:
    """The rule that a trigger's conditions state. Raises BadSchedule."""
    # Owners write conditions as JSON: any type may stand anywhere in them.
    if not isinstance(conditions, dict):
        raise BadSchedule('Write a JSON object, such as {"when": "every weekday at 6:30"}.')
    known = [field.name for field in fields(Rule)]
    if unknown := set(conditions) - set(known):
        raise BadSchedule(f"A schedule has {', '.join(known)}, not {', '.join(sorted(map(str, unknown)))}.")
    rule = Rule(
        cron=_cron(conditions),
        timezone=_timezone(conditions.get("timezone", "UTC")),
        when=conditions.get("when") or "",
        overlap=_one_of("overlap", conditions.get("overlap", "allow"), OVERLAP),
        catch_up=_one_of("catch_up", conditions.get("catch_up", "latest"), CATCH_UP),
        jitter=_jitter(conditions.get("jitter", 0)),
    )
    try:
        rule.following(datetime.datetime.now(datetime.UTC), 1)
    except CroniterBadDateError as error:
        raise BadSchedule(f"{rule.cron!r} never comes: no year has such a day.") from error
    return rule


def label(slot: datetime.datetime, conditions: Any) -> str:
    """A slot on its rule's wall clock, with the name of its zone; in UTC if the rule cannot be read."""
    try:
        zone = _timezone(conditions.get("timezone", "UTC")) if isinstance(conditions, dict) else "UTC"
    except BadSchedule:
        zone = "UTC"
    return f"{slot.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"


def span(length: datetime.timedelta) -> str:
    """A length of time as people say it: 3 h 5 min."""
    minutes = int(length.total_seconds() // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join(parts[:2]) or "less than a minute"


def timing(conditions: Any) -> list[Any]:
    """The part of the conditions that says when."""
    return [conditions.get(name) for name in TIMING] if isinstance(conditions, dict) else [conditions]


def _cron(conditions: dict[str, Any]) -> str:
    cron, when = conditions.get("cron", ""), conditions.get("when", "")
    if cron and when:
        raise BadSchedule("Write when (a phrase) or cron, not both.")
    if when:
        return _said(when)
    # croniter's sixth field would be seconds.
    if not isinstance(cron, str) or len(cron.split()) != 5 or not croniter.is_valid(cron):
        raise BadSchedule(
            f"{cron!r} is no cron expression: write five fields, such as 30 6 * * 1-5,"
            " or a phrase as when, such as “every weekday at 6:30”."
        )
    return cron


def _said(when: Any) -> str:
    if not isinstance(when, str):
        raise BadSchedule("Write when as a phrase, such as “every weekday at 6:30”.")
    try:
        return phrases.to_cron(when)
    except phrases.Unclear as error:
        raise BadSchedule(str(error)) from error


def _timezone(name: Any) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise BadSchedule(f"{name!r} is no time zone: write a name such as Europe/Berlin.") from error


def _one_of(name: str, value: Any, choices: dict[str, str]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise BadSchedule(f"{name} is one of {', '.join(choices)}, not {value!r}.")
    return value


def _jitter(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_JITTER_SECONDS:
        raise BadSchedule(f"jitter is a number of seconds from 0 to {MAX_JITTER_SECONDS}, not {value!r}.")
    return value
