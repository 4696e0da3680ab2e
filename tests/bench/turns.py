"""Claim a Delivery in turns between 200 clients, where a thousand and a million wait, beside a claim by age."""

import time
from typing import Any

from django.db import connection, transaction

from jobs import queue
from tests.bench import place, report, rows

_SIZES = {"thousand": 1_000, "million": 100_000 if place.quick() else 1_000_000}
_CLIENTS = 200
_ROUNDS, _STEPS = (2, 30) if place.quick() else (5, 40)

# Half of all is of one client, and older than the rest.
_INSERT = """
INSERT INTO jobs_delivery (key, job_id, task_id, client_id, target, card, kind, fields, files, digest,
    approved_digest, priority, state, reason, ready_at, attempts, host, pid, pid_started, external_id, url, detail,
    created_at)
{numbers} SELECT 'd' || n, 1, 1, CASE WHEN n % 2 = 0 THEN 1 ELSE 1 + n % {clients} END, 'folder', '', 'document',
    '{{}}', '[]', '', '', 2, 'pending', '', {now}, 0, '', 0, '', '', '', '', {now} FROM numbers
"""
# As it was before there were turns, with the index that it had.
_BY_AGE = "CREATE INDEX bench_by_age ON jobs_delivery (priority, ready_at, id) WHERE state = 'pending'"
_NEXT = "SELECT id FROM jobs_delivery WHERE state = 'pending' AND priority = 2 AND ready_at <= {now}"
_CLAIM = """
UPDATE jobs_delivery SET state = 'sending', attempts = attempts + 1
WHERE id = ({following} ORDER BY ready_at, id LIMIT 1 {lock}) AND state = 'pending' RETURNING id
"""


def measure() -> None:
    """Fill one database a size, then go round them, so that what else the machine does meets all alike."""
    sizes = {name: _filled(name, count) for name, count in _SIZES.items()}
    ours: dict[str, list[float]] = {name: [] for name in sizes}
    by_age: dict[str, list[float]] = {name: [] for name in sizes}
    for _ in range(_ROUNDS):
        for name, database in sizes.items():
            connection.close()
            connection.settings_dict["NAME"] = database
            for step in range(_STEPS + 2):
                took, raw = _claimed(), _claimed_by_age()
                if step >= 2:
                    ours[name].append(took)
                    by_age[name].append(raw)
    for name in sizes:
        report.say(
            f"turn_of_deliveries_{name}",
            value=report.median(ours[name]) * 1000,
            unit="ms",
            limit=report.median(by_age[name]) * 1000,
            limit_what="the oldest of all in raw SQL, two statements, held by nobody, no history",
        )
    report.say(
        "turn_of_deliveries_at_any_size",
        value=report.median(ours["million"]) * 1000,
        unit="ms",
        limit=report.median(ours["thousand"]) * 1000,
        limit_what="the claim where a thousand wait",
        goal="ratio <= 1.2",
    )


def _filled(name: str, count: int) -> Any:
    """A copy of the empty database in which so many Deliveries wait."""
    connection.close()
    settings = connection.settings_dict
    settings["NAME"] = place.copy(str(settings.setdefault("BENCH_EMPTY", settings["NAME"])), name)
    with transaction.atomic(), connection.cursor() as cursor:
        rows.insert_clients(first=1, last=_CLIENTS)
        rows.insert_jobs(first=1, last=1, state="in_progress")
        rows.insert_tasks(first=1, last=1, state="completed")
        numbers = rows.numbers(first=1, last=count)
        cursor.execute(_INSERT.format(numbers=numbers, clients=_CLIENTS, now=rows.now()))
    with connection.cursor() as cursor:
        cursor.execute(_BY_AGE)
    rows.settle()
    return settings["NAME"]


def _claimed() -> float:
    began = time.perf_counter()
    if queue.claim_delivery() is None:
        raise RuntimeError("nothing to claim")
    return time.perf_counter() - began


def _claimed_by_age() -> float:
    lock = "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    following = _NEXT.format(now=rows.now())
    driver = connection.connection.cursor()
    began = time.perf_counter()
    driver.execute(f"SELECT EXISTS ({following})").fetchone()
    driver.execute(_CLAIM.format(following=following, lock=lock)).fetchone()
    return time.perf_counter() - began
