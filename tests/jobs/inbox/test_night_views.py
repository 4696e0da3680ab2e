"""A night's page: what it did, and which nights there are."""

import datetime

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from jobs.models import Client
from tests.jobs.test_nights import MORNING, an_attempt, an_effect, an_ended_job, an_item

pytestmark = pytest.mark.django_db


def page(desk: Browser, date: datetime.date = MORNING) -> str:
    answer = desk.get(reverse("inbox:night", args=[date]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_says_what_the_night_did(desk: Browser, trattoria: Client) -> None:
    done = an_ended_job(trattoria, 1)
    an_attempt(done, 1, cost_microusd=420_000)
    broken = an_ended_job(trattoria, 2, "job.failed", reason="The source answered <b>403</b>.")
    an_item(broken, 3)
    an_effect(broken, 3, "failed", 1)
    text = page(desk)
    assert "1 done, 1 failed, 1 waits for you." in text
    assert "$0.42" in text
    assert "answered &lt;b&gt;403&lt;/b&gt;." in text
    for heading in ("Failed", "Not delivered", "Done"):
        assert f"<h2>{heading}</h2>" in text
    assert reverse("inbox:job", args=[done.uid]) in text
    assert "/nights/2026-11-23/" in text
    assert "/nights/2026-11-25/" in text


def test_two_weeks_of_nights_are_a_line_each(desk: Browser) -> None:
    text = desk.get(reverse("inbox:nights")).content.decode()
    assert text.count("<svg") == 14
    assert f"/nights/{timezone.localdate()}/" in text


def test_a_night_that_has_not_been_is_not_there(desk: Browser) -> None:
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    assert desk.get(reverse("inbox:night", args=[tomorrow])).status_code == 404
    for wrong in ("2026-13-01", "2026-02-30", "0001-01-01"):
        assert desk.get(f"/nights/{wrong}/").status_code == 404


def test_the_night_of_this_morning_has_none_after_it(desk: Browser) -> None:
    assert "The night after" not in page(desk, timezone.localdate())


def test_nobody_reads_it_without_logging_in(client: Browser) -> None:
    for address in (reverse("inbox:nights"), reverse("inbox:night", args=[MORNING])):
        assert client.get(address).status_code == 302
