"""Slash commands that arrive at a steady pace while 500 jobs wait and a writer holds the database for two seconds.

Nobody waits for an answer before the next command is given: a wait that others cause is counted for each of them.
"""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlencode

from django.db import connections

from jobs.models import Job, Receipt, Trigger
from jobs.states import JobState
from tests.bench import place, processes, report, rows
from tests.emulators.slack_people import signed

_SECONDS = 10 if place.quick() else 60
_A_SECOND = 10
_WAITING, _HELD = 500, 2.0
_GUNICORN = ["--workers", "1", "--threads", "16", "--log-level", "warning", "--no-control-socket"]


def measure() -> None:
    """From the moment at which a command is given to the last byte of its answer."""
    Trigger.objects.create(name="Slack", slug="slack", source="slack", brief_template="{text}")
    rows.insert_jobs(first=1, last=_WAITING, state=JobState.PENDING)
    rows.settle()
    port, count = processes.free_port(), _SECONDS * _A_SECOND
    command = ["-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *_GUNICORN, "config.wsgi"]
    with processes.started(command, port=port), ThreadPoolExecutor(_A_SECOND * 5) as givers:
        _give(port, -1, time.monotonic())
        writer = threading.Timer(_SECONDS / 2, _hold)
        writer.start()
        begun = time.monotonic()
        given = [givers.submit(_give, port, number, begun + number / _A_SECOND) for number in range(count)]
        waits = [one.result() for one in given]
        writer.join()
    _check(count + 1)
    _say(waits)


def _say(waits: list[float]) -> None:
    report.say(
        "slack",
        value=report.percentile(waits, 99) * 1000,
        unit="ms",
        goal="value <= 500",
        p50_ms=round(report.percentile(waits, 50) * 1000, 1),
        slowest_ms=round(max(waits) * 1000),
        over_500_ms=sum(wait > 0.5 for wait in waits),
        commands=len(waits),
        held_s=_HELD,
    )


def _check(count: int) -> None:
    if (Receipt.objects.count(), Job.objects.count()) != (count, count + _WAITING):
        raise RuntimeError(f"{count} commands left {Receipt.objects.count()} receipts, {Job.objects.count()} jobs")


def _give(port: int, number: int, due: float) -> float:
    """Give one command when it is due; how long the answer took."""
    time.sleep(max(0.0, due - time.monotonic()))
    fields = {"command": "/nightdesk", "text": "Look at the menu.", "user_id": "U1", "channel_id": "C1"}
    body = urlencode({**fields, "trigger_id": f"t{number}"}).encode()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        **signed(body, os.environ["SLACK_SIGNING_SECRET"]),
    }
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as slack:
        slack.request("POST", "/hooks/slack/commands/", body, headers)
        answer = slack.getresponse()
        said = answer.read()
    if answer.status != 200 or b"Accepted" not in said:
        raise RuntimeError(f"not accepted: {answer.status} {said!r}")
    return time.monotonic() - due


def _hold() -> None:
    """Write, and do not end it: what a backup tool or a long migration does to the others."""
    with closing(connections.create_connection("default")) as other, other.cursor() as cursor:
        if other.vendor == "postgresql":
            other.set_autocommit(False)
            cursor.execute("UPDATE jobs_job SET title = title")
        else:
            cursor.execute("BEGIN IMMEDIATE")
        time.sleep(_HELD)
