"""Rules, what came in, and a hosted form as people use them, in a real browser, with and without its script."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from jobs.lifecycle.intake import accept
from jobs.models import Job, Receipt, Trigger
from tests.browser.desk import PHONE, both_ways, enter
from tests.jobs.conftest import a_rule, an_event

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FIELDS = [
    {"name": "email", "label": "Your mail address", "kind": "email", "required": True},
    {"name": "size", "label": "Size", "kind": "select", "options": ["Small", "Large"]},
    {"name": "message", "label": "What is it about?", "kind": "textarea", "required": True},
    {"name": "plans", "label": "Your plans", "kind": "file"},
]
LONG = "https://example.com/" + "a-very-long-address-" * 30


@pytest.fixture
def at_rules(page: Page, owner: User, live_server: object) -> Page:
    """The owner before the list of rules."""
    return enter(page, owner, live_server, "/triggers/")


@both_ways
def test_a_rule_is_written_tried_tested_and_switched(at_rules: Page) -> None:
    page = at_rules
    page.get_by_role("link", name="Write a rule").click()
    page.get_by_role("link", name="Form").click()
    page.get_by_label("Name").first.fill("Enquiry")
    page.get_by_label("drafting").check()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("“Enquiry” is a rule now.")).to_be_visible()
    page.get_by_label("or the body of one, as JSON").fill('{"subject": "Ask", "text": "Hello"}')
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("It would open: Ask")).to_be_visible()
    page.get_by_role("button", name="Send a test event").click()
    expect(page.get_by_text("marked as a test.")).to_be_visible()
    page.get_by_role("button", name="Switch it off").click()
    expect(page.get_by_text("The rule is off.")).to_be_visible()
    rule = Trigger.objects.get()
    assert (rule.enabled, rule.agents) == (False, ["drafting"])
    assert [receipt.outcome for receipt in Receipt.objects.all()] == ["test"]
    assert not Job.objects.exists()


@both_ways
def test_a_rule_is_made_from_what_met_none_in_two_clicks(at_rules: Page) -> None:
    page = at_rules
    event = an_event(source="github", address="", kind="issues.opened", data=ISSUE, summary="a/b#1: It breaks")
    receipt = accept(event, []).receipt
    page.get_by_role("link", name="What came in").click()
    page.get_by_role("link", name="met no rule").click()
    page.get_by_role("link", name="It breaks").click()
    page.get_by_role("link", name="Make a rule from it").click()
    page.get_by_role("button", name="Keep it and apply it to this event").click()
    expect(page.get_by_text("opened job")).to_be_visible()
    assert Job.objects.get().receipt == receipt


@both_ways
def test_somebody_fills_in_a_form(page: Page, live_server: object) -> None:
    a_rule("ask", name="Ask us", conditions={"fields": FIELDS})
    page.goto(f"{live_server}/hooks/form/ask/")
    page.get_by_label("Your mail address").fill("lea@example.com")
    page.get_by_label("Size").select_option("Large")
    page.get_by_label("What is it about?").fill("Do you deliver?")
    page.get_by_label("Your plans").set_input_files({"name": "plan.txt", "mimeType": "text/plain", "buffer": b"a"})
    expect(page.get_by_label("Leave this empty")).not_to_be_in_viewport()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    receipt = Receipt.objects.get()
    assert receipt.data["size"] == "Large"
    assert [(file.name, file.is_untrusted) for file in receipt.artifacts.all()] == [("plan.txt", True)]


@pytest.mark.parametrize("page", [PHONE, PHONE | {"color_scheme": "dark"}], ids=["light", "dark"], indirect=True)
def test_nothing_stands_beyond_the_edge_of_a_phone(at_rules: Page, live_server: object) -> None:
    rule = a_rule("ask", name=LONG[:120], conditions={"fields": FIELDS}, brief_template="{nobody}" + LONG)
    receipt = accept(an_event(summary=LONG[:300], sender=LONG[:255], data={"text": LONG}), [rule]).receipt
    pages = ["triggers/", "triggers/ask/", "triggers/ask/edit/", f"triggers/new/?receipt={receipt.pk}"]
    for path in [*pages, "receipts/", f"receipts/{receipt.pk}/", "hooks/form/ask/"]:
        at_rules.goto(f"{live_server}/{path}")
        assert at_rules.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path


ISSUE = {
    "event": "issues",
    "action": "opened",
    "repository": "a/b",
    "author_association": "OWNER",
    "text": "It breaks when I press it.",
}
