import threading
from datetime import UTC, datetime, timedelta

import pytest

from agents.contracts import ModelUnavailable
from agents.llm.pacing import DOWN_AFTER, PATIENCE, PAUSE_SECONDS, Pacing
from tests.waiting import Clock, until

MODEL = "claude-sonnet-5-5"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pacing(clock: Clock) -> Pacing:
    return Pacing(most=10, clock=clock)


def fails(pacing: Pacing, retry_after: float | None = None) -> None:
    with pytest.raises(ModelUnavailable, match="529"), pacing.turn(MODEL, ""):
        raise ModelUnavailable("529", retry_after=retry_after)


def refused(pacing: Pacing, model: str = MODEL) -> float | None:
    """What is asked for in place of a turn; None if there is one."""
    try:
        with pacing.turn(model, ""):
            return None
    except ModelUnavailable as error:
        return error.retry_after


class Queue:
    """Threads that each hold one turn until they are let go."""

    def __init__(self, pacing: Pacing) -> None:
        self.pacing = pacing
        self.order: list[str] = []
        self.let_go = threading.Semaphore(0)
        self.threads: list[threading.Thread] = []

    def ask(self, key: str) -> None:
        """One more that asks; it is in the line when this returns."""
        before = self.waiting() + len(self.order)
        thread = threading.Thread(target=self._hold, args=(key,), daemon=True)
        thread.start()
        self.threads.append(thread)
        until(lambda: self.waiting() + len(self.order) > before)

    def waiting(self) -> int:
        return sum(len(line) for line in self.pacing._of(MODEL).waiting.values())

    def _hold(self, key: str) -> None:
        with self.pacing.turn(MODEL, key):
            self.order.append(key)
            self.let_go.acquire()


def test_turns_go_round_between_the_clients(pacing: Pacing) -> None:
    pacing.heard(MODEL, {"anthropic-ratelimit-requests-remaining": "1"})
    queue = Queue(pacing)
    for key in ("big", "big", "big", "big", "small", "other"):
        queue.ask(key)
    for number in range(1, 7):
        until(lambda number=number: len(queue.order) == number)  # type: ignore[misc]
        queue.let_go.release()
    for thread in queue.threads:
        thread.join(5)
    assert queue.order[:4] in (["big", "big", "small", "other"], ["big", "small", "other", "big"])


def test_no_more_calls_are_under_way_than_the_server_has_left(pacing: Pacing) -> None:
    pacing.heard(MODEL, {"anthropic-ratelimit-requests-remaining": "2"})
    queue = Queue(pacing)
    for _ in range(4):
        queue.ask("one")
    until(lambda: len(queue.order) == 2)
    assert queue.waiting() == 2
    pacing.heard(MODEL, {"anthropic-ratelimit-requests-remaining": "50"})
    until(lambda: len(queue.order) == 4)
    queue.let_go.release(4)
    for thread in queue.threads:
        thread.join(5)


def test_a_limit_that_is_used_up_is_waited_for_until_it_is_renewed(pacing: Pacing, clock: Clock) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=90)
    pacing.heard(
        MODEL,
        {"anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": moment.isoformat()},
    )
    assert refused(pacing) == pytest.approx(90, abs=5)
    assert refused(pacing, "claude-opus-5-5") is None, "another model has limits of its own"
    clock.now = 100
    assert refused(pacing) is None


def test_a_pause_that_was_asked_for_holds_for_all(pacing: Pacing, clock: Clock) -> None:
    fails(pacing, retry_after=60.0)
    assert refused(pacing) == 60.0
    clock.now = 61
    assert refused(pacing) is None


def test_a_short_pause_is_waited_out_in_place() -> None:
    pacing = Pacing()
    fails(pacing, retry_after=0.02)
    assert refused(pacing) is None
    assert PATIENCE < PAUSE_SECONDS


def test_a_model_that_is_down_is_looked_at_by_one(pacing: Pacing, clock: Clock) -> None:
    for _ in range(DOWN_AFTER - 1):
        fails(pacing)
    assert refused(pacing) is None, "one that works is not down"
    for _ in range(DOWN_AFTER):
        fails(pacing)
    assert refused(pacing) == PAUSE_SECONDS
    clock.now = PAUSE_SECONDS
    queue = Queue(pacing)
    queue.ask("probe")
    queue.ask("other")
    until(lambda: queue.order == ["probe"])
    assert queue.waiting() == 1
    queue.let_go.release(2)
    for thread in queue.threads:
        thread.join(5)
    assert queue.order == ["probe", "other"]
    fails(pacing)
    assert refused(pacing) is None


def test_the_pause_grows_while_it_stays_down(pacing: Pacing, clock: Clock) -> None:
    for _ in range(DOWN_AFTER):
        fails(pacing)
    clock.now = PAUSE_SECONDS
    fails(pacing)
    assert refused(pacing) == 2 * PAUSE_SECONDS


def test_what_goes_wrong_otherwise_takes_no_turn_away(pacing: Pacing) -> None:
    for _ in range(30):
        with pytest.raises(ZeroDivisionError), pacing.turn(MODEL, ""):
            raise ZeroDivisionError
    assert refused(pacing) is None
