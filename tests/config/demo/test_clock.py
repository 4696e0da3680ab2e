"""The hour of the made-up night."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from config.demo.clock import NightClock


def moment(text: str, *, now: str) -> str:
    """The moment of the night before `now`, both in local words."""
    here = timezone.get_current_timezone()
    clock = NightClock(now=datetime.fromisoformat(now).replace(tzinfo=here))
    return f"{clock.moment(text).astimezone(here):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("now", ["2026-03-05 05:30", "2026-03-05 09:00", "2026-03-05 23:59"])
def test_the_night_is_the_one_that_ended_this_morning(now: str) -> None:
    assert moment("18:00", now=now) == "2026-03-04 18:00"
    assert moment("23:20", now=now) == "2026-03-04 23:20"
    assert moment("00:12", now=now) == "2026-03-05 00:12"
    assert moment("04:55", now=now) == "2026-03-05 04:55"


def test_before_it_is_over_it_lies_earlier_and_ends_now() -> None:
    assert moment("05:30", now="2026-03-05 03:00") == "2026-03-05 03:00"
    assert moment("04:55", now="2026-03-05 03:00") == "2026-03-05 02:25"
    assert moment("23:20", now="2026-03-05 00:00") == "2026-03-04 17:50"


def test_the_hours_are_those_of_the_owners_clock() -> None:
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        clock = NightClock(now=datetime(2026, 3, 5, 1, 0, tzinfo=UTC))  # ten in the morning there
        assert clock.moment("23:20") == datetime(2026, 3, 4, 14, 20, tzinfo=UTC)


def test_inside_time_goes_on_from_that_moment() -> None:
    clock = NightClock(now=timezone.now())
    with clock.at("23:20"):
        first = timezone.now()
        while (second := timezone.now()) == first:
            pass
    assert clock.moment("23:20") <= first < second < clock.moment("23:21")


def test_afterwards_it_is_now_again_whatever_happened_inside() -> None:
    before = timezone.now()
    with pytest.raises(LookupError), NightClock(now=before).at("23:20"):
        raise LookupError
    assert before <= timezone.now() < before + timedelta(minutes=1)
