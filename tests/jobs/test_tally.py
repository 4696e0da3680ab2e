"""The night in one sentence."""

import datetime
from datetime import UTC
from typing import Any

import pytest
from django.utils import timezone, translation

from jobs import tally
from jobs.nights import Night

MORNING = datetime.date(2026, 11, 24)
EVENING = datetime.datetime(2026, 11, 23, 20, tzinfo=UTC)


def a_night(**changes: Any) -> Night:
    """A night that did something."""
    known: dict[str, Any] = {"completed": 41, "failed": 0, "spent_microusd": 7_420_000, "unpriced": 0}
    ends = EVENING + datetime.timedelta(hours=12)
    return Night(date=MORNING, begins=EVENING, ends=ends, hours=[0] * 12, **known | changes)


def said(night: Night, next_run: datetime.datetime | None = None) -> str:
    return tally.sentence(night, most=20_000_000, next_run=next_run)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "Overnight 41 done, $7.42 of $20.00 spent."),
        ({"failed": 2}, "Overnight 41 done, 2 failed, $7.42 of $20.00 spent."),
        ({"unpriced": 1}, "Overnight 41 done, $7.42 of $20.00 spent, 1 attempt of unknown price."),
        ({"completed": 0, "spent_microusd": 0}, "Overnight 0 done, $0.00 of $20.00 spent."),
    ],
)
def test_it_names_what_was_done_what_failed_and_what_it_cost(changes: dict[str, Any], sentence: str) -> None:
    assert said(a_night(**changes)) == sentence


def test_the_next_run_is_a_clock_time_and_has_a_date_where_it_is_far() -> None:
    near = timezone.localtime() + datetime.timedelta(hours=3)
    assert said(a_night(), near).endswith(f"spent, next run {near:%H:%M}.")
    far = timezone.localtime() + datetime.timedelta(days=3)
    assert said(a_night(), far).endswith(f"next run {far.day} {far:%b}, {far:%H:%M}.")


def test_what_is_bad_says_so() -> None:
    found = tally.parts(a_night(failed=1), most=1, next_run=None)
    assert [part.is_bad for part in found] == [False, True, False]


def test_it_is_said_in_the_readers_language() -> None:
    with translation.override("de"):
        assert (
            said(a_night(failed=2))
            == "Über Nacht 41 erledigt, 2 fehlgeschlagen, 7,42\u00a0$ von 20,00\u00a0$ ausgegeben."
        )
