"""Claim and finish a Task, at a thousand, a hundred thousand and a million rows, beside raw SQL on the table."""

import time
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from jobs import queue
from jobs.lifecycle import task as tasks
from tests.bench import place, report, rows

_SIZES = {"thousand": 1_000, "hundred_thousand": 100_000, "million": 1_000_000}
if place.quick():
    del _SIZES["million"]
_ROUNDS = 2 if place.quick() else 7
_STEPS = 30
_NOTHING = tasks.Result(output={}, summary="nothing", files=[])

_CLAIM = """
UPDATE jobs_task SET state = 'in_progress', starts = starts + 1 WHERE id = (
    SELECT id FROM jobs_task WHERE state = 'pending' AND priority = 2 AND COALESCE(client_id, 0) = 0
    AND ready_at <= {now}
    ORDER BY ready_at, id LIMIT 1 {lock}
) RETURNING id
"""
_FINISH = "UPDATE jobs_task SET state = 'completed', finished_at = {now} WHERE id = {id}"


@dataclass
class Size:
    """A database with so many Tasks, and what was measured there, in seconds."""

    name: str
    count: int
    database: Any
    next_job: int
    claims: list[float] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)
    raw_claims: list[float] = field(default_factory=list)
    raw_steps: list[float] = field(default_factory=list)


def measure() -> None:
    """Fill one database a size, then go round them, so that what else the machine does meets all alike."""
    sizes = [_filled(name, count) for name, count in _SIZES.items()]
    for _ in range(_ROUNDS):
        for size in sizes:
            _round(size)
    first = report.median(sizes[0].claims)
    for size in sizes:
        _say(size, first=first)


def _say(size: Size, *, first: float) -> None:
    claim, raw_claim = report.median(size.claims), report.median(size.raw_claims)
    report.say(
        f"claim_and_finish_{size.name}",
        value=1 / report.median(size.steps),
        unit="1/s",
        limit=1 / report.median(size.raw_steps),
        limit_what="claim and finish in raw SQL on the same table, two statements, no history",
        claim_ms=round(claim * 1000, 3),
        raw_claim_ms=round(raw_claim * 1000, 3),
    )
    if size.count > _SIZES["thousand"]:
        report.say(
            f"claim_at_{size.name}",
            value=claim * 1000,
            unit="ms",
            limit=first * 1000,
            limit_what="the claim at a thousand rows",
            goal="ratio <= 1.2",
        )


def _filled(name: str, count: int) -> Size:
    """A copy of the empty database with so many Tasks: nine of ten finished, five a Job; each other has its own."""
    connection.close()
    settings = connection.settings_dict
    empty = str(settings.setdefault("BENCH_EMPTY", settings["NAME"]))
    settings["NAME"] = place.copy(empty, name)
    done, waiting = count * 9 // 50, count // 10
    with transaction.atomic():
        rows.insert_jobs(first=1, last=done, state="completed")
        for position in range(1, 6):
            rows.insert_tasks(first=1, last=done, state="completed", position=position)
        _insert_waiting(first=done + 1, last=done + waiting)
    rows.settle()
    return Size(name, count, settings["NAME"], next_job=done + waiting + 1)


def _round(size: Size) -> None:
    connection.close()
    connection.settings_dict["NAME"] = size.database
    # What a round takes comes back first, and the caches are warm before the clock runs.
    more = 2 * _STEPS + 4
    with transaction.atomic():
        _insert_waiting(first=size.next_job, last=size.next_job + more - 1)
    size.next_job += more
    for number in range(_STEPS + 2):
        ours, theirs = _step(), _raw_step()
        if number >= 2:
            size.claims.append(ours[0])
            size.steps.append(sum(ours))
            size.raw_claims.append(theirs[0])
            size.raw_steps.append(sum(theirs))


def _step() -> tuple[float, float]:
    began = time.perf_counter()
    run = queue.claim_run()
    claimed = time.perf_counter()
    if run is None:
        raise RuntimeError("nothing to claim")
    tasks.succeed(run, _NOTHING, by="bench")
    return claimed - began, time.perf_counter() - claimed


def _raw_step() -> tuple[float, float]:
    lock = "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    driver = connection.connection.cursor()
    began = time.perf_counter()
    (pk,) = driver.execute(_CLAIM.format(now=rows.now(), lock=lock)).fetchone()
    claimed = time.perf_counter()
    driver.execute(_FINISH.format(now=rows.now(), id=pk))
    return claimed - began, time.perf_counter() - claimed


def _insert_waiting(*, first: int, last: int) -> None:
    rows.insert_jobs(first=first, last=last, state="in_progress")
    rows.insert_tasks(first=first, last=last, state="pending")
