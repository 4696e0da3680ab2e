"""The order of the inbox: what comes first, that it stands still, and what it costs at any size."""

import datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import QuerySet
from django.utils import timezone

from jobs import order, queries
from jobs.lifecycle import review as reviews
from jobs.lifecycle.job import open_job
from jobs.models import Review
from jobs.states import NEVER, ReviewKind

pytestmark = pytest.mark.django_db

_HOUR = datetime.timedelta(hours=1)


def item(title: str, *, priority: int = 1, due_in: int = 0, stake: int = 0) -> Review:
    """An open item with a place of its own in the order; `due_in` hours, or no time."""
    due_at = timezone.now() + due_in * _HOUR if due_in else NEVER
    job = open_job(title=title, brief=title, by="test", priority=priority)
    return Review.objects.create(
        job=job, kind=ReviewKind.FAILURE, title=title, priority=priority, due_at=due_at, stake=stake
    )


def listed() -> list[str]:
    """The titles, as the inbox has them."""
    return [row.title for row in queries.open_reviews(timezone.now())]


def test_clients_then_times_then_what_others_wait_for_then_what_stands_out_then_the_oldest() -> None:
    item("own", priority=2)
    item("client, old")
    item("own, stands out", priority=2, stake=1)
    item("client, holds up", stake=2)
    item("client, then", due_in=30)
    item("client, stands out", stake=1)
    item("client, soon", due_in=2)
    item("own, soon", priority=2, due_in=1)
    item("client, late", due_in=-1)
    item("client, young")
    assert listed() == [
        "client, late",
        "client, soon",
        "client, then",
        "client, holds up",
        "client, stands out",
        "client, old",
        "client, young",
        "own, soon",
        "own, stands out",
        "own",
    ]


def test_neither_the_clock_nor_what_comes_in_moves_a_row_past_another() -> None:
    rows = [item("due", due_in=1), item("stands out", stake=1), item("plain"), item("own", priority=2)]
    before = [row.title for row in rows]
    for due_in, stake, priority in ((3, 0, 1), (0, 2, 1), (0, 0, 2)):
        item("new", due_in=due_in, stake=stake, priority=priority)
    later = timezone.now() + 48 * _HOUR
    assert [row.title for row in queries.open_reviews(later) if row.title != "new"] == before


def test_pages_go_on_where_the_last_one_ended_whatever_was_decided_meanwhile(owner: User) -> None:
    rows = [
        item(f"{priority}{due_in}{stake}", priority=priority, due_in=due_in, stake=stake)
        for priority in (2, 1)
        for due_in in (0, 5, 3)
        for stake in (0, 2, 1, 1)
    ]
    waiting = Review.objects.filter(state="open")
    whole = [row.pk for row in order.in_order(waiting)]
    for place, pk in enumerate(whole):
        assert [row.pk for row in order.in_order(order.after(waiting, pk))] == whole[place + 1 :]
    middle = Review.objects.get(pk=whole[9])
    reviews.decline(middle, by=owner, version=1)
    assert [row.pk for row in order.in_order(order.after(waiting, middle.pk))] == whole[10:]
    assert list(order.after(waiting, max(row.pk for row in rows) + 1)) == []


def test_an_index_serves_the_order_from_any_place() -> None:
    here = item("here", due_in=2, stake=1)
    waiting = Review.objects.filter(state="open")
    for rows in (queries.awake(timezone.now()), waiting, order.after(waiting, here.pk)):
        plan = _plan(order.in_order(rows)[: queries.INBOX_SIZE])
        assert "review_in_order" in plan, plan
        assert "Sort" not in plan, plan
        assert "TEMP B-TREE" not in plan, plan


def _plan(rows: QuerySet[Review]) -> str:
    """How the database would go about it; PostgreSQL is told that small tables are worth an index too."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
    return str(rows.explain())


@pytest.mark.django_db(transaction=True)
def test_what_waited_before_there_was_an_order_has_its_place_in_it() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([("jobs", "0035_runs_say_whose")])
    try:
        old = executor.loader.project_state([("jobs", "0035_runs_say_whose")]).apps
        now = timezone.now()
        columns = {"brief": "x", "priority": 1, "budget_microusd": 1, "created_by": "test", "ready_at": now}
        job, alone = (old.get_model("jobs", "Job").objects.create(title=name, **columns) for name in ("a", "b"))
        old.get_model("jobs", "Job").objects.create(title="then", after=job, **columns)
        items = old.get_model("jobs", "Review").objects
        items.create(job=alone, kind="question", priority=1, title="plain")
        items.create(job=job, kind="question", priority=1, title="holds up")
        items.create(job=alone, kind="question", priority=1, title="expires", expires_at=now + _HOUR)
        items.create(job=job, kind="question", priority=1, title="gone", state="answered", expires_at=now)
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    assert listed() == ["expires", "holds up", "plain"]
    assert Review.objects.get(title="gone").deadline is None
