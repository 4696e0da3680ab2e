"""Bars and lines stay inside their picture, and nothing is drawn for nothing."""

from datetime import date, timedelta

import pytest

from jobs.inbox import charts

FIRST = date(2026, 11, 1)


def values(*amounts: int) -> list[tuple[date, int]]:
    return [(FIRST + timedelta(days=place), amount) for place, amount in enumerate(amounts)]


def test_bars_stand_side_by_side_on_the_ground() -> None:
    chart = charts.days(values(10, 0, 40, 1), most=0)
    assert [bar.height for bar in chart.bars[:3]] == [40, 0, 160]
    assert all(bar.y + bar.height == charts.HEIGHT for bar in chart.bars)
    ends = [bar.x + bar.width for bar in chart.bars]
    assert ends == sorted(ends)
    assert ends[-1] <= charts.WIDTH
    assert chart.dearest
    assert chart.dearest.date == FIRST + timedelta(days=2)


def test_the_line_is_drawn_where_it_can_be_seen() -> None:
    chart = charts.days(values(10, 30), most=20)
    assert chart.line == pytest.approx(charts.HEIGHT / 3)
    assert [bar.is_over for bar in chart.bars] == [False, True]
    assert charts.days(values(1), most=1_000).line is None, "the bars would be no more than dust"


def test_of_nothing_there_is_no_dearest_day() -> None:
    chart = charts.days(values(0, 0), most=20)
    assert (chart.dearest, chart.line) == (None, None)
    assert charts.days([], most=0).bars == []
