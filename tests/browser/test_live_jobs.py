"""The list of jobs while it is read, in a real browser: it asks for little, and nothing moves under the cursor."""

from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, Response, expect

from jobs.lifecycle.job import open_job
from jobs.models import Client, Job
from tests.browser.desk import enter

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HERE, AWAY = "#jobs .name", "h1:visible"


@pytest.fixture
def jobs(trattoria: Client) -> list[Job]:
    """Enough of them that a window does not show all."""
    return [opened(f"Job {place}", trattoria) for place in range(30)]


@pytest.fixture
def page_of_jobs(page: Page, jobs: list[Job], owner: User, live_server: object) -> Page:
    """The owner before the list, who has told their zone already."""
    return enter(page, owner, live_server, "/jobs/")


def opened(title: str, client: Client | None = None) -> Job:
    return open_job(title=title, brief="Write it.", by="test", client=client)


def beat(page: Page) -> None:
    """Look for news now, as the page does every 15 seconds."""
    page.evaluate("beat()")


def titles(page: Page) -> list[str]:
    """The rows, in their order."""
    found: list[str] = page.locator(HERE).evaluate_all(
        "(all) => all.map((one) => one.firstChild.textContent.trim())"
    )
    return found


def test_what_is_new_stands_in_the_list_and_its_counts(page_of_jobs: Page, jobs: list[Job]) -> None:
    page = page_of_jobs
    page.locator("summary", has_text="Narrow the list").click()
    page.get_by_label("Words").fill("half a wo")
    page.mouse.move(0, 0)
    page.evaluate("scrollTo(0, 120)")
    where = page.evaluate("scrollY")
    opened("A new one")
    beat(page)
    assert titles(page)[:2] == ["A new one", "Job 29"]
    expect(page.locator("#states [aria-current] b")).to_have_text("31")
    # What the person is at stays as it is.
    expect(page.get_by_label("Words")).to_have_value("half a wo")
    expect(page.get_by_label("Words")).to_be_focused()
    assert page.evaluate("scrollY") == where


def test_where_nothing_is_new_no_page_is_asked_for(page_of_jobs: Page) -> None:
    page, answers = page_of_jobs, list[tuple[str, int]]()

    def hear(answer: Response) -> None:
        path = urlsplit(answer.url).path
        # An icon comes when the browser likes, and the zone is told once.
        if path.startswith(("/jobs/", "/inbox/")):
            answers.append((path, answer.status))

    page.on("response", hear)
    beat(page)
    assert answers == [("/inbox/pulse/", 304)]
    opened("A new one")
    beat(page)
    assert answers[1:] == [("/inbox/pulse/", 200), ("/jobs/", 200)]
    beat(page)
    assert answers[3:] == [("/inbox/pulse/", 304)]


def test_nobody_is_asked_while_nobody_looks(page_of_jobs: Page) -> None:
    page, answers = page_of_jobs, list[str]()
    page.on("response", lambda answer: answers.append(answer.url) if "pulse" in answer.url else None)
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    opened("A new one")
    beat(page)
    assert not answers
    page.evaluate("delete document.hidden")
    beat(page)
    assert titles(page)[0] == "A new one"


def test_nothing_moves_under_the_cursor(page_of_jobs: Page, jobs: list[Job]) -> None:
    page = page_of_jobs
    page.locator(HERE).nth(2).hover()
    opened("A new one")
    beat(page)
    assert titles(page)[:3] == ["Job 29", "Job 28", "Job 27"]
    expect(page.locator("#states [aria-current] b")).to_have_text("31")
    page.locator(AWAY).hover()
    beat(page)
    assert titles(page)[:3] == ["A new one", "Job 29", "Job 28"]


def test_nothing_moves_under_the_focus(page_of_jobs: Page, jobs: list[Job]) -> None:
    page = page_of_jobs
    row = page.get_by_role("link", name="Job 28")
    row.focus()
    opened("A new one")
    beat(page)
    expect(row).to_be_focused()
    assert titles(page)[:2] == ["Job 29", "Job 28"]
    page.keyboard.press("Enter")
    expect(page.locator("h1:visible")).to_have_text("Job 28")
