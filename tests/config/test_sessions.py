"""Sessions that end."""

import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db

HOUR = 3600


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that sets the clock so many hours ahead."""
    begin = time.time()
    return lambda hours: monkeypatch.setattr("config.sessions.time.time", lambda: begin + hours * HOUR)


@pytest.fixture
def desk(owner: User) -> Browser:
    """A browser in which the owner has logged in just now."""
    browser = Browser()
    browser.force_login(owner)
    return browser


def is_in(browser: Browser, **headers: str) -> bool:
    return browser.get("/inbox/", headers=headers).status_code == 200


def test_who_comes_each_morning_stays_for_two_weeks(desk: Browser, at: Any) -> None:
    for day in range(14):
        at(24 * day)
        assert is_in(desk)
    at(24 * 14 + 1)
    assert not is_in(desk)
    assert "Please log in again" in desk.get("/login/").content.decode()


def test_who_stays_away_logs_in_again(desk: Browser, at: Any) -> None:
    assert is_in(desk)
    at(37)
    assert not is_in(desk)
    at(0)
    assert not is_in(desk)


def test_a_tab_that_asks_for_news_by_itself_keeps_no_session_alive(desk: Browser, at: Any) -> None:
    assert is_in(desk)
    for hours in range(1, 36, 5):
        at(hours)
        desk.get("/inbox/pulse/", headers={"sec-fetch-mode": "cors"})
        assert is_in(desk, **{"sec-fetch-mode": "cors"})
    at(37)
    assert not is_in(desk, **{"sec-fetch-mode": "cors"})


def test_a_decision_is_an_act_of_a_person(desk: Browser, at: Any) -> None:
    at(30)
    desk.post("/inbox/1/approval/", headers={"sec-fetch-mode": "cors"})
    at(60)
    assert is_in(desk)


def test_no_row_is_written_for_each_page(desk: Browser) -> None:
    with CaptureQueriesContext(connection) as queries:
        desk.get("/account/")
    assert not [query for query in queries.captured_queries if not query["sql"].startswith("SELECT")]


def test_an_ended_session_decides_nothing(desk: Browser, at: Any) -> None:
    at(37)
    assert desk.post("/inbox/1/approval/").headers["Location"].startswith("/login/")
