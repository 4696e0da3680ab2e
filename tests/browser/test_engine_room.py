"""The engine room for everybody, light and dark; and Nightdesk as a program of its own."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from jobs.models import Client
from tests.browser import audit
from tests.browser.desk import enter
from tests.jobs.conftest import a_rule
from tests.jobs.inbox.conftest import several

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# The engine room's links pass from one colour to the other.
CHANGED = "Promise.all(document.getAnimations().map(one => one.finished))"
PAGES = (
    "/admin/",
    "/admin/jobs/job/",
    "/admin/jobs/review/",
    "/admin/jobs/delivery/",
    "/admin/jobs/event/",
    "/admin/jobs/client/",
    "/admin/jobs/client/add/",
    "/admin/jobs/trigger/",
    "/admin/jobs/trigger/add/",
    "/admin/jobs/token/add/",
    "/admin/auth/user/",
)


@pytest.mark.long
def test_axe_finds_nothing_in_the_light_and_in_the_dark(
    page: Page, live_server: Any, owner: User, trattoria: Client, complaints: list[str]
) -> None:
    several(trattoria, 2)
    a_rule("contact")
    enter(page, owner, live_server)
    found = {}
    for path in PAGES:
        page.emulate_media(color_scheme="light")
        page.goto(f"{live_server}{path}")
        assert complaints == []
        found[path, "light"] = audit.faults(page)
        page.emulate_media(color_scheme="dark")
        page.evaluate(CHANGED)
        found[path, "dark"] = audit.faults(page, only=audit.COLOURS)
        complaints.clear()  # what axe itself draws to measure colours is against the policy
    assert not {place: faults for place, faults in found.items() if faults}


def test_it_can_be_installed(page: Page, live_server: Any, owner: User) -> None:
    enter(page, owner, live_server)
    devtools = page.context.new_cdp_session(page)
    told = devtools.send("Page.getAppManifest")
    assert told["url"] == f"{live_server}/manifest.webmanifest"
    assert told["errors"] == []
