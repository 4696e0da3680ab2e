"""The own pages at a million jobs: the 95th percentile of each, how often it asks the database; and the pulse."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs import figures
from jobs.models import Job, Receipt, Review
from jobs.states import ReviewState
from tests.bench import a_million, place, report

_ROUNDS = 5 if place.quick() else 40


def measure() -> None:
    """Fill the database by SQL alone, then open each page as its owner does, one after the other, many times."""
    if not Job.objects.exists():
        a_million.fill()
        User.objects.create_superuser("owner", password="a long enough password")
    call_command("collectstatic", interactive=False, verbosity=0)
    browser = Browser(SERVER_NAME="127.0.0.1")
    browser.force_login(User.objects.get())
    for name, path in _pages().items():
        _say(name, partial(_open, browser, path), goal=100, queries=_asked(browser, path))
    stamp = figures.stamp_of_inbox(timezone.now())
    _say("pulse_304", partial(_unchanged, browser, stamp), goal=10, queries=_asked(browser, "/inbox/pulse/"))


def _pages() -> dict[str, str]:
    today = timezone.localdate()
    job = Job.objects.get(pk=a_million.JOBS - a_million.OPEN - 1)
    item = Review.objects.filter(state=ReviewState.OPEN).earliest("id")
    receipt = Receipt.objects.latest("id")
    return {
        "inbox": "/inbox/",
        "item": f"/inbox/{item.pk}/",
        "queue": "/jobs/",
        "queue_completed_of_a_client": "/jobs/?state=completed&client=client-7",
        "queue_completed_of_a_rule": "/jobs/?state=completed&trigger=rule-7",
        "queue_failed_of_a_rule": "/jobs/?state=failed&trigger=rule-7",
        "queue_words": "/jobs/?state=completed&q=snow",
        "queue_agent": "/jobs/?state=completed&agent=code",
        "queue_deep": f"/jobs/?state=completed&before={a_million.JOBS // 2}",
        "queue_many": "/jobs/many/?verb=cancel",
        "job": f"/jobs/{job.uid}/",
        "run": f"/jobs/{job.uid}/runs/{job.runs.latest('id').pk}/",
        "costs_week": "/costs/",
        "costs_month": f"/costs/?begins={today - timedelta(days=29)}",
        "clients": "/clients/",
        "client": "/clients/client-7/",
        "triggers": "/triggers/",
        "trigger": "/triggers/rule-7/",
        "receipts": "/receipts/",
        "receipts_unmatched": "/receipts/?show=unmatched",
        "receipt": f"/receipts/{receipt.pk}/",
        "nights": "/nights/",
        "night": f"/nights/{today}/",
        "night_before": f"/nights/{today - timedelta(days=1)}/",
        "setup": "/setup/",
    }


def _say(page: str, act: Callable[[], None], *, goal: int, queries: int) -> None:
    for _ in range(3):
        act()
    spans, work = [], []
    for _ in range(_ROUNDS):
        began, busy = time.perf_counter(), time.process_time()
        act()
        spans.append((time.perf_counter() - began) * 1000)
        work.append((time.process_time() - busy) * 1000)
    report.say(
        f"page_{page}",
        value=report.percentile(spans, 95),
        unit="ms",
        goal=f"value <= {goal}",
        p50_ms=round(report.median(spans), 1),
        # Of this process alone, whatever else the machine does; PostgreSQL's own work is not in it.
        cpu_p95_ms=round(report.percentile(work, 95), 1),
        queries=queries,
        jobs=a_million.JOBS,
    )


def _open(browser: Browser, path: str) -> None:
    if browser.get(path).status_code != 200:
        raise RuntimeError(f"{path} did not open")


def _unchanged(browser: Browser, stamp: str) -> None:
    if browser.get("/inbox/pulse/", headers={"if-none-match": f'"{stamp}"'}).status_code != 304:
        raise RuntimeError("the pulse has changed")


def _asked(browser: Browser, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        browser.get(path)
    return len(captured)
