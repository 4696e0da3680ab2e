"""A few calls a second in one process, however many threads ask."""

import threading
import time

import pytest

from integrations.contracts import DeliveryError
from integrations.notion.pace import Pace, pace_of


def test_calls_of_many_threads_are_set_apart() -> None:
    pace, taken = Pace(per_second=50), list[float]()

    def ask() -> None:
        pace.take()
        taken.append(time.monotonic())

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.sort()
    assert taken[-1] - taken[0] >= 5 / 50 * 0.9


def test_a_pause_is_told_and_not_slept_through() -> None:
    pace = Pace(per_second=1e6)
    pace.pause(300, "no more for a while")
    pace.pause(10, "a shorter one changes nothing")
    before = time.monotonic()
    with pytest.raises(DeliveryError, match="no more for a while") as caught:
        pace.take()
    assert time.monotonic() - before < 10
    assert caught.value.retry_after is not None
    assert 270 < caught.value.retry_after <= 300
    assert not caught.value.permanent


def test_one_token_has_one_pace() -> None:
    assert pace_of("a", 3.0) is pace_of("a", 3.0)
    assert pace_of("a", 3.0) is not pace_of("b", 3.0)
