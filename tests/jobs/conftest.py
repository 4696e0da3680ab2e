"""Rows in the states that tests begin from, made by the real verbs."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone
from django_q.brokers import get_broker

from jobs import events, queue
from jobs.lifecycle import overdue, planning, slot
from jobs.lifecycle import run as runs
from jobs.lifecycle import task as tasks
from jobs.lifecycle.artifact import File
from jobs.lifecycle.intake import Inbound
from jobs.lifecycle.job import open_job
from jobs.models import Breaker, Client, Delivery, Event, Job, Review, Run, Task, Trigger, Turn

STEP = planning.PlannedStep(agent="drafting", title="Write it", input={"kind": "article"})


def a_file(name: str = "message.md", text: str = "Hello Marta", kind: str = "message") -> File:
    """An artifact's bytes."""
    return File(kind=kind, name=name, media_type="text/markdown; charset=utf-8", content=text.encode())


def message_result(text: str = "Hello Marta", subject: str = "Status") -> tasks.Result:
    """What the communication agent returns."""
    effect = tasks.WantedEffect("client_message", {"subject": subject}, ["message.md"])
    return tasks.Result(
        output={"subject": subject}, summary="one message", files=[a_file(text=text)], effects=[effect]
    )


def document_result(text: str = "# A draft") -> tasks.Result:
    """What the drafting agent returns."""
    effect = tasks.WantedEffect("document", {}, ["draft.md"])
    files = [a_file("draft.md", text, "draft")]
    return tasks.Result(output={"title": "A draft"}, summary="a draft", files=files, effects=[effect])


def branch_result() -> tasks.Result:
    """What the code agent returns."""
    fields = {"repository": "site", "base_sha": "0" * 40, "message": "Fix it"}
    effect = tasks.WantedEffect("branch", fields, ["changes.patch"])
    files = [a_file("changes.patch", "diff", "patch")]
    return tasks.Result(output={}, summary="+1 -1, tests pass", files=files, effects=[effect])


@pytest.fixture
def job(trattoria: Client) -> Job:
    """A job for a client, ready to be planned."""
    return open_job(title="Status mail", brief="Write the status mail.", by="test", client=trattoria)


@pytest.fixture
def planned(job: Job) -> Callable[..., Job]:
    """A function that plans the job with these steps."""

    def plan(*steps: planning.PlannedStep) -> Job:
        run = claimed()
        planning.accept_plan(run, list(steps) or [STEP], by="orchestrator")
        job.refresh_from_db()
        return job

    return plan


def an_event(**changes: Any) -> Inbound:
    """A form that somebody filled in, at the address `contact`."""
    values: dict[str, Any] = {
        "source": "form",
        "external_id": "contact:1",
        "address": "contact",
        "kind": "submission",
        "body": b'{"name": "Lea"}',
        "sender": "lea@example.com",
        "summary": "Lea asks",
        "data": {"name": "Lea", "text": "Do you deliver?"},
    }
    return Inbound(**values | changes)


def a_received_file(name: str = "menu.csv", text: str = "soup,7") -> File:
    """A file that came with an event."""
    return File("received", name, "text/csv; charset=utf-8", text.encode())


def a_rule(slug: str = "contact", **columns: Any) -> Trigger:
    """A rule for forms."""
    return Trigger.objects.create(**{"name": slug.title(), "slug": slug, "source": "form"} | columns)


@pytest.fixture
def hourly(db: None) -> Trigger:
    """A schedule with a slot each hour, as old as two of them, that catches nothing up."""
    rule = {"when": "every hour", "timezone": "Europe/Berlin", "catch_up": "none"}
    trigger = Trigger.objects.create(name="Look around", slug="hourly", source="schedule", conditions=rule)
    Trigger.objects.filter(pk=trigger.pk).update(created_at=last_hour() - timedelta(minutes=30))
    return trigger


@pytest.fixture
def silent(hourly: Trigger) -> Review:
    """The alarm of a slot that was missed and is left."""
    slot.open_due(last_hour() + timedelta(minutes=30))
    return Review.objects.get()


@pytest.fixture
def empty(hourly: Trigger) -> Review:
    """The alarm of a run that made nothing."""
    slot.open_due(last_hour())
    run = claimed_later()
    planning.accept_plan(run, [STEP], by="orchestrator")
    done(tasks.Result(output={}, summary="nothing new", files=[]))
    return Review.objects.get()


@pytest.fixture
def hanging(hourly: Trigger) -> Review:
    """The alarm of a run that hangs."""
    slot.open_due(last_hour())
    (review,) = overdue.check(timezone.now() + timedelta(hours=9))
    return review


def last_hour() -> datetime:
    """The last full hour: the slot of an hourly schedule."""
    return timezone.now().replace(minute=0, second=0, microsecond=0)


def claimed() -> Run:
    """The next Run; fails the test if there is none."""
    run = queue.claim_run()
    assert run is not None
    return run


def claimed_later() -> Run:
    """The next Run once every delay is over."""
    now = timezone.now()
    Task.objects.filter(ready_at__gt=now).update(ready_at=now)
    Job.objects.filter(ready_at__gt=now).update(ready_at=now)
    return claimed()


def probing() -> Delivery:
    """The probe of a target whose pause is over; fails the test if there is none."""
    Breaker.objects.update(until=timezone.now())
    delivery = queue.claim_probe()
    assert delivery is not None
    return delivery


def sending() -> Delivery:
    """The next Delivery, being sent; fails the test if there is none."""
    delivery = queue.claim_delivery()
    assert delivery is not None
    return delivery


def done(result: tasks.Result, **changes: Any) -> Task:
    """Claim the next Task and succeed with this result."""
    run = claimed()
    tasks.succeed(run, result, by="agent:test")
    return Task.objects.get(runs=run)


@contextmanager
def held() -> Iterator[None]:
    """Within, another connection writes to the database, and does not end it. Of SQLite alone."""
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
        yield
    finally:
        other.close()


def together(count: int, act: Callable[[], Any]) -> list[Any]:
    """What `count` threads get or raise when they all call `act` at the same moment."""
    return at_once(*[act] * count)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each of these gives or raises, all called at the same moment, each on a connection of its own."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return act()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def store_turn(run: Run, number: int = 1, *, cost: int | None = 7, **changes: Any) -> Turn:
    """Store a turn."""
    columns: dict[str, Any] = {
        "ask_digest": "a" * 64,
        "request": {"messages": []},
        "reply": {"content": []},
        "model": "rehearsal",
        "stop_reason": "end_turn",
        "input_tokens": 10,
        "output_tokens": 5,
        "duration_ms": 1,
    }
    return runs.store_turn(run, number=number, cost=cost, **columns | changes)


def told(name: str, row: int, at: datetime, job_id: int | None = None) -> None:
    """A history line of another time; history is append-only, so the clock of the row is set underneath."""
    pk = events.append(name, actor="test", noun=name.partition(".")[0], row=row, job_id=job_id)
    with connection.cursor() as cursor:
        moment = connection.ops.adapt_datetimefield_value(at)
        cursor.execute(f"UPDATE {Event._meta.db_table} SET at = %s WHERE id = %s", [moment, pk])


@pytest.fixture
def empty_queues() -> Iterator[None]:
    """No message of another test; with the ORM broker they are undone with the test."""
    if settings.REDIS_URL:
        _forget()
    yield
    if settings.REDIS_URL:
        _forget()


def _forget() -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as connection:
        connection.delete(*(f"django_q:{cluster}:q" for cluster in settings.WORKERS))


def waiting(cluster: str) -> int:
    """How many messages lie in the cluster's queue."""
    return int(get_broker(list_key=cluster).queue_size())
