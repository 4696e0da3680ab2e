"""Several items at once, and one decision with much to say, in a real browser with and without its script."""

import pytest
from playwright.sync_api import Page, expect

from jobs.models import Client, Review, Task
from tests.browser.desk import PHONE, both_ways, seen, shows, state
from tests.jobs.inbox.conftest import several
from tests.jobs.lifecycle.test_together import failed
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def items(trattoria: Client) -> list[Review]:
    """Two messages, two failures of one cause, and one of another."""
    several(trattoria, 2)
    failed(2)
    failed(1, cause="The source answered 500.")
    return list(Review.objects.order_by("id"))


def tick(page: Page, title: str) -> None:
    """Select the row with this title."""
    page.locator("li", has_text=title).hover()
    page.locator("li", has_text=title).get_by_role("checkbox").check()


@both_ways
def test_only_what_is_safe_is_approved_together(desk: Page, items: list[Review]) -> None:
    bar = desk.get_by_role("group", name="Together")
    expect(bar).to_be_hidden()
    tick(desk, "Status 1")
    expect(bar).to_be_visible()
    expect(bar.get_by_role("button", name="Approve these")).to_be_hidden()
    tick(desk, "answered 500")
    tick(desk, "The same failure in 2 jobs")
    said = desk.evaluate("getComputedStyle(document.querySelector('.batch p'), '::before').content")
    assert "counter(safe)" in said
    bar.get_by_role("button", name="Approve these").click()
    expect(desk.get_by_role("status")).to_have_text("Done for 3 items. 1 was left: it is decided by itself.")
    until(lambda: [state(item) for item in items] == ["open"] * 2 + ["answered"] * 3)
    expect(desk.locator("#tally")).to_have_text("2")


@both_ways
def test_the_same_failure_is_one_row_with_one_retry(desk: Page, items: list[Review]) -> None:
    row = desk.get_by_role("link", name="The same failure in 2 jobs")
    expect(row.locator(".times")).to_contain_text("2")
    row.click()
    expect(desk.get_by_label("The same failure").get_by_role("link")).to_have_count(2)
    expect(desk.locator("#item [data-place]")).to_have_text("3 of 5")
    seen(desk)
    desk.get_by_role("button", name="Retry all 2").click()
    until(lambda: [state(item) for item in items] == ["open"] * 2 + ["answered"] * 2 + ["open"])
    expect(desk.locator("#tally")).to_have_text("3")


def test_rows_are_selected_by_keys(desk: Page, items: list[Review]) -> None:
    desk.keyboard.press("x")
    expect(desk.locator(".pick input:checked")).to_have_count(1)
    for place in ("2 of 5", "3 of 5", "5 of 5"):
        desk.keyboard.press("j")
        expect(desk.locator("#item [data-place]")).to_have_text(place)
    desk.keyboard.press("Shift+X")
    expect(desk.locator(".pick input:checked")).to_have_count(4)
    desk.keyboard.press("Shift+H")
    expect(desk.locator("#tally")).to_have_text("Nothing")
    shows(desk, "All clear")
    until(lambda: Review.objects.filter(snoozed_until__isnull=False).count() == 5)


@both_ways
def test_no_is_as_near_as_yes_and_has_ready_reasons(desk: Page, items: list[Review]) -> None:
    desk.locator("#item summary", has_text="Decline").click()
    seen(desk)
    desk.get_by_role("button", name="Wrong tone.").click()
    shows(desk, "Status 1")
    until(lambda: state(items[0]) == "declined")
    assert Review.objects.get(pk=items[0].pk).note == "Wrong tone."


def test_no_takes_two_keys(desk: Page, items: list[Review]) -> None:
    seen(desk)
    desk.keyboard.press("d")
    desk.keyboard.press("2")
    shows(desk, "Status 1")
    until(lambda: Review.objects.get(pk=items[0].pk).note == "Wrong facts.")
    seen(desk)
    desk.keyboard.press("d")
    expect(desk.get_by_role("button", name="Decline: nothing is sent")).to_be_focused()
    desk.keyboard.press("Enter")
    until(lambda: state(items[1]) == "declined")


@both_ways
def test_an_item_is_put_off_until_a_time_that_is_shown(desk: Page, items: list[Review]) -> None:
    desk.locator("#item summary", has_text="Later").click()
    choices = desk.locator(".sheet:visible button")
    expect(choices).to_have_count(4)
    expect(choices.nth(2)).to_contain_text("07:00")
    seen(desk)
    choices.nth(0).click()
    shows(desk, "Status 1")
    until(lambda: Review.objects.get(pk=items[0].pk).snoozed_until)


@both_ways
def test_notes_on_passages_go_as_one_revision(desk: Page, items: list[Review]) -> None:
    desk.locator("#item summary", has_text="Revise").click()
    desk.locator("#notes summary").click()
    desk.get_by_label("Passage 1").fill("Hello Marta")
    desk.get_by_label("Note 1").fill("Her name is Martha.")
    desk.get_by_label("What should be different?").fill("Shorter.")
    seen(desk)
    desk.get_by_role("button", name="Send it back").click()
    shows(desk, "Status 1")
    until(lambda: state(items[0]) == "revising")
    task = Task.objects.get(reviews=items[0])
    assert task.revision_note == "On “Hello Marta”: Her name is Martha.\n\nShorter."


def test_a_marked_passage_becomes_a_note_and_is_kept(desk: Page, items: list[Review]) -> None:
    button = desk.get_by_role("button", name="Note on this")
    expect(button).to_be_hidden()
    desk.locator(".prose p").first.select_text()
    expect(button).to_be_visible()
    desk.keyboard.press("n")
    expect(desk.get_by_label("Passage 1")).to_have_value("Hello Marta")
    expect(desk.get_by_label("Note 1")).to_be_focused()
    desk.keyboard.type("Her name is Martha.")
    desk.keyboard.press("Escape")
    desk.reload()
    desk.locator("#item summary", has_text="Revise").click()
    expect(desk.get_by_label("What should be different?")).to_be_focused()
    assert desk.get_by_label("Note 1").input_value() == "Her name is Martha."


def test_after_the_last_round_it_says_so(desk: Page, items: list[Review]) -> None:
    Task.objects.filter(reviews=items[0]).update(round=4)
    desk.reload()
    desk.locator("#item summary", has_text="Revise").click()
    expect(desk.locator(".sheet:visible")).to_contain_text("It was revised 4 times already.")


@pytest.mark.parametrize("page", [PHONE], indirect=True)
def test_rows_are_selected_with_a_thumb(desk: Page, items: list[Review]) -> None:
    box = desk.locator(".pick").first.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44
    desk.locator(".pick").first.tap()
    bar = desk.get_by_role("group", name="Together").bounding_box()
    assert bar is not None
    assert bar["y"] + bar["height"] <= 844
    assert desk.evaluate("document.documentElement.scrollWidth") <= 390
