"""The list: identical failures are one line."""

from typing import Any

import pytest
from django.test import Client as Browser

from jobs.inbox.listing import line_of, lines
from jobs.models import Review
from tests.jobs.lifecycle.test_together import failed


def row(pk: int, kind: str = "failure", priority: int = 2, **payload: object) -> Review:
    """An item that is not stored."""
    facts = {"cause": "It answered 403.", "fix": "Renew the access."} | payload
    return Review(pk=pk, kind=kind, priority=priority, payload=facts)


def test_the_same_failures_join_the_first_of_them() -> None:
    rows = [row(1), row(2, kind="message"), row(3), row(4, cause="It answered 500."), row(5)]
    found = lines(rows)
    assert [[one.pk for one in line.all] for line in found] == [[1, 3, 5], [2], [4]]
    assert [line.size for line in found] == [3, 1, 1]
    found_line = line_of(found, rows[4])
    assert found_line is not None
    assert found_line.review.pk == 1
    assert line_of(found, row(9)) is None
    assert line_of(found, None) is None


@pytest.mark.parametrize(
    "other",
    [
        {"priority": 1},
        {"kind": "alarm"},
        {"fix": "Ask."},
        {"unknown": True},
        {"written": True},
        {"delivery": 7},
    ],
)
def test_what_differs_in_anything_that_matters_stands_alone(other: dict[str, Any]) -> None:
    assert len(lines([row(1), row(2, **other)])) == 2


def test_a_line_says_its_group_and_whether_it_is_safe() -> None:
    safe, client = lines([row(1), row(2, kind="message", priority=1)])
    assert (safe.is_safe, safe.priority) == (True, 2)
    assert (client.is_safe, client.priority) == (False, 1)


@pytest.mark.django_db
def test_safe_items_are_approved_together_over_http(desk: Browser, empty: Review) -> None:
    (failure,) = failed(1)
    assert "can be approved together" in desk.get("/inbox/").content.decode()
    items = [f"{failure.pk}:{failure.version},{empty.pk}:{empty.version}"]
    response = desk.post("/inbox/together/", {"do": "approve", "item": items}, follow=True)
    assert "Done for 2 items." in response.content.decode()
    assert set(Review.objects.values_list("state", flat=True)) == {"answered"}


@pytest.mark.django_db
def test_what_is_not_safe_or_not_selected_is_left(desk: Browser, message: Review) -> None:
    response = desk.post("/inbox/together/", {"do": "approve", "item": f"{message.pk}:1"}, follow=True)
    assert "1 was left: it is decided by itself." in response.content.decode()
    assert "select what you mean first" in desk.post("/inbox/together/", follow=True).content.decode()
    message.refresh_from_db()
    assert message.state == "open"
