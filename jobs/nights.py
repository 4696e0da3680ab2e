"""When a night is: work that begins in the evening and is read in the morning. Pure functions."""

import datetime

BEGINS = 20
HOURS = 12
_LENGTH = datetime.timedelta(hours=HOURS)


def of(here: datetime.datetime) -> datetime.date | None:
    """The night that this moment of the owner's clock lies in, by the date of its evening; None by day."""
    if here.hour >= BEGINS:
        return here.date()
    if here.hour < (BEGINS + HOURS) % 24:
        return here.date() - datetime.timedelta(days=1)
    return None


def begins(evening: datetime.date, zone: datetime.tzinfo) -> datetime.datetime:
    """The beginning of the night of this date."""
    return datetime.datetime.combine(evening, datetime.time(BEGINS), tzinfo=zone)


def ends(evening: datetime.date, zone: datetime.tzinfo) -> datetime.datetime:
    """Its end, on the wall clock of the morning."""
    morning = datetime.datetime.combine(evening, datetime.time(BEGINS)) + _LENGTH
    return morning.replace(tzinfo=zone)
