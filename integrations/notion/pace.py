"""How fast one connection may ask: a few calls a second within this process, and none while Notion says to wait."""

import threading
import time
from functools import lru_cache

from integrations.contracts import DeliveryError


class Pace:
    """Shared by all threads that ask with the same token."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._lock = threading.Lock()
        self._next = 0.0
        self._paused_until = 0.0
        self._why = ""

    def take(self) -> None:
        """Return when the next call may be made, after a moment at most. Raises DeliveryError during a pause."""
        with self._lock:
            now = time.monotonic()
            if self._paused_until > now:
                raise DeliveryError(self._why, permanent=False, retry_after=self._paused_until - now)
            mine = max(now, self._next)
            self._next = mine + self._gap
        time.sleep(mine - now)

    def pause(self, seconds: float, why: str) -> None:
        """No call for so long: whoever asks is told when to come again."""
        with self._lock:
            until = time.monotonic() + seconds
            if until > self._paused_until:
                self._paused_until, self._why = until, why


@lru_cache(maxsize=16)
def pace_of(token: str, per_second: float) -> Pace:
    """The one pace of this token in this process."""
    return Pace(per_second)
