"""The inbox as a person uses it, in a real browser, with and without its script."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from jobs.inbox import entry
from jobs.lifecycle import planning
from jobs.lifecycle.job import open_job
from jobs.models import Client, Delivery, Job, Review
from tests.browser.desk import PHONE, both_ways, enter, seen, sends, state, were_refusals
from tests.jobs.conftest import claimed, done, message_result
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

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
    """The owner before the inbox."""
    return enter(page, owner, live_server)


@both_ways
def test_approve_then_undo(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    page.get_by_role("link", name="First status").click()
    expect(page.locator(".envelope")).to_contain_text("marta@example.com")
    page.locator("summary", has_text="Approve").click()
    expect(page.locator(".sheet:visible")).to_contain_text("30 seconds after you press")
    seen(page)
    page.get_by_role("button", name="Send it").click()
    expect(page.locator("h1:visible")).to_have_text("Second status")
    until(lambda: sends(items[0]) == "pending")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("h1:visible")).to_have_text("First status")
    expect(page.get_by_role("status")).to_contain_text("Nothing was sent")
    assert Delivery.objects.get(review=items[0]).state == "held"


@both_ways
def test_edit_then_approve(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Subject").fill("Better subject")
    page.get_by_label("The message, in Markdown").fill("Dear **Marta**")
    seen(page)
    page.get_by_role("button", name="Keep my version").click()
    expect(page.locator(".prose strong")).to_have_text("Marta")
    assert Delivery.objects.get(review=items[0]).state == "held", "keeping is not sending"
    page.locator("summary", has_text="Approve").click()
    expect(page.locator(".sheet:visible")).to_contain_text("Better subject")
    seen(page)
    page.get_by_role("button", name="Send it").click()
    expect(page.locator("h1:visible")).to_have_text("Second status")
    until(lambda: sends(items[0]) == "pending")
    delivery = Delivery.objects.get(review=items[0])
    assert (delivery.state, delivery.fields["subject"]) == ("pending", "Better subject")


@both_ways
def test_ask_for_a_revision(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    page.locator("summary", has_text="Revise").click()
    page.get_by_label("What should be different?").fill("Shorter, please.")
    seen(page)
    page.get_by_role("button", name="Send it back").click()
    expect(page.get_by_role("status")).to_contain_text("Sent back with your note")
    until(lambda: state(items[0]) == "revising")
    items[0].refresh_from_db()
    assert (items[0].state, items[0].note) == ("revising", "Shorter, please.")


@both_ways
def test_answer_with_a_suggestion(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    page.get_by_role("link", name="Which one?").click()
    expect(page.locator("h1:visible")).to_have_text("Which one?")
    seen(page)
    page.get_by_role("button", name="Both").click()
    expect(page.get_by_role("status")).to_contain_text("Answered")
    until(lambda: state(items[2]) == "answered")
    items[2].refresh_from_db()
    assert (items[2].state, items[2].note) == ("answered", "Both")


@both_ways
def test_decline_and_put_off_until_all_is_clear(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    page.locator("summary", has_text="Decline").click()
    seen(page)
    page.get_by_role("button", name="Decline: nothing is sent").click()
    for title in ("Second status", "Which one?"):
        expect(page.locator("h1:visible")).to_have_text(title)
        page.locator("summary", has_text="Later").click()
        seen(page)
        page.get_by_role("button", name="Tomorrow").click()
    expect(page.locator("h1:visible")).to_have_text("All clear")
    assert [state(item) for item in items] == ["declined", "open", "open"]


def test_keys_alone_decide(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    page.keyboard.press("j")
    expect(page.locator("h1:visible")).to_have_text("Second status")
    page.keyboard.press("k")
    expect(page.locator("h1:visible")).to_have_text("First status")
    seen(page)
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Send it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1:visible")).to_have_text("Second status")
    seen(page)
    page.keyboard.press("z")
    expect(page.locator("h1:visible")).to_have_text("First status")
    seen(page)
    page.keyboard.press("r")
    page.get_by_label("What should be different?").type("Shorter")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("Sent back with your note")


def test_arrows_move_as_letters_do_and_o_opens_by_itself(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    page.keyboard.press("ArrowDown")
    expect(page.locator("h1:visible")).to_have_text("Second status")
    page.keyboard.press("ArrowUp")
    expect(page.locator("h1:visible")).to_have_text("First status")
    page.locator(".brief").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("h1:visible")).to_have_text("First status")
    page.goto(page.url.partition("/inbox/")[0] + "/inbox/")
    page.keyboard.press("o")
    expect(page).to_have_url(re.compile(rf"/inbox/{items[0].pk}/$"))


@both_ways
def test_what_an_item_rests_on_is_read_in_its_place(at_desk: Page) -> None:
    evidence = at_desk.get_by_label("What it rests on")
    has_script = at_desk.evaluate("typeof aside") == "function"
    for title, shows, leads in (
        ("Timeline", "Planning began.", "The whole job"),
        ("Steps and cost", "1 attempt", "The whole job"),
        ("Prompt and response", "Nothing was asked of a model", "Word for word"),
    ):
        part = evidence.locator("details", has=at_desk.locator("summary", has_text=title))
        part.locator("summary").first.click()
        expect(part.get_by_role("link", name=leads)).to_be_visible()
        if has_script:
            expect(part).to_contain_text(shows)
    evidence.get_by_role("link", name="Word for word").click()
    expect(at_desk).to_have_url(re.compile(r"/jobs/[0-9a-f-]{36}/runs/\d+/$"))


def test_what_could_not_be_brought_is_brought_later_and_only_once(at_desk: Page, complaints: list[str]) -> None:
    page, part = at_desk, at_desk.locator("details", has=at_desk.locator("[data-key=t]"))
    page.evaluate("import(more)")
    page.context.set_offline(True)
    page.keyboard.press("t")
    until(lambda: page.evaluate("1") and bool(complaints))
    expect(part.locator("a[data-part]")).to_be_visible()
    page.context.set_offline(False)
    were_refusals(complaints)
    page.keyboard.press("t")
    page.keyboard.press("t")
    expect(part.locator(".timeline")).to_be_visible()
    page.keyboard.press("t")
    page.keyboard.press("t")
    expect(part.locator(".timeline")).to_have_count(1)


def test_keys_lead_to_the_words_of_the_model_and_to_the_search(at_desk: Page) -> None:
    page = at_desk
    page.keyboard.press("p")
    expect(page.locator(".words")).to_be_visible()
    page.keyboard.press("/")
    page.wait_for_url(re.compile(r"/jobs/\?find$"))
    expect(page.get_by_label("Words")).to_be_focused()
    page.get_by_label("Words").blur()
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page).to_have_url(re.compile(r"/setup/$"))


def test_a_burst_of_keys_decides_nothing_unseen(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    page.add_init_script("performance.now = () => 100")
    page.reload()
    for key in ("a", "Enter", "a", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("h1:visible")).to_have_text("First status")
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


def test_what_could_not_be_fetched_is_asked_for_again(at_desk: Page, complaints: list[str]) -> None:
    page, asked = at_desk, []
    page.on("request", lambda request: asked.append(request.url))
    page.context.set_offline(True)
    page.keyboard.press("?")
    until(lambda: page.evaluate("more").endswith("aside.js?"))
    were_refusals(complaints)
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.context.set_offline(False)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Approve")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert len([url for url in asked if "aside" in url]) == 2


def test_what_was_typed_survives_a_reload(at_desk: Page, items: list[Review]) -> None:
    page = at_desk
    with page.expect_response(lambda answer: "aside" in answer.url):  # before the first word, not with it
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
    until(lambda: Job.objects.get(pk=job.pk).state == "in_progress")


@both_ways
def test_a_link_lets_its_person_in_by_one_press_and_the_password_afterwards(
    page: Page, items: list[Review], owner: User, live_server: object
) -> None:
    page.goto(f"{live_server}/enter/{entry.enter_link(owner).partition('/enter/')[2]}")
    page.get_by_role("button", name="Enter as owner").click()
    expect(page).to_have_url(f"{live_server}/inbox/")
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("h1:visible")).to_have_text("Log in")
    page.get_by_label("Name").fill("owner")
    page.get_by_label("Password").fill("a long enough password")
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{live_server}/inbox/")


@pytest.mark.parametrize("page", [{"locale": "de", "viewport": {"width": 1280, "height": 800}}], indirect=True)
def test_the_place_in_the_list_stands_in_the_first_line_however_much_stands_before_it(at_desk: Page) -> None:
    page = at_desk
    Review.objects.update(due_at=timezone.now() - timedelta(days=3), created_at=timezone.now() - timedelta(days=9))
    Client.objects.update(name="Trattoria Lume und Töchter")
    page.reload()
    expect(page.locator(".head .risk")).to_contain_text("war fällig")
    kind, place, risk = (page.locator(f".head {part}").bounding_box() for part in (".kind", ".position", ".risk"))
    assert kind
    assert place
    assert risk
    middle = kind["y"] + kind["height"] / 2
    assert place["y"] < middle < place["y"] + place["height"] < kind["y"] + 2 * kind["height"]
    assert risk["y"] >= kind["y"] + kind["height"] or risk["x"] + risk["width"] <= place["x"], "nothing is under it"


@pytest.mark.parametrize("page", [PHONE, PHONE | {"java_script_enabled": False}], indirect=True)
def test_on_a_phone_nothing_overflows_and_the_bar_is_in_view(at_desk: Page, live_server: object) -> None:
    page = at_desk
    expect(page.get_by_role("link", name="First status")).to_be_visible()
    expect(page.locator(".acts")).to_be_hidden()
    page.get_by_role("link", name="Second status").click()
    expect(page.locator("h1:visible")).to_have_text("Second status")
    expect(page.locator(".acts")).to_be_visible()
    bar = page.locator(".acts").bounding_box()
    assert bar is not None
    assert bar["x"] >= 0
    assert bar["x"] + bar["width"] <= 390
    assert 700 < bar["y"] + bar["height"] <= 844
    for button in page.locator(".acts > .button:visible, .acts > .act > summary").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 48
    for path in ("/inbox/", "/jobs/", "/jobs/?state=needs_review"):
        page.goto(f"{live_server}{path}")
        assert page.locator("html").evaluate("html => html.scrollWidth") <= 390


def test_the_engine_room_keeps_the_policy(at_desk: Page, live_server: object) -> None:
    for path in ("/admin/", "/admin/jobs/job/", "/admin/jobs/trigger/add/"):
        at_desk.goto(f"{live_server}{path}")
        expect(at_desk.locator("h1:visible").last).to_be_visible()
