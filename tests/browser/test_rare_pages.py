"""Pages that are met now and then, as every page is looked at: nothing that axe knows, fit for a phone."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django import Settings

from jobs.lifecycle import review as reviews
from jobs.models import Artifact, Review, Run
from tests.browser import audit
from tests.browser.desk import enter
from tests.browser.test_every_page import ALL, at_night, look
from tests.jobs.lifecycle.test_passkey import a_passkey
from tests.jobs.people import PASSWORD

__all__ = ["at_night"]

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def at_home(page: Page, owner: User, settings: Settings, live_server: object) -> Page:
    """The owner of a house that is opened by a name, with a password and two passkeys."""
    settings.HAS_PASSKEYS = True
    a_passkey(owner, "This laptop with a long name of its own")
    a_passkey(owner, "")
    return enter(page, owner, live_server)


def look_at_home(page: Page, live_server: object) -> list[str]:
    """The account, the question whether it is still them, and a wrong answer to that."""
    wrong = look(page, ["/account/", "/account/proof/", "/account/proof/?next=/inbox/"], live_server)
    page.locator("#id_password").fill(f"not {PASSWORD}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    return [*wrong, *(f"a wrong password: {fault}" for fault in audit.faults(page))]


def look_at_work(page: Page, live_server: object) -> list[str]:
    """One attempt word for word, planned and done; what changed between two versions."""
    item = Review.objects.filter(kind="message", state="open").latest("id")
    reviews.edit(item, by=User.objects.get(), version=item.version, text="Good morning,\n\nin other words.")
    attempts = [Run.objects.filter(task__isnull=is_planning).latest("id") for is_planning in (True, False)]
    changed = Artifact.objects.filter(version__gt=1).latest("id")
    assert changed.job
    paths = [f"/jobs/{run.job.uid}/runs/{run.pk}/" for run in attempts]
    return look(page, [*paths, f"/jobs/{changed.job.uid}/versions/{changed.pk}/"], live_server)


def look_at_undo(page: Page, live_server: object) -> list[str]:
    """What was approved and has not left: its toast, on the list and on the item itself."""
    item = Review.objects.filter(kind="message", state="open").earliest("id")
    reviews.approve(item, by=User.objects.get(), version=item.version, digest=item.digest)
    wrong = []
    for path in ("/inbox/", f"/inbox/{item.pk}/"):
        page.goto(f"{live_server}{path}")
        expect(page.locator("#leaving").get_by_role("button")).to_be_visible()
        wrong += [f"{path} {fault}" for fault in audit.faults(page)]
        assert audit.too_wide(page) <= 0
    return wrong


@pytest.mark.parametrize("page", ALL, indirect=True)
def test_account_and_proof_are_clean(at_home: Page, live_server: object) -> None:
    assert not look_at_home(at_home, live_server)


@pytest.mark.parametrize("page", ALL, indirect=True)
def test_attempts_versions_and_undo_are_clean(at_night: Page, live_server: object) -> None:
    assert not [*look_at_work(at_night, live_server), *look_at_undo(at_night, live_server)]
