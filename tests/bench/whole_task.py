"""A Task's whole life without a thought in it, beside a queue's bare no-op, one process each.

Here: claim, Run, one stored Turn, one Artifact, Events, finish. There (Procrastinate, on PostgreSQL): claim, call,
finish. On SQLite the limit is what the table itself can do, since Procrastinate has no such database.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

from django.conf import settings
from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone
from pydantic import BaseModel

from agents import registry, workers
from agents.contracts import Ask, Brief, Desk, Draft, Made, Reply, Usage
from jobs.models import Job, Run, Task
from jobs.states import JobState, TaskState
from tests.bench import place, report

# It is installed for benchmarks alone.
procrastinate: Any = import_module("procrastinate") if find_spec("procrastinate") else None

_ROUNDS = 1 if place.quick() else 3
_TASKS = 200
_MISSING = "Procrastinate is not installed; pip install -r requirements-bench.txt"


class NoOpAgent:
    """Asks nobody, and makes one small file."""

    name: ClassVar[str] = "noop"
    purpose: ClassVar[str] = "Does nothing."
    prompt_version: ClassVar[str] = "v1"
    Input: ClassVar[type[BaseModel]] = BaseModel
    Output: ClassVar[type[BaseModel]] = BaseModel

    def run(self, brief: Brief, desk: Desk) -> Draft:
        """One turn through the journal, as any agent's."""
        ask = Ask(agent=self.name, model=desk.model, system="", messages=[{"role": "user", "content": "Nothing."}])
        desk.journal.before_call(ask, 0)
        reply = Reply(content=[], stop_reason="end_turn", usage=Usage(), model=desk.model)
        desk.journal.record(ask, reply, cost=0, duration_ms=0)
        made = Made(kind="draft", name="nothing.md", content=brief.job_uid.encode())
        return Draft(output={}, made=[made], effects=[], summary="nothing")


@dataclass(frozen=True)
class Step:
    """What a bare step of the table is made of."""

    claim: str
    finish: str


def measure() -> None:
    """Both in turn, a few times."""
    registry.AGENTS["noop"] = f"{__name__}.NoOpAgent"
    ours, theirs = [], []
    limit = _raw if connection.vendor == "sqlite" else _procrastinate
    for _ in range(_ROUNDS):
        ours.append(_whole_tasks())
        if limit is _raw or procrastinate is not None:
            theirs.append(limit())
    if not theirs:
        report.skip("whole_task", _MISSING)
        return
    on_sqlite = "claim and finish in raw SQL, with nothing in between"
    report.say(
        "whole_task",
        value=report.median(ours),
        unit="1/s",
        limit=report.median(theirs),
        limit_what=on_sqlite if limit is _raw else "Procrastinate's bare no-op, the same concurrency",
        goal="" if limit is _raw else "ratio >= 1",
        threads=settings.CONCURRENCY,
    )


def _whole_tasks() -> float:
    """Tasks a second through the workers' own loop, from the first claim to the last finish."""
    now = timezone.now()
    jobs = Job.objects.bulk_create(
        Job(title="A job", brief="Do it.", budget_microusd=1, state=JobState.IN_PROGRESS, ready_at=now)
        for _ in range(_TASKS)
    )
    Task.objects.bulk_create(
        Task(job=job, position=1, agent="noop", title="A task", priority=2, state=TaskState.PENDING, ready_at=now)
        for job in jobs
    )
    done = workers.work()
    runs = Run.objects.filter(job__in=jobs)
    span = runs.aggregate(first=Min("started_at"), last=Max("finished_at"))
    completed = Job.objects.filter(pk__in=[job.pk for job in jobs], state=JobState.COMPLETED).count()
    if completed != _TASKS:
        raise RuntimeError(f"{completed} of {_TASKS} jobs were completed, {done} runs made")
    return _TASKS / float((span["last"] - span["first"]).total_seconds())


def _raw() -> float:
    rows = [(uuid.uuid4().hex,) for _ in range(_TASKS)]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_noop (id INTEGER PRIMARY KEY, uid TEXT, state TEXT)")
        cursor.execute("CREATE INDEX IF NOT EXISTS bench_ready ON bench_noop (id) WHERE state = 'pending'")
        cursor.executemany("INSERT INTO bench_noop (uid, state) VALUES (%s, 'pending')", rows)
        began = time.perf_counter()
        for _ in rows:
            cursor.execute(
                "UPDATE bench_noop SET state = 'in_progress' WHERE id ="
                " (SELECT id FROM bench_noop WHERE state = 'pending' ORDER BY id LIMIT 1) RETURNING id"
            )
            cursor.execute("UPDATE bench_noop SET state = 'completed' WHERE id = %s", cursor.fetchone())
        return _TASKS / (time.perf_counter() - began)


def _procrastinate() -> float:
    return asyncio.run(_drained())


async def _drained() -> float:
    """https://procrastinate.readthedocs.io/en/stable/howto/basics/worker.html"""
    url = f"{place.server_url()}/{settings.DATABASES['default']['NAME']}"
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
    ended: list[float] = []

    async def count() -> None:
        ended.append(time.perf_counter())

    noop = app.task(name="noop")(count)
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    async with app.open_async():
        if not await _has_schema(app):
            await app.schema_manager.apply_schema_async()
        await _defer(noop)
        began = time.perf_counter()
        await app.run_worker_async(
            wait=False, concurrency=settings.CONCURRENCY, listen_notify=False, install_signal_handlers=False
        )
    if len(ended) != _TASKS:
        raise RuntimeError(f"Procrastinate ran {len(ended)} of {_TASKS} jobs")
    return _TASKS / (max(ended) - began)


async def _has_schema(app: Any) -> bool:
    found = await app.connector.execute_query_one_async("SELECT to_regclass('procrastinate_jobs') AS name")
    return found["name"] is not None


async def _defer(noop: Any) -> None:
    batch: Callable[..., Awaitable[Any]] = noop.batch_defer_async
    await batch(*[{} for _ in range(_TASKS)])
