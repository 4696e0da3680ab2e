"""An alarm as a person meets it in a real browser, with and without its script."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from jobs.lifecycle import slot
from jobs.models import Job, Review, Trigger
from tests.browser.desk import enter, seen
from tests.jobs.conftest import last_hour
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    "page",
    [{"java_script_enabled": True}, {"java_script_enabled": False}, {"viewport": {"width": 390, "height": 844}}],
    ids=["script", "no script", "phone"],
    indirect=True,
)
def test_missed_slots_are_run_or_left_out(page: Page, owner: User, live_server: object) -> None:
    rule = {"when": "every hour", "timezone": "Europe/Berlin", "catch_up": "none"}
    trigger = Trigger.objects.create(name="Morning report", slug="m", source="schedule", conditions=rule)
    Trigger.objects.filter(pk=trigger.pk).update(created_at=last_hour() - timedelta(minutes=90))
    slot.open_due(last_hour() + timedelta(minutes=30))
    first, second = Review.objects.order_by("id")
    enter(page, owner, live_server, f"/inbox/{first.pk}/")
    expect(page.locator("h1:visible")).to_have_text(first.title)
    seen(page)
    page.get_by_role("button", name="Run it now").click()
    expect(page.locator(".said")).to_contain_text("It runs now.")
    expect(page.locator("h1:visible")).to_have_text(second.title)
    seen(page)
    page.get_by_role("button", name="Noted: leave it out").click()
    expect(page.locator(".said")).to_contain_text("Noted:")
    states = Job.objects.order_by("id").values_list("state", flat=True)
    until(lambda: list(states.all()) == ["pending", "cancelled"])
