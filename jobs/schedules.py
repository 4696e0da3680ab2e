"""A schedule's rule and its slots: pure functions of a rule and two moments."""

import datetime
import hashlib
import itertools
import json
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from croniter import CroniterBadDateError, croniter
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from jobs import phrases

# The source of receipts and rules that the clock brings.
SOURCE = "schedule"
# A scheduler that was away for longer looks back no further than this many slots of one rule.
MAX_SLOTS = 500
# Ticks come every minute: what opens within this is on time.
GRACE = datetime.timedelta(minutes=5)
MAX_JITTER_SECONDS = 3_600

OVERLAP: dict[str, Any] = {
    "allow": gettext_lazy("runs may overlap"),
    "skip": gettext_lazy("a slot is skipped while the run before is at work"),
    "queue": gettext_lazy("a slot waits until the run before is done"),
}
CATCH_UP: dict[str, Any] = {
    "latest": gettext_lazy("of missed slots the latest is caught up"),
    "none": gettext_lazy("missed slots are not caught up"),
    "all": gettext_lazy("every missed slot is caught up"),
}
# What says when: a change of these makes the rule a new one, that does not look back.
TIMING = ("cron", "when", "timezone")


class BadSchedule(ValueError):
    """Conditions that cannot be read; the message says what to write."""


@cache
def zones() -> tuple[str, ...]:
    """Every zone that has a place in its name, and UTC."""
    places = {name for name in available_timezones() if "/" in name and not name.startswith("Etc/")}
    return tuple(sorted(places | {"UTC"}))


class Conditions(BaseModel):
    """What a schedule's trigger may say. Each field refuses what it cannot be, with what to write instead."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        title=gettext_noop("Schedule"),
        json_schema_extra={
            "about": gettext_noop("The clock: every weekday at 6:30, on the 1st at 7:00, every hour."),
            "examples": [
                {"when": "every weekday at 6:30", "timezone": "Europe/Berlin", "overlap": "skip"},
                {"cron": "30 6 * * 1-5", "timezone": "Europe/Berlin"},
            ],
        },
    )

    when: str = Field(
        default="",
        title=gettext_noop("When"),
        description=gettext_noop("In words: every weekday at 6:30, on the 1st at 7:00, every 15 minutes."),
    )
    cron: str = Field(
        default="",
        title=gettext_noop("Or as a cron expression"),
        description=gettext_noop(
            "In place of the words: minute, hour, day, month, day of the week, as in 30 6 * * 1-5."
        ),
    )
    timezone: str = Field(
        default="UTC",
        title=gettext_noop("Time zone"),
        description=gettext_noop("The place whose clock it follows, summer and winter."),
        json_schema_extra=lambda schema: schema.update(choices=[*zones()]),
    )
    overlap: str = Field(
        default="allow",
        title=gettext_noop("While the run before is still at work"),
        json_schema_extra={"choices": OVERLAP, "rare": True},
    )
    catch_up: str = Field(
        default="latest",
        title=gettext_noop("After an absence"),
        json_schema_extra={"choices": CATCH_UP, "rare": True},
    )
    jitter: int = Field(
        default=0,
        ge=0,
        le=MAX_JITTER_SECONDS,
        title=gettext_noop("Later by up to so many seconds"),
        description=gettext_noop("So that not everything begins in the same moment. 0: on the minute."),
        json_schema_extra={"rare": True},
    )

    @field_validator("when", mode="before")
    @classmethod
    def _is_a_phrase(cls, when: Any) -> str:
        if when:
            _said(when)
        return when or ""

    @field_validator("cron", mode="before")
    @classmethod
    def _is_cron(cls, cron: Any) -> str:
        return _cron(cron) if cron else ""

    @field_validator("timezone", mode="before")
    @classmethod
    def _is_a_zone(cls, name: Any) -> str:
        return _timezone(name)

    @field_validator("overlap", mode="before")
    @classmethod
    def _is_an_overlap(cls, value: Any) -> str:
        return _one_of("overlap", value, OVERLAP)

    @field_validator("catch_up", mode="before")
    @classmethod
    def _is_a_catch_up(cls, value: Any) -> str:
        return _one_of("catch_up", value, CATCH_UP)

    @field_validator("jitter", mode="before")
    @classmethod
    def _is_a_jitter(cls, value: Any) -> int:
        return _jitter(value)

    @model_validator(mode="after")
    def _says_when_once(self) -> "Conditions":
        if self.cron and self.when:
            raise BadSchedule(_("Write when (a phrase) or cron, not both."))
        if not self.cron and not self.when:
            raise BadSchedule(
                _(
                    "Say when: in words, such as “every weekday at 6:30”, or in cron: write five fields, such as"
                    " 30 6 * * 1-5."
                )
            )
        return self


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
        when = f"{self.when} ({self.cron})" if self.when else _("at %(cron)s") % {"cron": self.cron}
        spread = ", " + _("up to %(seconds)d s later") % {"seconds": self.jitter} if self.jitter else ""
        there = _("%(when)s in %(zone)s") % {"when": when, "zone": self.timezone}
        return f"{there}{spread}; {CATCH_UP[self.catch_up]}; {OVERLAP[self.overlap]}"

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
        raise BadSchedule(_('Write a JSON object, such as {"when": "every weekday at 6:30"}.'))
    known = list(Conditions.model_fields)
    if unknown := set(conditions) - set(known):
        raise BadSchedule(
            _("A schedule has %(known)s, not %(others)s.")
            % {"known": ", ".join(known), "others": ", ".join(sorted(map(str, unknown)))}
        )
    try:
        stated = Conditions.model_validate(conditions)
    except ValidationError as error:
        raise BadSchedule(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from error
    return Rule(
        cron=stated.cron or _said(stated.when),
        timezone=stated.timezone,
        when=stated.when,
        overlap=stated.overlap,
        catch_up=stated.catch_up,
        jitter=stated.jitter,
    )


def first_of(schedules: Iterable[str], after: datetime.datetime) -> datetime.datetime | None:
    """The slot that comes first, in UTC, of rules whose conditions are JSON; what cannot be read has none."""
    # Slots are whole minutes: within one, what comes next is the same.
    minute = after.replace(second=0, microsecond=0)
    return min(filter(None, (_next(conditions, minute) for conditions in schedules)), default=None)


# To walk a clock takes a millisecond a rule, and the inbox asks for every rule on each of its pages.
@lru_cache(maxsize=1_000)
def _next(conditions: str, minute: datetime.datetime) -> datetime.datetime | None:
    try:
        return read(json.loads(conditions)).following(minute, 1)[0]
    except BadSchedule:
        return None


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
    return " ".join(parts[:2]) or _("less than a minute")


def timing(conditions: Any) -> list[Any]:
    """The part of the conditions that says when."""
    return [conditions.get(name) for name in TIMING] if isinstance(conditions, dict) else [conditions]


def _cron(cron: Any) -> str:
    # croniter's sixth field would be seconds.
    if not isinstance(cron, str) or len(cron.split()) != 5 or not croniter.is_valid(cron):
        raise BadSchedule(
            _(
                "%(cron)r is no cron expression: write five fields, such as 30 6 * * 1-5,"
                " or a phrase as when, such as “every weekday at 6:30”."
            )
            % {"cron": cron}
        )
    try:
        Rule(cron).following(datetime.datetime.now(datetime.UTC), 1)
    except CroniterBadDateError as error:
        raise BadSchedule(_("%(cron)r never comes: no year has such a day.") % {"cron": cron}) from error
    return cron


def _said(when: Any) -> str:
    if not isinstance(when, str):
        raise BadSchedule(_("Write when as a phrase, such as “every weekday at 6:30”."))
    try:
        return phrases.to_cron(when)
    except phrases.Unclear as error:
        raise BadSchedule(str(error)) from error


def _timezone(name: Any) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise BadSchedule(
            _("%(name)r is no time zone: write a name such as Europe/Berlin.") % {"name": name}
        ) from error


def _one_of(name: str, value: Any, choices: dict[str, Any]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise BadSchedule(
            _("%(name)s is one of %(choices)s, not %(value)r.")
            % {"name": name, "choices": ", ".join(choices), "value": value}
        )
    return value


def _jitter(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_JITTER_SECONDS:
        raise BadSchedule(
            _("jitter is a number of seconds from 0 to %(most)d, not %(value)r.")
            % {"most": MAX_JITTER_SECONDS, "value": value}
        )
    return value
