"""What the inbox promises as a whole, in a real browser: by keys alone, without a script, on a phone."""

import time

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from jobs import queue
from jobs.models import Client, Delivery, Event, Review
from tests.browser import mixed
from tests.browser.desk import PHONE, approve, enter, seen, sends, shows, state
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST_KEYS = 75
MOST_SECONDS = 60  # for twenty; tests/bench/flow.py measures how long it takes
COUNTING = """
window.keys = 0; window.mouse = 0;
addEventListener("keydown", () => { window.keys += 1; }, true);
for (const name of ["mousedown", "mousemove", "pointerdown", "wheel", "touchstart"])
  addEventListener(name, () => { window.mouse += 1; }, true);
"""
YES = {"message": ["a", "Enter"], "merge": ["a", "Enter"], "question": ["1"], "failure": ["a"], "alarm": ["a"]}


def kind(page: Page) -> str:
    """The kind of the item that is shown."""
    name: str = page.locator("#item .head .meta").get_attribute("class") or ""
    return name.rpartition("kind-")[2]


@pytest.mark.long
def test_thirty_mixed_items_are_decided_by_keys_alone(
    page: Page, owner: User, trattoria: Client, live_server: object
) -> None:
    number = mixed.morning(trattoria, messages=12, merges=6, questions=4, failures=4, alarms=4)
    assert number == 30
    enter(page, owner, live_server)
    page.evaluate(COUNTING)
    begun = time.monotonic()
    for place in range(number):
        seen(page)
        shown = page.locator("#item").get_attribute("data-item")
        for key in YES[kind(page)]:
            page.keyboard.press(key)
        expect(page.locator("#item")).not_to_have_attribute("data-item", shown or "", timeout=20_000)
        if place == 19:
            assert time.monotonic() - begun < MOST_SECONDS
    shows(page, "All clear")
    assert page.evaluate("window.mouse") == 0
    assert page.evaluate("window.keys") <= MOST_KEYS
    states = Review.objects.values_list("state", flat=True)
    until(lambda: sorted(states.all()) == ["answered"] * 12 + ["approved"] * 18)
    assert Event.objects.filter(name__in=["review.approved", "review.answered"]).count() == 30


def test_a_wrong_approval_is_taken_back_by_one_key_before_anything_leaves(
    page: Page, owner: User, trattoria: Client, live_server: object
) -> None:
    item = mixed.message(trattoria, text="Hello")
    enter(page, owner, live_server)
    approve(page)
    until(lambda: sends(item) == "pending")
    assert queue.claim_delivery() is None
    expect(page.locator("#leaving")).to_contain_text("Leaves in")
    page.keyboard.press("z")
    shows(page, "Status")
    until(lambda: sends(item) == "held")
    assert not Delivery.objects.exclude(approved_digest="").exists()
    expect(page.locator("#leaving")).not_to_contain_text("Status")


@pytest.mark.parametrize("page", [{"java_script_enabled": False}], ids=["no script"], indirect=True)
def test_every_kind_is_decided_without_a_script(
    page: Page, owner: User, trattoria: Client, live_server: object
) -> None:
    doubtful = mixed.unknown(trattoria, owner)
    mixed.morning(trattoria, messages=1, merges=1, questions=1, failures=1, alarms=1)
    enter(page, owner, live_server, f"/inbox/{doubtful.pk}/")
    buttons = {
        "message": ["Approve", "Send it"],
        "merge": ["Merge", "Merge it"],
        "question": ["The prints"],
        "failure": ["Retry"],
        "alarm": ["Noted"],
    }
    page.get_by_role("button", name="It arrived").click()
    for _ in range(5):
        *opened, last = buttons[kind(page)]
        for name in opened:
            page.locator("#item .acts summary", has_text=name).click()
        page.locator("#item").get_by_role("button", name=last).click()
    shows(page, "All clear")
    assert state(doubtful) == "answered"
    assert not Review.objects.filter(state="open").exists()


@pytest.mark.parametrize(
    "page", [PHONE, PHONE | {"java_script_enabled": False}], ids=["script", "no script"], indirect=True
)
def test_on_a_phone_nothing_overflows_and_the_thumb_bar_is_in_view(
    page: Page, owner: User, trattoria: Client, live_server: object
) -> None:
    mixed.unknown(trattoria, owner)
    mixed.message(trattoria)
    mixed.merge(trattoria, "wide" * 40)
    mixed.question(trattoria)
    for cause in ("alone", "twice", "twice"):
        mixed.failure(cause=f"https://example.com/{'wide' * 40} answered {cause}.")
    mixed.empty_runs(1)
    items = Review.objects.filter(state="open")
    assert set(items.values_list("kind", flat=True)) == {"message", "merge", "question", "failure", "alarm"}
    enter(page, owner, live_server)
    for item in items:
        page.goto(f"{live_server}/inbox/{item.pk}/")
        assert wrong_on_a_phone(page) == [], f"{item.kind}: {item.title}"


def wrong_on_a_phone(page: Page) -> list[str]:
    """What of the item's page stands beyond a phone's edge, or is too small for a thumb."""
    wrong = [] if page.evaluate("document.documentElement.scrollWidth") <= 390 else ["the page is too wide"]
    bar = page.locator("#item .acts")
    for button in bar.locator("> .button:visible, > .act > summary, > form > .button").all():
        box = button.bounding_box()
        assert box is not None
        if box["x"] < 0 or box["x"] + box["width"] > 390 or box["height"] < 48 or box["y"] + box["height"] > 844:
            wrong.append(f"{button.inner_text()}: {box}")
    for sheet in bar.locator("> .act > summary").all():
        sheet.click()
        inside = page.locator(".act[open] .sheet").bounding_box()
        assert inside is not None
        if inside["y"] < 0 or page.evaluate("document.documentElement.scrollWidth") > 390:
            wrong.append(f"the sheet of {sheet.inner_text()}: {inside}")
        sheet.click()
    return wrong
