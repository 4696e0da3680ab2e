"""Waits for what a test asserts, and a clock that it moves on."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# What is waited for comes in moments; on a machine that does much else at once it comes late, not never.
PATIENCE = 60.0


def until(condition: Callable[[], T]) -> T:
    """The first true value of the condition; fails if none comes."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)
    return found


class Clock:
    """Stands still until the test moves it on."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
