"""What the browser tests of the inbox share: a person before it, and waits for what is seen and what is stored."""

import re
import time
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client as Browser
from playwright.sync_api import Page, Route, expect

from jobs.inbox import entry
from jobs.models import Delivery, Review
from tests.waiting import PATIENCE, until

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
both_ways = pytest.mark.parametrize(
    "page",
    [{"java_script_enabled": True}, {"java_script_enabled": False}],
    ids=["script", "no script"],
    indirect=True,
)
SEEN = "typeof visibleSince === 'undefined' || performance.now() - visibleSince >= 400"


def seen(page: Page) -> None:
    """Wait until the item has been visible for as long as a decision asks."""
    until(lambda: page.evaluate(SEEN))


def enter(page: Page, owner: User, live_server: object, path: str = "/inbox/") -> Page:
    """Open the page in a session that the owner's link began; to press it in a browser has tests of its own."""
    owner.refresh_from_db()
    door = Browser()
    door.post(f"/enter/{entry.enter_link(owner).partition('/enter/')[2]}")
    session = door.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": str(live_server)}])
    page.goto(f"{live_server}{path}")
    return page


def settled(page: Page) -> None:
    """Wait until every decision is answered and the next item has been read ahead."""
    until(lambda: page.evaluate("onTheWay === 0 && (ahead.size === 1 || rows().length < 2)"))
    page.evaluate("Promise.allSettled([line, ...ahead.values()])")


def shows(page: Page, title: str) -> None:
    """Wait until this item stands in the pane."""
    expect(page.locator("#item h1")).to_have_text(title)


def approve(page: Page) -> None:
    """Approve the message that is shown, by its two keys, as fast as can be."""
    seen(page)
    page.keyboard.press("a")
    page.keyboard.press("Enter")


def state(review: Review) -> str:
    """Its state in the database now."""
    return Review.objects.values_list("state", flat=True).get(pk=review.pk)


def sends(review: Review) -> str:
    """The state of its message now."""
    return Delivery.objects.values_list("state", flat=True).get(review=review)


def were_refusals(complaints: list[str]) -> None:
    """What the console said were answers that the test asked for; forget them."""
    assert complaints
    assert all(said.startswith("Failed to load resource") for said in complaints), complaints
    complaints.clear()


class Gate:
    """Holds the requests to addresses with this in them until they are let through, cut off, or answered."""

    def __init__(self, page: Page, pattern: str) -> None:
        self.held: list[Route] = []
        self.is_open = False
        self.page = page
        self.pattern = re.compile(pattern)
        page.route(self.pattern, self._meet)

    def _meet(self, route: Route) -> None:
        if self.is_open:
            route.continue_()
        else:
            self.held.append(route)

    def wait_for(self, number: int) -> None:
        """Until so many have come."""
        deadline = time.monotonic() + PATIENCE
        while len(self.held) < number:
            assert time.monotonic() < deadline
            self.page.wait_for_timeout(20)

    def release(self) -> None:
        """Let through what is held, and all that comes."""
        self.is_open = True
        for route in self.held:
            route.continue_()
        self.held.clear()
        self.page.unroute(self.pattern)

    def cut(self) -> None:
        """The line breaks before anything arrives."""
        for route in self.held:
            route.abort()
        self.held.clear()
