"""The page of costs over HTTP."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jobs import budget, rights
from jobs.lifecycle import envelope
from jobs.lifecycle import task as tasks
from jobs.models import Client, Job, Review, Run
from tests.jobs.conftest import claimed, document_result, store_turn
from tests.jobs.inbox.conftest import several
from tests.jobs.people import browser_of, person

pytestmark = pytest.mark.django_db
DAY, NIGHT = "/costs/budget/day/", "/costs/budget/night/"


@pytest.fixture
def worked(planned: Callable[..., Job]) -> Run:
    """A task that cost half a dollar, a part of it unconfirmed."""
    planned()
    run = claimed()
    store_turn(run, cost=300_000, cache_saved_microusd=100_000, batch_saved_microusd=100_000)
    budget.reserve(run, 200_000)
    budget.release(run, spent=True)
    tasks.succeed(run, document_result(), by="agent:drafting")
    return run


def page(browser: Browser, query: str = "") -> str:
    return browser.get(f"/costs/{query}").content.decode()


def test_it_says_who_cost_what_and_what_was_saved(desk: Browser, worked: Run) -> None:
    text = page(desk)
    for words in ("Trattoria Lume", "drafting", "orchestrator", "$0.50", "$0.20", "$0.10 saved, 20% of the whole"):
        assert words in text
    assert "without a known price" not in text


def test_what_is_unknown_is_never_nothing(desk: Browser, worked: Run) -> None:
    Run.objects.filter(pk=worked.pk).update(cost_microusd=0, unconfirmed_microusd=0, cost_unknown=True)
    text = page(desk)
    assert "1 attempt used a model without a known price" in text
    assert "<td>unknown</td>" in text


def test_days_without_work_say_so(desk: Browser, worked: Run) -> None:
    text = page(desk, "?begins=2020-01-01&ends=2020-01-05")
    assert "Nothing was spent on these days." in text
    assert "No agent was at work on these days." in text
    assert "Nothing was approved yet." in text


def test_the_owner_changes_what_a_night_may_spend(desk: Browser) -> None:
    answer = desk.post(NIGHT, {"usd": "7.50", "version": "0", "do": "keep"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/costs/")
    assert budget.most("night") == 7_500_000
    text = page(desk)
    assert "of $7.50 spent" in text
    assert "Set by owner" in text
    desk.post(NIGHT, {"usd": "", "version": "1", "do": "usual"})
    assert budget.most("night") == budget.usual("night")


def test_a_refused_amount_stands_in_its_form_with_the_reason(desk: Browser) -> None:
    answer = desk.post(DAY, {"usd": "a lot", "version": "0", "do": "keep"})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert 'value="a lot"' in text
    assert 'role="alert"' in text
    envelope.change("day", 1, version=0, by="somebody else")
    answer = desk.post(DAY, {"usd": "5", "version": "0", "do": "keep"})
    assert "Somebody else changed this budget" in answer.content.decode()
    assert budget.most("day") == 1


def test_only_who_may_change_it_is_offered_the_change(db: None) -> None:
    for group, may in ((rights.READER, False), (rights.REVIEWER, False), (rights.OWNER, True)):
        browser = browser_of(person(group))
        assert (DAY in page(browser)) is may
        assert browser.post(DAY, {"usd": "5", "version": "0", "do": "keep"}).status_code == (302 if may else 403)
    assert Browser().get("/costs/").headers["Location"] == "/login/?next=/costs/"


def test_there_is_no_other_budget_and_get_changes_none(desk: Browser) -> None:
    assert desk.post("/costs/budget/week/", {"usd": "5", "version": "0", "do": "keep"}).status_code == 404
    assert desk.get(DAY).status_code == 405


def test_an_approval_tells_what_its_page_measured(desk: Browser, trattoria: Client) -> None:
    first, second = several(trattoria, 2)
    measured = {"version": 1, "digest": first.digest, "looked_ms": "2500", "read_whole": "no"}
    assert desk.post(reverse("inbox:approve", args=[first.pk]), measured).status_code == 302
    odd = {"version": 1, "digest": second.digest, "looked_ms": "x" * 50, "read_whole": "maybe"}
    assert desk.post(reverse("inbox:approve", args=[second.pk]), odd).status_code == 302, "never refused for that"
    assert list(Review.objects.order_by("id").values_list("looked_ms", "read_whole")) == [
        (2500, False),
        (None, None),
    ]
    assert "2.5 seconds, the median" in page(desk)
    assert "100% were approved although their end was never in view" in page(desk)


def test_an_agent_that_earned_it_still_asks_and_the_page_says_why(desk: Browser, trattoria: Client) -> None:
    several(trattoria, 1)
    Review.objects.update(looked_ms=None)
    assert "went as they came" not in page(desk)
    for review in several(trattoria, 20)[:20]:
        desk.post(reverse("inbox:approve", args=[review.pk]), {"version": 1, "digest": review.digest})
    shown = page(desk)
    assert "The last 20 of the communication agent went as they came." in shown
    assert "a message to a client leaves only on the word of a person" in shown
    assert "a change is merged" not in shown
    Review.objects.update(kind="merge")
    assert "a change is merged only on the word of a person" in page(desk)


def test_it_asks_the_database_as_often_for_much_as_for_little(
    desk: Browser, worked: Run, trattoria: Client
) -> None:
    with CaptureQueriesContext(connection) as few:
        page(desk)
    for review in several(trattoria, 12):
        desk.post(reverse("inbox:approve", args=[review.pk]), {"version": 1, "digest": review.digest})
    with CaptureQueriesContext(connection) as many:
        page(desk, "?begins=2026-01-01")
    assert len(many) == len(few) <= 10
