"""Spans and budgets as people write them."""

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone

from jobs.inbox import cost_forms


def dates(query: str) -> tuple[int, int]:
    """How many days ago the span of this address begins and ends."""
    _, begins, ends = cost_forms.span(QueryDict(query))
    today = timezone.localdate()
    return (today - begins).days, (today - ends).days


def ago(days: int) -> str:
    return (timezone.localdate() - timedelta(days=days)).isoformat()


def test_without_a_span_it_is_the_last_week() -> None:
    assert dates("") == (6, 0)
    assert dates("begins=x&ends=2026-13-45") == (6, 0)


def test_a_span_ends_today_at_the_latest_and_has_a_most() -> None:
    assert dates(f"begins={ago(3)}&ends={ago(1)}") == (3, 1)
    assert dates(f"begins={ago(3)}&ends={ago(-9)}") == (3, 0)
    assert dates(f"begins={ago(1)}&ends={ago(3)}") == (3, 3)
    assert dates("begins=1999-01-01") == (cost_forms.MOST_DAYS - 1, 0)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"usd": "25"}, 25_000_000),
        ({"usd": "7.50"}, 7_500_000),
        ({"usd": "0"}, 0),
        ({"usd": "9", "do": "usual"}, None),
    ],
)
def test_an_amount_is_in_dollars(given: dict[str, str], wanted: int | None) -> None:
    form = cost_forms.Budget({"version": "0", "do": "keep"} | given)
    assert form.is_valid(), form.refusal()
    assert form.cleaned_data == {"version": 0, "microusd": wanted}


@pytest.mark.parametrize("given", [{"usd": ""}, {"usd": "-1"}, {"usd": "10001"}, {"usd": "1.234"}, {"usd": "much"}])
def test_what_is_no_amount_says_so(given: dict[str, str]) -> None:
    form = cost_forms.Budget({"version": "0", "do": "keep"} | given)
    assert not form.is_valid()
    assert form.refusal()
