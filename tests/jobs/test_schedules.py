"""Cron slots: on the wall clock of their zone, over clock changes, bounded."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs import schedules
from jobs.schedules import BadSchedule, check, slots

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def days(cron: str, zone: str, first: str, last: str) -> list[str]:
    """The slots between two moments, as text in UTC."""
    return [f"{slot:%m-%d %H:%M}" for slot in slots(cron, zone, after=at(first), until=at(last))]


def test_slots_lie_after_the_first_moment_and_up_to_the_last() -> None:
    assert days("0 6 * * *", "UTC", "2026-11-23T06:00", "2026-11-25T06:00") == ["11-24 06:00", "11-25 06:00"]


def test_no_slot_in_an_empty_or_backward_stretch() -> None:
    assert days("0 6 * * *", "UTC", "2026-11-23T06:00", "2026-11-23T06:00") == []
    assert days("0 6 * * *", "UTC", "2026-11-25T06:00", "2026-11-23T06:00") == []


def test_slots_are_utc() -> None:
    found = slots("30 6 * * *", BERLIN, after=at("2026-11-23T00:00"), until=at("2026-11-24T00:00"))
    assert found == [at("2026-11-23T05:30")]
    assert found[0].tzinfo is UTC


def test_weekdays_are_those_of_the_zone() -> None:
    # Monday 00:30 in Auckland is Sunday 11:30 in UTC.
    assert days("30 0 * * 1", "Pacific/Auckland", "2026-11-20T00:00", "2026-11-27T00:00") == ["11-22 11:30"]


def test_the_morning_keeps_its_hour_when_the_clock_goes_forward() -> None:
    assert days("30 6 * * *", BERLIN, "2026-03-27T12:00", "2026-03-30T12:00") == [
        "03-28 05:30",
        "03-29 04:30",
        "03-30 04:30",
    ]


def test_the_morning_keeps_its_hour_when_the_clock_goes_back() -> None:
    assert days("30 6 * * *", BERLIN, "2026-10-23T12:00", "2026-10-26T12:00") == [
        "10-24 04:30",
        "10-25 05:30",
        "10-26 05:30",
    ]


def test_an_hour_that_the_clock_leaves_out_still_has_one_slot_that_day() -> None:
    found = days("30 2 * * *", BERLIN, "2026-03-27T12:00", "2026-03-31T12:00")
    assert [slot[:5] for slot in found] == ["03-28", "03-29", "03-30", "03-31"]


def test_an_hour_that_the_clock_goes_through_twice_has_one_slot() -> None:
    found = days("30 2 * * *", BERLIN, "2026-10-23T12:00", "2026-10-27T12:00")
    assert [slot[:5] for slot in found] == ["10-24", "10-25", "10-26", "10-27"]


@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25"])
def test_every_hour_goes_on_without_a_gap_or_a_repeat_over_a_clock_change(night: str) -> None:
    first = at(f"{night}T00:00") - timedelta(hours=6)
    found = slots("0 * * * *", BERLIN, after=first, until=first + timedelta(hours=12))
    assert found == [first + timedelta(hours=hour) for hour in range(1, 13)]


@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25"])
@pytest.mark.parametrize("cron", ["30 2 * * *", "30 6 * * *", "0 * * * *"])
def test_looking_every_minute_finds_the_same_slots_as_looking_once(night: str, cron: str) -> None:
    first = at(f"{night}T00:00") - timedelta(hours=8)
    last = first + timedelta(hours=24)
    seen: list[datetime] = []
    after = first
    moment = first
    while moment < last:
        moment += timedelta(minutes=10)
        if due := slots(cron, BERLIN, after=after, until=moment):
            seen += due
            after = due[-1]
    assert seen == slots(cron, BERLIN, after=first, until=last)


def test_a_long_absence_is_caught_up_with_the_newest_slots_only() -> None:
    until = at("2026-11-24T00:00")
    found = slots("* * * * *", "UTC", after=until - timedelta(days=30), until=until)
    assert len(found) == schedules.MAX_SLOTS
    assert found[-1] == until
    assert found[0] == until - timedelta(minutes=schedules.MAX_SLOTS - 1)


@pytest.mark.parametrize(
    "cron", ["", "6:30", "61 * * * *", "* * * *", "* * * * * *", "* * * * * * 2030", "@reboot"]
)
def test_what_is_no_cron_expression_is_told_with_an_example(cron: str) -> None:
    with pytest.raises(BadSchedule, match=r"write five fields, such as 30 6 \* \* 1-5"):
        check(cron, "UTC")


@pytest.mark.parametrize("cron", [None, 5, ["30 6 * * *"], {}])
def test_a_rule_of_another_type_is_told_too(cron: object) -> None:
    with pytest.raises(BadSchedule):
        check(cron, "UTC")  # type: ignore[arg-type]  # what a JSON field of the admin may hold


def test_a_day_that_never_comes_is_told() -> None:
    with pytest.raises(BadSchedule, match="never comes"):
        check("0 6 30 2 *", "UTC")
    with pytest.raises(BadSchedule, match="never comes"):
        days("0 6 30 2 *", "UTC", "2026-11-23T06:00", "2026-11-25T06:00")


@pytest.mark.parametrize("zone", ["", "Berlin", "Europe", "../etc/passwd", 5])
def test_what_is_no_time_zone_is_told_with_an_example(zone: str) -> None:
    with pytest.raises(BadSchedule, match="write a name such as Europe/Berlin"):
        check("30 6 * * *", zone)


def test_a_good_rule_is_read_back() -> None:
    assert check("30 6 * * 1-5", BERLIN) == "at 30 6 * * 1-5 in Europe/Berlin"
