"""A schedule in words, as cron: "every weekday at 6:30" is 30 6 * * 1-5, and so is "werktags um 6:30"."""

import re
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_GROUPS = {"day": "*", "weekday": "1-5", "workday": "1-5", "weekend": "0,6"}
_SHORT = {
    "hourly": "every hour",
    "daily": "every day",
    "weekly": "every monday",
    "monthly": "on the 1st",
    "on weekdays": "every weekday",
    "weekdays": "every weekday",
}
_NOUNS = {"noon": "12:00", "midday": "12:00", "midnight": "0:00"}
_TAGE = ("sonntag", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag")
# German as English has it, in this order.
_GERMAN: tuple[tuple[str, str], ...] = (
    (r" und ", ", "),
    (r"\bsonnabend", "samstag"),
    (r"\bam (?=\d|letzten)", "on the "),
    (rf"\bam (?={'|'.join(_TAGE)}|wochenende)", "on "),
    (r"\b(jeden|jede|jedes|alle) ", "every "),
    *((rf"(?<!every )(?<!on )\b{tag}s?\b", f"every {day}") for tag, day in zip(_TAGE, _DAYS, strict=True)),
    *((rf"\b{tag}s?\b", day) for tag, day in zip(_TAGE, _DAYS, strict=True)),
    (r", every ", ", "),
    (r"\bwerktags\b", "every weekday"),
    (r"\b(werktag|arbeitstag|wochentag)\b", "weekday"),
    (r"\bwochenende\b", "weekend"),
    (r"\btäglich\b", "daily"),
    (r"\bstündlich\b", "hourly"),
    (r"\bmonatlich\b", "monthly"),
    (r"\bletzten( tag)?\b", "last"),
    (r"\btag\b", "day"),
    (r"\b(des|im|jedes|every) monat(s|en)?\b", ""),
    (r"\bminuten?\b", "minutes"),
    (r"\bstunden?\b", "hours"),
    (r"\bum ", "at "),
    (r"\bmittags?\b", "noon"),
    (r"\bmitternacht\b", "midnight"),
    (r"(\d) uhr (\d\d)\b", r"\1:\2"),
    (r" ?uhr\b", ""),
)
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))? ?(am|pm)?")
_STEP = re.compile(r"every (?:(\d+) )?(minute|hour)s?")
_WEEKLY = re.compile(r"(?:every|on) ([a-z, ]+?) at (.+)")
_MONTHLY = re.compile(r"(?:every month )?on the ([a-z0-9., ]+?)(?: day)?(?: of (?:the|every|each) month)? at (.+)")
_EXAMPLE = gettext_lazy(
    "Write a phrase such as “every weekday at 6:30”, “on the 1st at 7:00” or “every 15 minutes”."
)


class Unclear(ValueError):
    """Words that say no schedule; the message says what to write."""


def to_cron(phrase: str) -> str:
    """The cron expression that the phrase means. Raises Unclear."""
    words = _plain(phrase)
    readers: list[tuple[re.Pattern[str], Callable[..., str]]] = [
        (_STEP, _stepped),
        (_MONTHLY, _monthly),
        (_WEEKLY, _weekly),
    ]
    for pattern, read in readers:
        if match := pattern.fullmatch(words):
            return read(*match.groups())
    if re.fullmatch(r"(every|on) [a-z0-9, ]+", words) and " at " not in words:
        raise Unclear(
            _("“%(phrase)s” names no time: add one, such as “%(words)s at 6:30”.")
            % {"phrase": phrase, "words": phrase}
        )
    raise Unclear(_("“%(phrase)s” is not understood.") % {"phrase": phrase} + f" {_EXAMPLE}")


def _plain(phrase: str) -> str:
    """In lower case, one space between words, its short forms spelt out."""
    words = " ".join(phrase.lower().replace(" and ", ", ").replace("each ", "every ").split()).rstrip(".")
    for german, english in _GERMAN:
        words = re.sub(german, english, words)
    words = " ".join(words.split())
    start, at, rest = words.partition(" at ")
    return _SHORT.get(start, start) + at + rest


def _stepped(number: str | None, unit: str) -> str:
    step, whole = int(number or 1), 60 if unit == "minute" else 24
    # A step that does not divide the whole leaves an uneven gap at its end.
    if not 0 < step < whole or whole % step:
        steps = ", ".join(str(n) for n in range(1, whole) if whole % n == 0)
        raise Unclear(
            _("Every %(number)s does not come out even: write one of %(steps)s.")
            % {"number": f"{number} {unit}s", "steps": steps}
        )
    every = "*" if step == 1 else f"*/{step}"
    return f"{every} * * * *" if unit == "minute" else f"0 {every} * * *"


def _weekly(names: str, time: str) -> str:
    return f"{_clock(time)} * * {_days(names)}"


def _monthly(names: str, time: str) -> str:
    return f"{_clock(time)} {_dates(names)} * *"


def _days(names: str) -> str:
    if names in _GROUPS:
        return _GROUPS[names]
    found = set()
    for name in _listed(names):
        places = [place for place, day in enumerate(_DAYS) if name.rstrip("s") in {day, day[:3]}]
        if not places:
            raise Unclear(_("“%(name)s” is no day.") % {"name": name} + f" {_EXAMPLE}")
        found.add(places[0])
    return ",".join(map(str, sorted(found)))


def _dates(names: str) -> str:
    if names == "last":
        return "L"
    found = set()
    for name in _listed(names):
        match = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th|\.)?", name)
        if not match or not 1 <= int(match[1]) <= 31:
            raise Unclear(_("“%(name)s” is no day of a month.") % {"name": name} + f" {_EXAMPLE}")
        found.add(int(match[1]))
    return ",".join(map(str, sorted(found)))


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _clock(time: str) -> str:
    """Minute and hour, as cron has them."""
    match = _TIME.fullmatch(_NOUNS.get(time, time))
    if not match:
        raise Unclear(_("“%(time)s” is no time of day: write 6:30, 18:00 or 9 am.") % {"time": time})
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    elif half:
        hour = 24
    if hour > 23 or minute > 59:
        raise Unclear(_("“%(time)s” is no time of day: write 6:30, 18:00 or 9 am.") % {"time": time})
    return f"{minute} {hour}"
