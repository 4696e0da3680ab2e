"""What happens to the list while it is read, in a real browser: nothing moves under the cursor."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from jobs.lifecycle import review as reviews
from jobs.models import Client, Review
from tests.browser.desk import approve, enter, shows
from tests.jobs.inbox.conftest import several

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(page: Page, items: list[Review], owner: User, live_server: object) -> Page:
    """The owner before the inbox."""
    page.add_init_script("navigator.setAppBadge = (number) => { window.badge = number; return Promise.resolve(); }")
    return enter(page, owner, live_server)


def beat(page: Page) -> None:
    """Look for news now, as the page does every 15 seconds."""
    page.evaluate("beat()")


def titles(page: Page) -> list[str]:
    """The rows that can be seen, in their order."""
    return page.locator("#rows .name:visible").all_inner_texts()


def test_arrivals_wait_in_a_pill_until_they_are_asked_for(desk: Page, trattoria: Client) -> None:
    several(trattoria, 2)
    beat(desk)
    expect(desk.locator("#arrivals")).to_have_text("2 new")
    assert titles(desk) == ["Status 0", "Status 1", "Status 2"]
    assert desk.title() == "(5) Inbox · Nightdesk"
    expect(desk.locator("#count")).to_have_text("5")
    assert desk.evaluate("window.badge") == 5
    desk.locator("#arrivals").click()
    expect(desk.locator("#arrivals")).to_be_hidden()
    assert titles(desk) == ["Status 0", "Status 1", "Status 2", "Status 0", "Status 1"]
    shows(desk, "Status 0")
    expect(desk.locator("#item [data-place]")).to_have_text("1 of 5")


def test_what_comes_first_does_not_come_under_the_cursor(desk: Page, trattoria: Client) -> None:
    due = several(trattoria, 1)[-1]
    Review.objects.filter(pk=due.pk).update(title="Due", due_at=timezone.now() + timedelta(hours=1))
    beat(desk)
    expect(desk.locator("#arrivals")).to_have_text("1 new")
    assert titles(desk) == ["Status 0", "Status 1", "Status 2"]
    approve(desk)
    shows(desk, "Status 1")
    assert titles(desk) == ["Status 1", "Status 2"]
    desk.locator("#arrivals").click()
    expect(desk.locator("#rows .name:visible").first).to_have_text("Due")
    assert titles(desk) == ["Due", "Status 1", "Status 2"]


def test_what_was_decided_elsewhere_stays_where_it_is_and_is_passed_over(
    desk: Page, items: list[Review], owner: User
) -> None:
    reviews.decline(items[1], by=owner, version=1)
    beat(desk)
    expect(desk.get_by_role("link", name="Status 1")).to_have_class("row kind-message gone")
    assert titles(desk) == ["Status 0", "Status 1", "Status 2"]
    expect(desk.locator("#tally")).to_have_text("2")
    approve(desk)
    shows(desk, "Status 2")


def test_an_item_that_was_decided_elsewhere_says_so_while_it_is_read(
    desk: Page, items: list[Review], owner: User
) -> None:
    desk.goto(f"{desk.url}{items[0].pk}/")
    shows(desk, "Status 0")
    reviews.decline(items[0], by=owner, version=1)
    beat(desk)
    expect(desk.locator("#item .outcome")).to_contain_text("Declined by owner")
    expect(desk.locator("#item .acts")).to_have_count(0)


def test_news_move_neither_focus_nor_scroll_nor_what_is_typed(desk: Page, trattoria: Client) -> None:
    desk.set_viewport_size({"width": 1440, "height": 300})
    row = desk.get_by_role("link", name="Status 2")
    desk.locator(".list").evaluate("list => { list.scrollTop = 60; }")
    before = row.bounding_box()
    desk.locator("summary", has_text="Revise").click()
    desk.get_by_label("What should be different?").fill("Half a sen")
    several(trattoria, 2)
    beat(desk)
    expect(desk.locator("#arrivals")).to_have_text("2 new")
    expect(desk.get_by_label("What should be different?")).to_be_focused()
    expect(desk.get_by_label("What should be different?")).to_have_value("Half a sen")
    assert row.bounding_box() == before


def test_nobody_looks_for_news_while_the_page_is_hidden(desk: Page, trattoria: Client) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    desk.evaluate("Object.defineProperty(document, 'hidden', {get: () => true, configurable: true})")
    several(trattoria, 1)
    beat(desk)
    news = desk.evaluate("new URL(pulse, location).href")
    assert news not in asked
    desk.evaluate("delete document.hidden")
    beat(desk)
    assert news in asked
    expect(desk.locator("#arrivals")).to_have_text("1 new")


def test_work_that_comes_after_all_is_clear_is_shown_at_once(
    desk: Page, items: list[Review], trattoria: Client
) -> None:
    for title in ("Status 1", "Status 2", "All clear"):
        approve(desk)
        shows(desk, title)
    expect(desk.locator("link[rel=icon]")).to_have_attribute("href", "/static/nightdesk/icon.svg")
    expect(desk.locator("#tally")).to_have_text("Nothing")
    several(trattoria, 1)
    beat(desk)
    shows(desk, "Status 0")
    assert titles(desk) == ["Status 0"]
    expect(desk.locator("link[rel=icon]")).to_have_attribute("href", "/static/nightdesk/icon-waiting.svg")
