"""A schedule's rule: its slots on the wall clock of its zone, over clock changes, bounded; what it refuses."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from jobs import schedules
from jobs.schedules import BadSchedule, Rule, read

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def slots(cron: str, zone: str, *, after: datetime, until: datetime) -> list[datetime]:
    """The slots between two moments."""
    return Rule(cron, zone).slots(after=after, until=until)


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


def test_the_next_slots_follow_a_moment() -> None:
    found = Rule("30 6 * * 1-5", BERLIN).following(at("2026-11-27T12:00"), 2)
    assert found == [at("2026-11-30T05:30"), at("2026-12-01T05:30")]


def test_without_jitter_a_slot_opens_at_its_time() -> None:
    assert Rule("0 6 * * *").opens_at(at("2026-11-23T06:00"), "morning") == at("2026-11-23T06:00")


def test_jitter_is_the_same_whoever_asks_and_another_for_each_slot_and_rule() -> None:
    rule = Rule("* * * * *", jitter=300)
    moments = [at("2026-11-23T06:00") + timedelta(minutes=minute) for minute in range(100)]
    late = [rule.opens_at(moment, "morning") - moment for moment in moments]
    assert late == [rule.opens_at(moment, "morning") - moment for moment in moments]
    assert late != [rule.opens_at(moment, "evening") - moment for moment in moments]
    assert len(set(late)) > 50
    assert timedelta() <= min(late) < max(late) <= timedelta(seconds=300)


def test_a_phrase_is_read_as_cron_and_shown_beside_it() -> None:
    rule = read({"when": "every weekday at 6:30", "timezone": BERLIN})
    assert rule.cron == "30 6 * * 1-5"
    assert str(rule) == (
        "every weekday at 6:30 (30 6 * * 1-5) in Europe/Berlin;"
        " of missed slots the latest is caught up; runs may overlap"
    )


def test_a_rule_says_what_becomes_of_what_was_missed_and_what_overlaps() -> None:
    conditions = {"cron": "0 6 * * *", "catch_up": "none", "overlap": "queue", "jitter": 60}
    assert str(read(conditions)) == (
        "at 0 6 * * * in UTC, up to 60 s later;"
        " missed slots are not caught up; a slot waits until the run before is done"
    )


@pytest.mark.parametrize(
    "cron", ["", "6:30", "61 * * * *", "* * * *", "* * * * * *", "* * * * * * 2030", "@reboot"]
)
def test_what_is_no_cron_expression_is_told_with_an_example(cron: str) -> None:
    with pytest.raises(BadSchedule, match=r"write five fields, such as 30 6 \* \* 1-5"):
        read({"cron": cron})


@pytest.mark.parametrize(
    "conditions",
    [
        [],
        None,
        "0 6 * * *",
        {},
        {"cron": None},
        {"cron": 5},
        {"cron": ["30 6 * * *"]},
        {"when": 5},
        {"when": ["every day at 9"]},
        {"when": "every day"},
        {"when": "every day at 9", "cron": "0 9 * * *"},
        {"cron": "0 9 * * *", "overlap": "maybe"},
        {"cron": "0 9 * * *", "overlap": ["skip"]},
        {"cron": "0 9 * * *", "catch_up": True},
        {"cron": "0 9 * * *", "jitter": -1},
        {"cron": "0 9 * * *", "jitter": 3601},
        {"cron": "0 9 * * *", "jitter": "60"},
        {"cron": "0 9 * * *", "jitter": True},
        {"corn": "0 9 * * *"},
        {5: "0 9 * * *"},
    ],
)
def test_conditions_of_another_shape_are_told_what_to_write(conditions: Any) -> None:
    with pytest.raises(BadSchedule):
        read(conditions)


@pytest.mark.parametrize("cron", ["0 6 30 2 *", "0 6 31 4 *"])
def test_a_day_that_never_comes_is_told(cron: str) -> None:
    with pytest.raises(BadSchedule, match="never comes"):
        read({"cron": cron})


@pytest.mark.parametrize("zone", ["", "Berlin", "Europe", "../etc/passwd", 5, None, []])
def test_what_is_no_time_zone_is_told_with_an_example(zone: Any) -> None:
    with pytest.raises(BadSchedule, match="write a name such as Europe/Berlin"):
        read({"cron": "30 6 * * *", "timezone": zone})


def test_a_slot_is_named_on_the_wall_clock_of_its_rule() -> None:
    slot = at("2026-11-23T05:30")
    assert schedules.label(slot, {"timezone": BERLIN}) == "2026-11-23 06:30 Europe/Berlin"
    unknown: list[Any] = [{}, {"timezone": "Mars"}, [], None]
    for conditions in unknown:
        assert schedules.label(slot, conditions) == "2026-11-23 05:30 UTC"
    assert Rule("0 6 * * *", BERLIN).zone == ZoneInfo(BERLIN)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "less than a minute"), (5, "5 min"), (60, "1 h"), (185, "3 h 5 min"), (2 * 1440 + 61, "2 d 1 h")],
)
def test_a_span_is_said_as_people_say_it(minutes: int, words: str) -> None:
    assert schedules.span(timedelta(minutes=minutes)) == words


def test_only_what_says_when_makes_a_rule_another_one() -> None:
    rule = {"cron": "0 6 * * *", "timezone": BERLIN}
    assert schedules.timing(rule) == schedules.timing(rule | {"catch_up": "all", "jitter": 5})
    assert schedules.timing(rule) != schedules.timing(rule | {"timezone": "UTC"})
    assert schedules.timing(["x"]) == [["x"]]


def test_of_many_schedules_the_first_slot_is_found_past_what_cannot_be_read() -> None:
    now = datetime(2026, 11, 27, 3, tzinfo=UTC)
    early, late = (json.dumps({"when": f"every day at {hour}:40", "timezone": "UTC"}) for hour in (4, 23))
    first = now.replace(hour=4, minute=40)
    assert schedules.first_of([late, '{"when": "at full moon"}', early, "[]"], now) == first
    just_before = first - timedelta(microseconds=1)
    assert schedules.first_of([early], just_before) == first
    assert schedules.first_of([early], first) == schedules.first_of([early], first + timedelta(seconds=59))
    assert schedules.first_of([early], first) == first + timedelta(days=1)
    assert schedules.first_of(['{"when": "at full moon"}'], now) is None
