"""The flow of decisions in a real browser: the next item at once, its answer behind it, and back if it fails."""

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from jobs.lifecycle import review as reviews
from jobs.models import Client, Delivery, Review
from tests.browser.desk import Gate, approve, enter, seen, sends, settled, shows, state, were_refusals
from tests.jobs.inbox.conftest import several
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# One long task behind the other.
BUSY = """
const work = new MessageChannel();
work.port1.onmessage = () => {
  for (const end = performance.now() + 20; performance.now() < end;);
  work.port2.postMessage(0);
};
work.port2.postMessage(0);
"""
POSTS = r"/(approval|decline|snooze)/$"


@pytest.fixture
def items(trattoria: Client) -> list[Review]:
    """Four messages for a client."""
    return several(trattoria, 4)


def test_the_next_item_stands_there_before_the_decision_is_answered(desk: Page, items: list[Review]) -> None:
    gate = Gate(desk, POSTS)
    approve(desk)
    shows(desk, "Status 1")
    expect(desk.locator("#pane")).to_be_focused()
    expect(desk.get_by_role("status")).to_have_text("Approved: Status 0.Now: Status 1, 1 of 3.")
    expect(desk.locator("#count")).to_have_text("3")
    expect(desk.locator("#tally")).to_have_text("3")
    expect(desk.get_by_role("link", name="Status 0")).to_be_hidden()
    assert desk.title() == "(3) Status 1 · Nightdesk"
    assert desk.url.endswith(f"/inbox/{items[1].pk}/")
    assert sends(items[0]) == "held"
    gate.release()
    until(lambda: sends(items[0]) == "pending")
    expect(desk.locator("#leaving")).to_contain_text("Status 0")
    shows(desk, "Status 1")


def test_decisions_are_sent_one_behind_the_other(desk: Page, items: list[Review]) -> None:
    gate = Gate(desk, POSTS)
    for title in ("Status 1", "Status 2", "Status 3"):
        approve(desk)
        shows(desk, title)
    gate.wait_for(1)
    assert [route.request.url.split("/")[-3] for route in gate.held] == [str(items[0].pk)]
    gate.release()
    until(lambda: [sends(item) for item in items] == ["pending"] * 3 + ["held"])
    released = Delivery.objects.filter(state="pending").order_by("ready_at")
    assert [row.review_id for row in released] == [item.pk for item in items[:3]]


def test_a_decision_that_does_not_get_through_brings_its_item_back(
    desk: Page, items: list[Review], complaints: list[str]
) -> None:
    gate = Gate(desk, POSTS)
    approve(desk)
    shows(desk, "Status 1")
    gate.wait_for(1)
    gate.cut()
    shows(desk, "Status 0")
    expect(desk.get_by_role("alert")).to_contain_text("nothing was sent")
    expect(desk.locator("#pane")).to_be_focused()
    expect(desk.locator("#tally")).to_have_text("4")
    expect(desk.get_by_role("link", name="Status 0")).to_be_visible()
    assert sends(items[0]) == "held"
    gate.release()
    approve(desk)
    shows(desk, "Status 1")
    until(lambda: sends(items[0]) == "pending")
    were_refusals(complaints)


def test_what_was_decided_on_the_phone_is_not_decided_again(desk: Page, items: list[Review], owner: User) -> None:
    reviews.decline(items[0], by=owner, version=1, reason="Not now.")
    approve(desk)
    expect(desk.get_by_role("alert")).to_contain_text("Already declined by you at")
    shows(desk, "Status 0")
    assert sends(items[0]) == "cancelled"


def test_the_pane_takes_no_key_while_the_next_item_is_still_read(desk: Page, items: list[Review]) -> None:
    seen(desk)
    desk.evaluate("ahead.clear()")
    gate = Gate(desk, rf"/inbox/{items[1].pk}/$")
    approve(desk)
    expect(desk.locator("#pane")).to_have_attribute("inert", "")
    gate.wait_for(1)
    for key in ("a", "Enter", "d"):
        desk.keyboard.press(key)
    gate.release()
    shows(desk, "Status 1")
    expect(desk.locator("#pane")).not_to_have_attribute("inert", "")
    until(lambda: sends(items[0]) == "pending")
    assert [state(item) for item in items[1:]] == ["open"] * 3


def test_after_the_last_all_is_clear(desk: Page, items: list[Review]) -> None:
    for title in ("Status 1", "Status 2", "Status 3", "All clear"):
        approve(desk)
        shows(desk, title)
    until(lambda: {sends(item) for item in items} == {"pending"})
    expect(desk.locator("#tally")).to_have_text("Nothing")
    assert desk.title() == "Inbox · Nightdesk"
    assert desk.url.endswith("/inbox/")


def test_the_last_of_the_list_is_followed_by_the_first(desk: Page, items: list[Review]) -> None:
    desk.get_by_role("link", name="Status 3").click()
    shows(desk, "Status 3")
    approve(desk)
    shows(desk, "Status 0")
    desk.keyboard.press("j")
    shows(desk, "Status 1")
    desk.keyboard.press("k")
    shows(desk, "Status 0")
    desk.go_back()
    shows(desk, "Status 1")


def test_undo_waits_for_the_decision_that_it_takes_back(desk: Page, items: list[Review]) -> None:
    approve(desk)
    shows(desk, "Status 1")
    until(lambda: sends(items[0]) == "pending")
    gate = Gate(desk, POSTS)
    approve(desk)
    shows(desk, "Status 2")
    desk.keyboard.press("z")
    gate.release()
    shows(desk, "Status 1")
    expect(desk.get_by_role("status")).to_contain_text("Nothing was sent.")
    assert [sends(item) for item in items] == ["pending", "held", "held", "held"]
    expect(desk.locator("#tally")).to_have_text("3")


def test_the_next_item_is_read_ahead_on_a_machine_that_is_never_idle(
    page: Page, items: list[Review], owner: User, live_server: object
) -> None:
    page.add_init_script(BUSY)
    enter(page, owner, live_server)
    until(lambda: page.evaluate("ahead.size") == 1)


@pytest.mark.parametrize("is_next_there", [True, False], ids=["next is there", "next is not there"])
def test_whoever_was_logged_out_is_led_to_the_login_and_back(
    desk: Page, items: list[Review], is_next_there: bool
) -> None:
    settled(desk)
    if not is_next_there:
        desk.evaluate("ahead.clear()")
    Session.objects.all().delete()
    approve(desk)
    expect(desk.locator("h1:visible")).to_have_text("Log in")
    desk.get_by_label("Name").fill("owner")
    desk.get_by_label("Password").fill("a long enough password")
    desk.get_by_role("button", name="Log in").click()
    shows(desk, "Status 0")
    assert sends(items[0]) == "held"
