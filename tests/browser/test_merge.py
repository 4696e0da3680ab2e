"""A pull request as a person meets it in a real browser, with and without its script."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from jobs.inbox import rendering
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import feedback
from jobs.lifecycle import task as tasks
from jobs.lifecycle.artifact import File
from jobs.lifecycle.feedback import News
from jobs.models import Client, Delivery, Job, Review
from tests.browser import mixed
from tests.browser.desk import both_ways, enter, seen
from tests.jobs.conftest import claimed, job, planned, sending
from tests.jobs.inbox.conftest import PATCH

__all__ = ["job", "planned"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PLACE = "https://github.com/acme/shop"
PAGE = f"{PLACE}/pull/13"
SHA = "9f1c2e0000000000000000000000000000000000"


@pytest.fixture
def merge(planned: Callable[..., Job]) -> Review:
    """A pull request with a check that failed, one that passed, and two remarks."""
    planned()
    points = ["Is rounding up right for refunds?", "The price list in docs/ is not touched."]
    fields = {"repository": "shop", "base_sha": "0" * 40, "message": "Round VAT up", "open_points": points}
    effect = tasks.WantedEffect("branch", fields, ["changes.patch"])
    files = [
        File("patch", "changes.patch", "text/x-diff", PATCH.encode()),
        File("test_output", "tests.txt", "text/plain", b"$ make test\n12 passed\n"),
    ]
    tasks.succeed(claimed(), tasks.Result({}, "+1 -1 in 1 file, tests pass", files, [effect]), by="agent:code")
    branch = f"agent/{Job.objects.get().uid}"
    merging = {"repository": "shop", "number": 13, "commit": SHA, "branch": branch, "into": "main"}
    deliveries.land(
        sending(), external_id=SHA, url=PAGE, detail=f"{branch} on shop", merging=merging, by="deliveries"
    )
    told: list[dict[str, Any]] = [
        {"kind": "check", "name": "tests (3.11)", "result": "success", "commit": SHA, "url": f"{PLACE}/runs/1"},
        {"kind": "check", "name": "lint", "result": "failure", "commit": SHA, "url": f"{PLACE}/runs/2"},
        {
            "kind": "remark",
            "author": "mona",
            "text": "Round half up?",
            "where": "vat.py:2",
            "url": PAGE,
            "steers": True,
        },
        {"kind": "remark", "author": "stranger", "text": "Nice <b>work</b>!", "url": PAGE},
    ]
    for one in told:
        feedback.take(News(**{"place": PLACE, "branch": branch, **one}), source="github")
    return Review.objects.get()


@pytest.mark.parametrize(
    "page",
    [{"java_script_enabled": True}, {"java_script_enabled": False}, {"viewport": {"width": 390, "height": 844}}],
    ids=["script", "no script", "phone"],
    indirect=True,
)
def test_a_pull_request_is_read_and_merged(page: Page, owner: User, merge: Review, live_server: object) -> None:
    enter(page, owner, live_server, f"/inbox/{merge.pk}/")
    facts = page.get_by_label("What is asked")
    expect(facts.get_by_role("link", name="Open the pull request")).to_have_attribute("href", PAGE)
    expect(facts.locator(".badge")).to_have_text("failed")
    expect(facts.locator("li").first).to_have_text("lint: failure")
    points = ["What handles money changes", "Is rounding up right", "The price list"]
    expect(page.locator("#points li")).to_contain_text(points)
    said = page.locator("#remarks")
    expect(said).to_contain_text("mona, vat.py:2")
    expect(said).to_contain_text("Nice <b>work</b>!")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator("summary", has_text="Merge").click()
    expect(page.locator(".sheet:visible")).to_contain_text(f"at exactly the commit shown here: {SHA[:12]}")
    seen(page)
    page.get_by_role("button", name="Merge it").click()
    expect(page.locator("#leaving")).to_contain_text("Approved:")
    assert Delivery.objects.get(kind="merge").state == "pending"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("summary", has_text="Merge")).to_be_visible()
    assert Delivery.objects.get(kind="merge").state == "held"


@both_ways
def test_a_diff_is_read_side_by_side_where_there_is_room(
    page: Page, owner: User, merge: Review, live_server: object
) -> None:
    enter(page, owner, live_server, f"/inbox/{merge.pk}/")
    one, two = page.locator(".diff .unified"), page.locator(".diff .split")
    expect(one).to_be_visible()
    seen(page)
    page.get_by_role("button", name="Side by side").click()
    expect(two).to_be_visible()
    expect(one).to_be_hidden()
    expect(two.locator(".removed")).to_have_text(["-", "    return round(net)"])
    expect(two.locator(".added")).to_have_text(["+", "    return ceil(net)"])
    # Remembered for the session, and only for windows that are wide enough.
    page.goto(f"{live_server}/inbox/{merge.pk}/")
    expect(two).to_be_visible()
    page.set_viewport_size({"width": 1279, "height": 900})
    expect(two).to_be_hidden()
    expect(one).to_be_visible()
    expect(page.get_by_role("button", name="One below the other")).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 900})
    seen(page)
    page.get_by_role("button", name="One below the other").click()
    expect(one).to_be_visible()
    expect(two).to_have_count(0)


@both_ways
def test_a_long_diff_is_brought_file_by_file(
    page: Page, owner: User, merge: Review, live_server: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "LONG_DIFF", 3)
    enter(page, owner, live_server, f"/inbox/{merge.pk}/")
    file = page.locator("#file-1")
    expect(file.locator("table")).to_have_count(0)
    file.locator("summary").click()
    if page.evaluate("typeof aside") != "function":
        file.get_by_role("link", name="The lines of this file").click()
    expect(file.locator(".unified")).to_contain_text("return ceil(net)")
    expect(page.get_by_role("link", name="Open the pull request").last).to_have_attribute("href", PAGE)


def test_keys_lead_through_the_files_of_a_diff(
    page: Page, owner: User, trattoria: Client, live_server: object
) -> None:
    item = mixed.merge(trattoria)
    enter(page, owner, live_server, f"/inbox/{item.pk}/")
    files = page.locator("#item .diff > summary")
    expect(files).to_have_count(2)
    for key, place in (("]", 0), ("]", 1), ("]", 1), ("[", 0)):
        page.keyboard.press(key)
        expect(files.nth(place)).to_be_focused()
