from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from jobs import hours


@pytest.mark.parametrize(
    ("moment", "night"),
    [
        ("2026-11-23T19:59", None),
        ("2026-11-23T20:00", date(2026, 11, 24)),
        ("2026-11-23T23:59", date(2026, 11, 24)),
        ("2026-11-24T00:00", date(2026, 11, 24)),
        ("2026-11-24T07:59", date(2026, 11, 24)),
        ("2026-11-24T08:00", None),
    ],
)
def test_a_night_is_named_by_its_morning(moment: str, night: date | None) -> None:
    here = timezone.make_aware(datetime.fromisoformat(moment))
    assert hours.night_of(here) == night
    if night:
        begins, ends = hours.bounds(night)
        assert begins <= here < ends


def test_a_night_is_one_of_the_houses_clock_whoever_looks() -> None:
    morning = date(2026, 11, 27)
    with timezone.override("Asia/Tokyo"):
        elsewhere, moment = hours.bounds(morning), hours.here(datetime(2026, 11, 27, 6, tzinfo=UTC))
    assert elsewhere == hours.bounds(morning)
    assert moment.hour == 6
