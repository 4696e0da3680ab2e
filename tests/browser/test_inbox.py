"""The inbox as a person uses it, in a real browser, with and without its script."""

import time
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from jobs.inbox import entry
from jobs.lifecycle import planning
from jobs.lifecycle.job import open_job
from jobs.models import Client, Delivery, Job, Review
from tests.jobs.conftest import claimed, done, message_result

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
both_ways = pytest.mark.parametrize(
    "page",
    [{"java_script_enabled": True}, {"java_script_enabled": False}],
    ids=["script", "no script"],
    indirect=True,
)
LONG = "Hello Marta,\n\n" + "\n\n".join(f"Paragraph {n} of a long message, a whole line of it." for n in range(30))


@pytest.fixture
def items(trattoria: Client) -> list[Review]:
    """Two messages and a question wait."""
    for subject, text in (("First status", "Hello Marta"), ("Second status", LONG)):
        open_job(title=subject, brief="Write it.", by="test", client=trattoria)
        planning.accept_plan(claimed(), [planning.PlannedStep("communication", "Write it", {})], by="orchestrator")
        done(message_result(subject=subject, text=text))
    open_job(title="Campaign", brief="Make a campaign.", by="test", client=trattoria)
    planning.ask(claimed(), question="Which one?", suggestions=["The prints", "Both"], recommended=1, by="test")
    return list(Review.objects.order_by("id"))


@pytest.fixture
def at_desk(page: Page, items: list[Review], owner: User, live_server: object) -> Page:
    """The page after logging in with the password."""
    page.goto(f"{live_server}/inbox/")
    page.get_by_label("Name").fill("owner")
    page.get_by_label("Password").fill("a long enough password")
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{live_server}/inbox/")
    return page


def seen(page: Page) -> None:
    """Wait until the page has been visible for as long as a decision by key asks."""
    deadline = time.monotonic() + 10
    while page.evaluate("performance.now()") < 900:
        assert time.monotonic() < deadline


def eventually(state: str, read: Callable[[], str]) -> None:
    """Poll until the row says so."""
    deadline = time.monotonic() + 10
    while read() != state:
        assert time.monotonic() < deadline, f"it is still {read()}"


@both_ways
def test_approve_then_undo(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    page.get_by_role("link", name="First status").click()
    expect(page.locator(".envelope")).to_contain_text("marta@example.com")
    page.locator("summary", has_text="Approve").click()
    expect(page.locator(".sheet:visible")).to_contain_text("30 seconds after you press")
    page.get_by_role("button", name="Send it").click()
    expect(page.locator("h1")).to_have_text("Second status")
    assert Delivery.objects.get(review=items[0]).state == "pending"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("h1")).to_have_text("First status")
    expect(page.get_by_role("status")).to_contain_text("Nothing was sent")
    assert Delivery.objects.get(review=items[0]).state == "held"


@both_ways
def test_edit_then_approve(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Subject").fill("Better subject")
    page.get_by_label("The message, in Markdown").fill("Dear **Marta**")
    page.get_by_role("button", name="Keep my version").click()
    expect(page.locator(".prose strong")).to_have_text("Marta")
    assert Delivery.objects.get(review=items[0]).state == "held", "keeping is not sending"
    page.locator("summary", has_text="Approve").click()
    expect(page.locator(".sheet:visible")).to_contain_text("Better subject")
    page.get_by_role("button", name="Send it").click()
    expect(page.locator("h1")).to_have_text("Second status")
    delivery = Delivery.objects.get(review=items[0])
    assert (delivery.state, delivery.fields["subject"]) == ("pending", "Better subject")


@both_ways
def test_ask_for_a_revision(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    page.locator("summary", has_text="Revise").click()
    page.get_by_label("What should be different?").fill("Shorter, please.")
    page.get_by_role("button", name="Send it back").click()
    expect(page.get_by_role("status")).to_contain_text("Sent back with your note")
    items[0].refresh_from_db()
    assert (items[0].state, items[0].note) == ("revising", "Shorter, please.")


@both_ways
def test_answer_with_a_suggestion(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    page.get_by_role("link", name="Which one?").click()
    page.get_by_role("button", name="Both").click()
    expect(page.get_by_role("status")).to_contain_text("Answered")
    items[2].refresh_from_db()
    assert (items[2].state, items[2].note) == ("answered", "Both")


@both_ways
def test_decline_and_put_off_until_all_is_clear(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    page.locator("summary", has_text="Decline").click()
    page.get_by_role("button", name="Decline: nothing is sent").click()
    expect(page.locator("h1")).to_have_text("Second status")
    for _ in range(2):
        page.locator("summary", has_text="Later").click()
        page.get_by_role("button", name="Tomorrow").click()
    expect(page.locator("h1")).to_have_text("All clear")


def test_keys_alone_decide(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    page.keyboard.press("j")
    expect(page.locator("h1")).to_have_text("Second status")
    page.keyboard.press("k")
    expect(page.locator("h1")).to_have_text("First status")
    seen(page)
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Send it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Second status")
    seen(page)
    page.keyboard.press("z")
    expect(page.locator("h1")).to_have_text("First status")
    seen(page)
    page.keyboard.press("r")
    page.get_by_label("What should be different?").type("Shorter")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("Sent back with your note")


def test_a_burst_of_keys_decides_nothing_unseen(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    page.add_init_script("performance.now = () => 100")
    page.reload()
    for key in ("a", "Enter", "a", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("h1")).to_have_text("First status")
    assert not Delivery.objects.exclude(state="held").exists()


def test_single_keys_can_be_switched_off(at_desk: Page) -> None:
    page = at_desk
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Approve")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    dialog.get_by_label("Single keys are on").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Send it")).to_be_hidden()


def test_what_was_typed_survives_a_reload(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("The message, in Markdown").fill("Half a sentence")
    page.reload()
    expect(page.get_by_label("The message, in Markdown")).to_have_value("Half a sentence")
    expect(page.get_by_text("What you had typed is back")).to_be_visible()


def test_a_job_moves_before_the_owners_eyes(at_desk: Page, live_server: object, trattoria: Client) -> None:
    page = at_desk
    job = open_job(title="Live", brief="Do it.", by="test", client=trattoria)
    page.goto(f"{live_server}/jobs/{job.uid}/")
    expect(page.get_by_text("Not planned yet.")).to_be_visible()
    planning.accept_plan(claimed(), [planning.PlannedStep("drafting", "Draft the page", {})], by="orchestrator")
    expect(page.locator(".steps")).to_contain_text("Draft the page")
    eventually("in_progress", lambda: Job.objects.get(pk=job.pk).state)


@both_ways
def test_a_link_lets_its_person_in_by_one_press(
    page: Page, items: list[Review], owner: User, live_server: object
) -> None:
    page.goto(f"{live_server}/enter/{entry.enter_link(owner).partition('/enter/')[2]}")
    page.get_by_role("button", name="Enter as owner").click()
    expect(page).to_have_url(f"{live_server}/inbox/")
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("h1")).to_have_text("Log in")


@pytest.mark.parametrize("page", [PHONE, PHONE | {"java_script_enabled": False}], indirect=True)
def test_on_a_phone_nothing_overflows_and_the_bar_is_in_view(at_desk: Page, live_server: object) -> None:
    page = at_desk
    expect(page.get_by_role("link", name="First status")).to_be_visible()
    expect(page.locator(".acts")).to_be_hidden()
    page.get_by_role("link", name="Second status").click()
    bar = page.locator(".acts").bounding_box()
    assert bar is not None
    assert bar["x"] >= 0
    assert bar["x"] + bar["width"] <= 390
    assert 700 < bar["y"] + bar["height"] <= 844
    for button in page.locator(".acts > .button, .acts > .act > summary").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 48
    for path in ("/inbox/", "/jobs/", "/jobs/?state=needs_review"):
        page.goto(f"{live_server}{path}")
        assert page.locator("html").evaluate("html => html.scrollWidth") <= 390


@pytest.mark.parametrize("path", ["/admin/", "/admin/jobs/job/", "/admin/jobs/trigger/add/"])
def test_the_engine_room_keeps_the_policy(at_desk: Page, live_server: object, path: str) -> None:
    at_desk.goto(f"{live_server}{path}")
    expect(at_desk.locator("h1").last).to_be_visible()
