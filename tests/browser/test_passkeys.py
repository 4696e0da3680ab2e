"""Passkeys with a real authenticator: Chromium's own, driven by its DevTools."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django import Settings

from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import passkey
from jobs.models import Job, Review
from tests.browser.desk import seen
from tests.jobs.conftest import branch_result, done, job, planned, sending
from tests.jobs.people import PASSWORD

__all__ = ["job", "planned"]

PHONE = {"viewport": {"width": 390, "height": 844}}

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def named(live_server: Any, settings: Settings) -> None:
    """The house is opened by a name."""
    settings.HAS_PASSKEYS = True
    settings.OTP_WEBAUTHN_RP_ID = "localhost"
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = [live_server.url]


@pytest.fixture
def authenticator(page: Page) -> None:
    """A device of the browser's that knows its person."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def log_in(page: Page, url: str) -> None:
    page.goto(f"{url}/login/")
    page.fill("#id_username", "owner")
    page.fill("#id_password", PASSWORD)
    page.click("button.primary")
    page.wait_for_url("**/inbox/")


def test_a_passkey_is_made_named_used_and_removed(
    page: Page, live_server: Any, owner: User, authenticator: None, complaints: list[str]
) -> None:
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/account/")
    page.click("text=Add a passkey")
    expect(page.locator("ul.checks h3")).to_have_count(1)
    page.locator("ul.checks input[name=name]").fill("This laptop")
    page.click("text=Keep the name")
    expect(page.locator("ul.checks h3")).to_have_text("This laptop")
    page.click("text=Log out")
    page.click("text=Log in with a passkey")
    page.wait_for_url("**/inbox/")
    page.goto(f"{live_server.url}/account/")
    expect(page.get_by_text("last used")).to_be_visible()
    page.locator("ul.checks button.danger").click()
    expect(page.locator("ul.checks h3")).to_have_count(0)
    assert not passkey.of(owner).exists()


def test_who_came_by_a_passkey_proves_a_merge_by_it(
    page: Page,
    live_server: Any,
    owner: User,
    authenticator: None,
    planned: Callable[..., Job],
    settings: Settings,
) -> None:
    planned()
    done(branch_result())
    deliveries.land(sending(), external_id="9f1c2e", url="", detail="agent/a-branch", by="deliveries")
    review = Review.objects.get()
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/account/")
    page.click("text=Add a passkey")
    expect(page.locator("ul.checks h3")).to_have_count(1)
    page.click("text=Log out")
    page.click("text=Log in with a passkey")
    page.wait_for_url("**/inbox/")
    settings.PROOF_LASTS = timedelta(seconds=-1)
    page.goto(f"{live_server.url}/inbox/{review.pk}/?show=approve")
    seen(page)
    page.get_by_role("button", name="Accept it").click()
    page.wait_for_url("**/account/proof/**")
    expect(page.locator("#id_password")).to_have_count(0)
    settings.PROOF_LASTS = timedelta(minutes=15)
    page.click("text=Use the passkey")
    page.wait_for_url(f"**/inbox/{review.pk}/?show=approve")
    seen(page)
    page.get_by_role("button", name="Accept it").click()
    expect(page.get_by_role("heading", name="All clear")).to_be_visible()
    review.refresh_from_db()
    assert review.state == "approved"


@pytest.mark.parametrize(
    "page", [{"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}], indirect=True
)
def test_the_account_and_the_login_are_for_everybody(
    page: Page, live_server: Any, owner: User, authenticator: None
) -> None:
    page.goto(f"{live_server.url}/login/")
    assert Axe().run(page).violations_count == 0
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/account/")
    page.click("text=Add a passkey")
    expect(page.locator("ul.checks h3")).to_have_count(1)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
