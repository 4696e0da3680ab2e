"""The hour of the made-up night that the seed pretends it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from django.utils import timezone

_ENDS = timedelta(hours=5, minutes=30)


class NightClock:
    """Turns "23:20" into a moment of last night, and lets Django live in it.

    Before half past five that night is not over: then all of it lies earlier, so that it ends now.
    """

    def __init__(self, *, now: datetime) -> None:
        local = timezone.localtime(now)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        self._midnight = midnight
        self._earlier = max(timedelta(), _ENDS - (local - midnight))

    def moment(self, text: str) -> datetime:
        """The moment of that night, in UTC."""
        hours, minutes = map(int, text.split(":"))
        evening = timedelta(days=1) if hours >= 12 else timedelta()
        of_day = timedelta(hours=hours, minutes=minutes)
        return (self._midnight - evening + of_day - self._earlier).astimezone(UTC)

    @contextmanager
    def at(self, text: str) -> Iterator[None]:
        """Inside, django.utils.timezone.now() goes on from that moment. For one thread only: the seed's."""
        real, start = timezone.now, self.moment(text)
        began = real()
        timezone.now = lambda: start + (real() - began)
        try:
            yield
        finally:
            timezone.now = real
