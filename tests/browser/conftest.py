"""A real Chromium before a real server; what its console says is an error of the test."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from pytest_django import Settings

from config.demo import repositories, seed
from integrations import workers as deliveries
from jobs.models import Client, Review
from tests.browser.desk import enter
from tests.jobs.inbox.conftest import several
from tests.waiting import PATIENCE

# The first is the same engine without a window around the page, which takes half of the browser's time.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), None)
_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of a file."""
    if CHROMIUM is None:
        if os.environ.get("TEST_REQUIRE_SERVICES"):
            pytest.fail("Chromium has to be there")
        pytest.skip("no Chromium on this machine")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop lives in this thread, so that Django takes every query for one from async code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the pages of this test complained about: script errors, broken policies, missing files."""
    return []


@pytest.fixture
def page(chromium: Browser, complaints: list[str], request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh page; parametrize it indirectly with new_context's own words."""
    wanted = {"viewport": {"width": 1440, "height": 900}} | getattr(request, "param", {})
    context: BrowserContext = chromium.new_context(**wanted)
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()

    def hear(message: ConsoleMessage) -> None:
        # A refused decision is an answer like others, with the item as it stands.
        if message.type in {"error", "warning"} and "status of 409" not in message.text:
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert not complaints


@pytest.fixture
def night(settings: Settings, tmp_path: Path, transactional_db: None) -> None:
    """The demo's night, of which the owner knows nothing yet."""
    settings.VAR = tmp_path
    settings.REPOSITORIES = repositories.addresses(tmp_path / "repositories")
    settings.REHEARSAL = True
    settings.TARGETS = {
        "folder": {"root": tmp_path / "folder"},
        "git": {"repositories": settings.REPOSITORIES, "workdir": tmp_path / "git"},
        "mail": {"sender": "desk@example.com"},
    }
    deliveries._target.cache_clear()
    seed.seed()


@pytest.fixture
def items(trattoria: Client) -> list[Review]:
    """Three messages for a client."""
    return several(trattoria, 3)


@pytest.fixture
def desk(page: Page, items: list[Review], owner: User, live_server: object) -> Page:
    """The owner before the inbox."""
    return enter(page, owner, live_server)
