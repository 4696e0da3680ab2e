"""Turns at a model: how many calls may be under way, whose is next, and when the model is left in peace.

The limit follows what the server says of its own, so that it is kept and not run into. Whoever waits is served by
turns between their clients, not by who has most to ask. https://platform.claude.com/docs/en/api/rate-limits

Several processes share a model: what one finds out is news for the others (`take_news`, `learn`), and what the
server has left is divided between them (`share`). How it gets there is not known here.
"""

import contextlib
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from agents.contracts import ModelUnavailable
from agents.llm import failures
from agents.words import _

# So many failures without an answer between: the model is down, and one call at a time looks whether it is back.
DOWN_AFTER = 5
PAUSE_SECONDS = 15.0
LONGEST_PAUSE = 300.0
# A pause so short is waited out in place; for a longer one the work is put back.
PATIENCE = 5.0
_LOOK_SECONDS = 1.0
# A pause that ends so little later than the others know is no news to them.
_NEWS_SECONDS = 1.0
_REMAINING = "anthropic-ratelimit-requests-remaining"


@dataclass(frozen=True)
class Pause:
    """Failures without an answer between, and for how many seconds the model is left in peace; 0, 0: it works."""

    failures: int
    seconds: float


@dataclass
class _Model:
    limit: int
    active: int = 0
    failures: int = 0
    until: float = 0.0
    told: float = 0.0  # the others know that it is left in peace until then
    is_shared: bool = False  # the others know of a pause at all
    is_back: bool = False  # and have still to hear that it is over
    waiting: OrderedDict[str, deque[object]] = field(default_factory=OrderedDict)

    def has_room(self) -> bool:
        return self.active < (1 if self.failures >= DOWN_AFTER else self.limit)

    def is_next(self, ticket: object) -> bool:
        return next(iter(self.waiting.values()))[0] is ticket

    def leave(self, key: str, ticket: object) -> None:
        """Out of the line; whoever asked goes behind all others."""
        line = self.waiting[key]
        line.remove(ticket)
        if line:
            self.waiting.move_to_end(key)
        else:
            del self.waiting[key]


class Pacing:
    """One for all threads of a process; at most `most` calls to a model at once."""

    def __init__(self, *, most: int = 1_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._changed = threading.Condition()
        self._models: dict[str, _Model] = {}
        self._among = 1

    @contextlib.contextmanager
    def turn(self, model: str, key: str) -> Iterator[None]:
        """Hold one turn at the model for whoever `key` is. What ends it with ModelUnavailable counts as a failure.

        Raises ModelUnavailable, without a turn, while the model is to be left in peace for long.
        """
        self._enter(model, key)
        try:
            yield
        except ModelUnavailable as error:
            self._failed(model, error.retry_after)
            raise
        else:
            self._worked(model)
        finally:
            self._leave(model)

    def share(self, among: int) -> None:
        """So many processes ask the same models: each takes its part of what is left."""
        self._among = max(1, among)

    def learn(self, model: str, pause: Pause | None) -> None:
        """How the model stands as the others found it; None where there is nothing to say of it, or no longer."""
        with self._changed:
            state = self._of(model)
            if pause is not None:
                state.is_shared = True
                state.failures = max(state.failures, pause.failures)
                state.told = max(state.told, self._clock() + pause.seconds)
                state.until = max(state.until, state.told) if pause.seconds > 0 else state.until
            elif state.is_shared:
                state.is_shared, state.is_back = False, False
                state.failures, state.until = 0, 0.0
            self._changed.notify_all()

    def take_news(self, model: str) -> Pause | None:
        """What the others have still to hear of the model, once; None where there is nothing new."""
        with self._changed:
            state = self._of(model)
            left = state.until - self._clock()
            if left > 0 and state.until > state.told + _NEWS_SECONDS:
                state.told, state.is_shared = state.until, True
                return Pause(state.failures, left)
            if state.is_back:
                state.is_shared, state.is_back = False, False
                return Pause(0, 0.0)
            return None

    def heard(self, model: str, headers: Mapping[str, str]) -> None:
        """What the server says of its limits, with any answer."""
        left = headers.get(_REMAINING, "")
        with self._changed:
            state = self._of(model)
            state.limit = self._most
            if left.isdecimal():
                state.limit = max(1, min(self._most, state.active + int(left) // self._among))
            if wait := failures.until_reset(headers):
                state.until = max(state.until, self._clock() + min(wait, failures.LONGEST_WAIT))
            self._changed.notify_all()

    def _enter(self, model: str, key: str) -> None:
        ticket = object()
        with self._changed:
            state = self._of(model)
            state.waiting.setdefault(key, deque()).append(ticket)
            try:
                while not self._may_go(state, ticket):
                    pass
                state.active += 1
            finally:
                state.leave(key, ticket)
                self._changed.notify_all()

    def _may_go(self, state: _Model, ticket: object) -> bool:
        pause = state.until - self._clock()
        if pause > PATIENCE:
            raise ModelUnavailable(_("The model asked for a pause, or is down."), retry_after=pause)
        if pause <= 0 and state.has_room() and state.is_next(ticket):
            return True
        self._changed.wait(min(pause, _LOOK_SECONDS) if pause > 0 else _LOOK_SECONDS)
        return False

    def _failed(self, model: str, retry_after: float | None) -> None:
        with self._changed:
            state = self._of(model)
            state.failures += 1
            pause = retry_after or 0.0
            if not retry_after and state.failures >= DOWN_AFTER:
                pause = min(LONGEST_PAUSE, PAUSE_SECONDS * 2 ** min(10, state.failures - DOWN_AFTER))
            if pause:
                state.until = max(state.until, self._clock() + pause)

    def _worked(self, model: str) -> None:
        with self._changed:
            state = self._of(model)
            state.failures = 0
            state.is_back = state.is_shared and state.until <= self._clock()

    def _leave(self, model: str) -> None:
        with self._changed:
            self._of(model).active -= 1
            self._changed.notify_all()

    def _of(self, model: str) -> _Model:
        return self._models.setdefault(model, _Model(self._most))
