"""Safe at speed, in a real browser: nothing is decided unseen and nothing is sent twice, whatever the keys do."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from jobs.models import Delivery, Event, Review
from tests.browser.desk import PHONE, Gate, approve, enter, seen, sends, settled, shows, were_refusals
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def phone(chromium: Browser, desk: Page, owner: User, live_server: object) -> Iterator[Page]:
    """The same owner's phone, with the first item open."""
    context = chromium.new_context(**PHONE)
    yield enter(context.new_page(), owner, live_server, f"/inbox/{Review.objects.order_by('id')[0].pk}/")
    context.close()


def approvals() -> int:
    """How often anything was approved."""
    return Event.objects.filter(name="review.approved").count()


@pytest.mark.parametrize("key", ["a", "Enter"])
def test_a_key_that_is_held_decides_once_at_most(desk: Page, items: list[Review], key: str) -> None:
    seen(desk)
    if key == "Enter":
        desk.keyboard.press("a")
    for _ in range(30):
        desk.keyboard.down(key)
        desk.wait_for_timeout(30)
    desk.keyboard.up(key)
    shows(desk, "Status 0" if key == "a" else "Status 1")
    if key == "Enter":
        until(lambda: sends(items[0]) == "pending")
    assert approvals() == (0 if key == "a" else 1)


def test_a_burst_decides_one_item_and_no_unseen_one(desk: Page, items: list[Review]) -> None:
    seen(desk)
    sent: list[str] = []
    desk.on("request", lambda request: sent.append(request.url))
    # Sent by the page itself: as fast as no hand and no test's round trip can be.
    desk.evaluate(
        """() => { for (let n = 0; n < 6; n += 1) {
            const press = new KeyboardEvent("keydown", {key: "a", bubbles: true, cancelable: true});
            document.activeElement.dispatchEvent(press);
            document.querySelector("#item [data-first]")?.click();
        } }"""
    )
    shows(desk, "Status 1")
    until(lambda: sends(items[0]) == "pending")
    settled(desk)
    assert sum(url.endswith("/approval/") for url in sent) == 1
    shows(desk, "Status 1")
    assert [sends(item) for item in items] == ["pending", "held", "held"]


def test_what_was_not_painted_yet_decides_nothing(desk: Page, items: list[Review]) -> None:
    seen(desk)
    sent: list[str] = []
    desk.on("request", lambda request: sent.append(request.url))
    # A busy machine takes its time between the change of a page and the first picture of it.
    desk.evaluate(
        """() => {
            const decide = () => {
                const press = new KeyboardEvent("keydown", {key: "a", bubbles: true, cancelable: true});
                document.activeElement.dispatchEvent(press);
                document.querySelector("#item [data-first]")?.click();
            };
            new MutationObserver((_, observer) => {
                observer.disconnect();
                const began = performance.now();
                while (performance.now() - began < 600);
                decide();
            }).observe(document.querySelector("#item").parentNode, {childList: true});
            decide();
        }"""
    )
    shows(desk, "Status 1")
    until(lambda: sends(items[0]) == "pending")
    settled(desk)
    assert sum(url.endswith("/approval/") for url in sent) == 1
    assert [sends(item) for item in items] == ["pending", "held", "held"]


def test_a_double_click_decides_one_item(desk: Page, items: list[Review]) -> None:
    seen(desk)
    desk.locator("summary", has_text="Later").click()
    desk.get_by_role("button", name="Tomorrow").dblclick()
    shows(desk, "Status 1")
    until(lambda: Review.objects.filter(snoozed_until__isnull=False).count() == 1)
    assert Event.objects.filter(name="review.snoozed").count() == 1


def test_a_second_tab_is_told_who_was_first(desk: Page, items: list[Review]) -> None:
    other = desk.context.new_page()
    other.goto(desk.url)
    shows(other, "Status 0")
    approve(desk)
    until(lambda: sends(items[0]) == "pending")
    approve(other)
    expect(other.get_by_role("alert")).to_contain_text("Already approved by you at")
    assert approvals() == 1
    assert Delivery.objects.exclude(approved_digest="").count() == 1


def test_phone_and_desktop_together_decide_each_item_once(desk: Page, phone: Page, items: list[Review]) -> None:
    gate, slow = Gate(desk, r"/approval/$"), Gate(phone, r"/approval/$")
    for page in (desk, phone):
        page.locator("#item summary", has_text="Approve").click()
        seen(page)
        page.get_by_role("button", name="Send it").click()
        shows(page, "Status 1")
    gate.wait_for(1)
    slow.wait_for(1)
    gate.release()
    slow.release()
    until(lambda: desk.get_by_role("alert").count() + phone.get_by_role("alert").count() == 1)
    assert approvals() == 1


@pytest.mark.parametrize("is_next_there", [True, False], ids=["next is there", "next is not there"])
def test_offline_nothing_is_lost_and_nothing_is_sent(
    desk: Page, items: list[Review], complaints: list[str], is_next_there: bool
) -> None:
    settled(desk)
    if not is_next_there:
        desk.evaluate("ahead.clear()")
    desk.context.set_offline(True)
    approve(desk)
    expect(desk.get_by_role("alert")).to_contain_text("There is no connection")
    shows(desk, "Status 0")
    assert approvals() == 0
    desk.context.set_offline(False)
    approve(desk)
    shows(desk, "Status 1")
    until(lambda: sends(items[0]) == "pending")
    assert approvals() == 1
    were_refusals(complaints)


def test_nothing_is_decided_while_the_page_is_hidden(desk: Page, items: list[Review]) -> None:
    seen(desk)
    desk.evaluate("Object.defineProperty(document, 'hidden', {get: () => true, configurable: true})")
    desk.keyboard.press("a")
    desk.keyboard.press("Enter")
    desk.evaluate("delete document.hidden")
    shows(desk, "Status 0")
    assert approvals() == 0


def test_no_key_of_a_closed_sheet_and_no_stray_key_decides(desk: Page, items: list[Review]) -> None:
    for key in ("1", "2", "4", "Enter", " ", "x"):
        desk.reload()
        seen(desk)
        desk.keyboard.press(key)
        desk.keyboard.press("?")
        expect(desk.get_by_role("dialog")).not_to_contain_text("Wrong tone")
        shows(desk, "Status 0")
    assert set(Review.objects.values_list("state", "snoozed_until")) == {("open", None)}
