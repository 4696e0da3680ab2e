"""Every page asks the database as often for much as for little, and at most ten times, whoever looks at it."""

import datetime
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from jobs.lifecycle import review as reviews
from jobs.lifecycle.intake import accept
from jobs.models import Client, Job, Receipt, Review
from tests.jobs.conftest import a_rule, an_event
from tests.jobs.inbox.conftest import several
from tests.jobs.people import browser_of, person

pytestmark = pytest.mark.django_db

MOST = 10


def more(client: Client, owner: User, number: int) -> None:
    """So many jobs with a message each, some of them decided, and as many events."""
    rule = a_rule(f"rule-{number}", client=client)
    for review in several(client, number)[:-1]:
        if review.state == "open" and review.pk % 2:
            reviews.approve(review, by=owner, version=1, digest=review.digest)
    Job.objects.update(due_at=timezone.now())
    for place in range(number):
        accept(an_event(external_id=f"{number}-{place}"), [rule])


@pytest.fixture
def pages(trattoria: Client, owner: User) -> Callable[[], list[str]]:
    """A function that names an address of every page."""
    more(trattoria, owner, 2)

    def addresses() -> list[str]:
        job = Job.objects.filter(tasks__isnull=False).latest("id")
        today = timezone.localdate()
        return [
            "/inbox/",
            f"/inbox/{Review.objects.latest('id').pk}/",
            "/jobs/",
            "/jobs/?state=completed&client=trattoria-lume",
            "/jobs/new/",
            "/jobs/many/?verb=cancel",
            f"/jobs/{job.uid}/",
            f"/jobs/{job.uid}/runs/{job.runs.latest('id').pk}/",
            "/nights/",
            f"/nights/{today}/",
            "/costs/",
            f"/costs/?begins={today - datetime.timedelta(days=80)}",
            "/clients/",
            "/clients/new/",
            "/clients/trattoria-lume/",
            "/clients/trattoria-lume/edit/",
            "/triggers/",
            "/triggers/new/",
            f"/triggers/new/?receipt={Receipt.objects.latest('id').pk}",
            "/triggers/rule-2/",
            "/triggers/rule-2/edit/",
            "/receipts/",
            f"/receipts/{Receipt.objects.latest('id').pk}/",
            "/setup/",
            "/account/",
            "/inbox/pulse/",
        ]

    return addresses


def test_pages_ask_a_constant_number_of_times(
    desk: Browser, pages: Callable[[], list[str]], trattoria: Client, owner: User
) -> None:
    few = {name(path): asked(desk, path) for path in pages()}
    more(trattoria, owner, 9)
    many = {name(path): asked(desk, path) for path in pages()}
    assert many == few
    assert {path: number for path, number in few.items() if number > MOST} == {}
    assert Review.objects.count() == 11


@pytest.mark.parametrize("kind", ["message", "merge", "question", "failure", "unknown"])
@pytest.mark.parametrize("group", ["owner", "reviewer"])
def test_an_item_of_each_kind_asks_at_most_ten_times(
    request: pytest.FixtureRequest, django_assert_max_num_queries: DjangoAssertNumQueries, kind: str, group: str
) -> None:
    review: Review = request.getfixturevalue(kind)
    browser = browser_of(person(group))
    with django_assert_max_num_queries(MOST):
        assert browser.get(f"/inbox/{review.pk}/").status_code == 200
    Review.objects.update_state(state="superseded")
    with django_assert_max_num_queries(MOST):
        assert browser.get(f"/inbox/{review.pk}/").status_code == 200


def name(path: str) -> str:
    """The page without the row that it shows."""
    return re.sub(r"[0-9a-f-]{36}|(?<=receipt=)\d+|(?<=/)\d+(?=/)", "…", path)


def asked(browser: Browser, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return len(captured)
