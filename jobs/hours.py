"""When a night is: work that begins in the evening and is read in the morning. Named by its morning's date."""

import datetime

from django.utils import timezone

BEGINS = 20
HOURS = 12


def here(now: datetime.datetime | None = None) -> datetime.datetime:
    """The moment on the house's clock, whoever's clock a page shows: nights and days of money go by it."""
    return timezone.localtime(now, timezone.get_default_timezone())


def night_of(here: datetime.datetime) -> datetime.date | None:
    """The night that this moment of the owner's clock lies in; None by day."""
    if here.hour >= BEGINS:
        return here.date() + datetime.timedelta(days=1)
    return here.date() if here.hour < (BEGINS + HOURS) % 24 else None


def bounds(date: datetime.date) -> tuple[datetime.datetime, datetime.datetime]:
    """When the night before this morning begins and ends: by the clock on the wall, whatever it was set to."""
    evening = datetime.datetime.combine(date - datetime.timedelta(days=1), datetime.time(BEGINS))
    morning = evening + datetime.timedelta(hours=HOURS)
    zone = timezone.get_default_timezone()
    return timezone.make_aware(evening, zone), timezone.make_aware(morning, zone)
