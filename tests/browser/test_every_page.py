"""Every page of the seeded night: nothing that axe knows, nothing against the policy, light, fit for a phone."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import override_settings
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from jobs.models import Client, Job, Receipt, Review, Trigger
from tests.browser import audit
from tests.browser.desk import PHONE, enter

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESK = {"viewport": {"width": 1440, "height": 900}}
COLLECTED = {"staticfiles": {"BACKEND": "config.statics.LeanStaticFilesStorage"}}
SHEETS = ("edit", "approve", "revise", "decline", "snooze", "retry")
LANGUAGES = ("en", "de")
THEMES = ("light", "dark")
LIGHT = (
    "/inbox/",
    "/jobs/",
    "/costs/",
    "/nights/",
    "/triggers/",
    "/clients/",
    "/receipts/",
    "/setup/",
    "/account/",
)
_ADMIN = ("/admin/", "/admin/jobs/job/", "/admin/jobs/trigger/", "/admin/jobs/review/", "/admin/jobs/event/")


def _mode(size: dict[str, Any], language: str, theme: str, *marks: pytest.MarkDecorator) -> object:
    name = f"{language}-{theme}-{size['viewport']['width']}"
    return pytest.param(size | {"locale": language, "color_scheme": theme}, id=name, marks=marks)


# Each language, theme and width once; the second, and all of them together, are among the longer tests.
FEW = [_mode(DESK, "en", "light"), _mode(PHONE, "de", "dark", pytest.mark.long)]
ALL = [_mode(*mode) for mode in itertools.product((DESK, PHONE), LANGUAGES, THEMES)]


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all files as an installation collects, names and compresses them."""
    folder = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=folder, STORAGES=django_settings.STORAGES | COLLECTED):
        call_command("collectstatic", interactive=False, verbosity=0)
    return folder


@pytest.fixture
def live_server(collected: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveServer]:
    """A server as an installation has it: nothing stands before the app, which serves what was collected."""
    settings.STATIC_ROOT, settings.STORAGES = collected, settings.STORAGES | COLLECTED
    settings.WHITENOISE_USE_FINDERS = False
    monkeypatch.setattr("django.contrib.staticfiles.handlers.StaticFilesHandler", lambda application: application)
    server = LiveServer("127.0.0.1")
    yield server
    server.stop()


@pytest.fixture
def at_night(page: Page, night: None, live_server: object) -> Page:
    """The owner before the demo's night: all kinds of items, jobs in every state, rules and what came in."""
    return enter(page, User.objects.get(), live_server)


def _open_reviews() -> Iterator[Review]:
    """One of each kind, and one that was decided."""
    for kind in Review.objects.order_by().values_list("kind", flat=True).distinct():
        yield Review.objects.filter(kind=kind).order_by("-state", "id")[0]


def _few() -> list[str]:
    item = Review.objects.filter(kind="message", state="open").order_by("id")[0]
    return ["/inbox/", f"/inbox/{item.pk}/?show=revise", "/jobs/", "/costs/", "/triggers/new/", "/admin/"]


def _all() -> list[str]:
    found = ["/inbox/", "/jobs/", "/jobs/?state=completed", "/nights/", "/costs/", "/triggers/", "/triggers/new/"]
    found += ["/receipts/", "/clients/", "/clients/new/", "/setup/", "/nowhere/"]
    found += [f"/jobs/many/?state={state}&verb=cancel" for state in ("failed", "needs_review")]
    for review in _open_reviews():
        found += [f"/inbox/{review.pk}/", *(f"/inbox/{review.pk}/?show={sheet}" for sheet in SHEETS)]
    found += [
        f"/jobs/{Job.objects.filter(state=state)[0].uid}/" for state in ("completed", "failed", "needs_review")
    ]
    found += [f"/triggers/{rule.slug}/" for rule in Trigger.objects.all()[:2]]
    found += [f"/triggers/{rule.slug}/edit/" for rule in Trigger.objects.all()[:1]]
    found += [f"/clients/{client.slug}/" for client in Client.objects.all()[:1]]
    found += [f"/receipts/{receipt.pk}/" for receipt in Receipt.objects.all()[:1]]
    return [*found, *_ADMIN]


def look(page: Page, paths: list[str], live_server: object) -> list[str]:
    """What is wrong with each of the pages; a broken policy is told by the console."""
    wrong = []
    for path in paths:
        page.goto(f"{live_server}{path}")
        wrong += [f"{path} {fault}" for fault in audit.faults(page)]
        if not path.startswith("/admin") and (pixels := audit.too_wide(page)) > 0:
            wrong.append(f"{path} is {pixels} px too wide")
    return wrong


@pytest.mark.parametrize("page", FEW, indirect=True)
def test_the_daily_pages_are_clean_and_light(at_night: Page, live_server: object) -> None:
    assert not look(at_night, _few(), live_server)
    assert not _heavy(at_night, live_server)
    assert not _help(at_night, live_server)


def _heavy(page: Page, live_server: object) -> list[object]:
    """The pages that load too much; each script is the one that was collected, named by what it says."""
    found = [(path, audit.loads(page, f"{live_server}{path}")) for path in [*LIGHT, *_items()]]
    scripts = {url for _, loaded in found for url in loaded if url.endswith(".js")}
    assert len(scripts) == 2
    assert all(re.search(r"\.[0-9a-f]{12}\.js$", url) for url in scripts)
    return [one for one in found if audit.is_heavy(one[1])]


def _items() -> list[str]:
    return [f"/inbox/{review.pk}/" for review in _open_reviews()]


def _help(page: Page, live_server: object) -> list[str]:
    """What is wrong with the help, which is drawn from the buttons of the page that it opens over."""
    page.goto(f"{live_server}/inbox/")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    return audit.faults(page)


@pytest.mark.long
@pytest.mark.parametrize("page", ALL, indirect=True)
def test_every_page_is_clean(at_night: Page, live_server: object, complaints: list[str]) -> None:
    wrong = look(at_night, _all(), live_server)
    # A page that is not there says so in the console too.
    complaints[:] = [one for one in complaints if "404" not in one]
    assert not wrong


@pytest.mark.parametrize("page", FEW, indirect=True)
def test_the_doors_are_clean(page: Page, live_server: object) -> None:
    assert not look(page, ["/login/"], live_server)


@pytest.mark.parametrize("page", FEW, indirect=True)
def test_an_empty_house_is_clean(page: Page, owner: User, live_server: object) -> None:
    enter(page, owner, live_server)
    assert not look(page, ["/inbox/", "/jobs/", "/triggers/", "/clients/", "/receipts/", "/costs/"], live_server)
