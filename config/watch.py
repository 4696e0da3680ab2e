"""Notices a child that is there and does nothing: a cluster that is deaf to its work, a web that answers nobody."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from http.client import HTTPConnection, HTTPException
from typing import Protocol

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from jobs import dispatch, queue
from jobs.holder import this_process
from jobs.models import Process

# Due work is normally claimed in milliseconds. The bell may have been lost: ring again; then start anew.
RING_AFTER_SECONDS = 2.0
STALLED_AFTER_SECONDS = 12.0
DUMB_AFTER_SECONDS = 30.0
_ANSWER_SECONDS = 3.0
_FRESH = timedelta(seconds=10)


class Finding(StrEnum):
    """What a look at a cluster found."""

    FINE = "fine"
    QUIET = "quiet"
    STALLED = "stalled"


class Watch(Protocol):
    """Looks at one child now and then."""

    def look(self) -> Finding:
        """What it does now."""
        ...

    def forgive(self, seconds: float) -> None:
        """It was just started: nothing is expected of it for so long."""
        ...


class ClusterWatch:
    """Looks at one cluster's processes: those of this host, or wherever they are."""

    def __init__(
        self, cluster: str, *, everywhere: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.cluster = cluster
        self._everywhere = everywhere
        self._clock = clock
        self._quiet_since: float | None = None
        self._progress: datetime | None = None

    def look(self) -> Finding:
        """FINE, QUIET (due work, nobody moves; the bell is rung) or STALLED (for too long: start it anew)."""
        if not queue.due(self.cluster) or self._moves():
            self._quiet_since = None
            return Finding.FINE
        now = self._clock()
        if self._quiet_since is None:
            self._quiet_since = now
        quiet = now - self._quiet_since
        if quiet > STALLED_AFTER_SECONDS:
            return Finding.STALLED
        if quiet > RING_AFTER_SECONDS:
            dispatch.ring(self.cluster, lost_after=timedelta(seconds=RING_AFTER_SECONDS))
        return Finding.QUIET

    def forgive(self, seconds: float) -> None:
        """It was just started: count from `seconds` later."""
        self._quiet_since = self._clock() + seconds

    def _moves(self) -> bool:
        """Whether all slots are taken by living work, or something was claimed or finished since the last look."""
        mine = Process.objects.filter(cluster=self.cluster)
        if not self._everywhere:
            mine = mine.filter(host=this_process().host)
        newest = mine.aggregate(newest=Max("progress_at"))["newest"]
        moved = newest is not None and newest != self._progress
        self._progress = newest
        # One slot is kept for priority 1, so a full process has all but one taken.
        full = mine.filter(heartbeat_at__gte=timezone.now() - _FRESH, in_flight__gte=settings.CONCURRENCY - 1)
        return moved or full.exists()


class WebWatch:
    """Asks the web for its health, as a proxy would."""

    def __init__(self, host: str, port: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._host = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - compared, not bound
        self._port = port
        self._clock = clock
        self._answered_at = clock()

    def look(self) -> Finding:
        """FINE if it answers anything at all; STALLED once it has not for `DUMB_AFTER_SECONDS`."""
        now = self._clock()
        if self._answers():
            self._answered_at = max(self._answered_at, now)
            return Finding.FINE
        return Finding.STALLED if now - self._answered_at > DUMB_AFTER_SECONDS else Finding.QUIET

    def forgive(self, seconds: float) -> None:
        """It was just started: count from `seconds` later."""
        self._answered_at = self._clock() + seconds

    def _answers(self) -> bool:
        connection = HTTPConnection(self._host, self._port, timeout=_ANSWER_SECONDS)
        try:
            connection.request("GET", "/healthz", headers={"Host": "127.0.0.1"})
            connection.getresponse().read()
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
        return True


class Unwatched:
    """For a child that is in order for as long as it lives."""

    def look(self) -> Finding:
        """FINE."""
        return Finding.FINE

    def forgive(self, seconds: float) -> None:
        """Nothing is expected of it."""
