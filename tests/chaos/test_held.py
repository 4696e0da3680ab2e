"""Somebody holds the only writer: what was acknowledged meanwhile is there afterwards, though all was killed."""

import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import House, built

pytestmark = [pytest.mark.services, pytest.mark.long]

EVENTS = 12
# What a sender that waits for three seconds is promised, with room for a busy machine.
SECONDS = 2.0


def test_events_outlive_a_held_database_and_a_kill_of_everything(tmp_path: Path) -> None:
    with built(tmp_path / "var", "embedded") as house:
        house.start()
        house.set_up()
        with held(house):
            waits = [post(house, number) for number in range(EVENTS)]
            kill_all(house)
        assert max(waits) < SECONDS
        assert house.rows("SELECT count(*) FROM jobs_receipt") == [(0,)]
        assert len(house.spooled()) == EVENTS
        house.start()
        house.wait_for("every receipt", lambda: kept(house) == EVENTS, seconds=60)
        post(house, 0)
        order = house.rows("SELECT external_id FROM jobs_receipt ORDER BY id")
        assert [row[0] for row in order] == [f"enquiry:{number}" for number in range(EVENTS)]
        assert house.rows("SELECT count(*), count(DISTINCT receipt_id) FROM jobs_job") == [(EVENTS, EVENTS)]
        assert not house.spooled()


def test_the_next_event_takes_in_what_waits_and_comes_after_it(tmp_path: Path) -> None:
    with built(tmp_path / "var", "embedded") as house:
        house.start()
        house.set_up()
        with held(house):
            for number in range(EVENTS):
                post(house, number)
        post(house, EVENTS)
        house.wait_for("every receipt", lambda: kept(house) == EVENTS + 1, seconds=60)
        times = house.rows("SELECT external_id, received_at FROM jobs_receipt ORDER BY id")
        assert [row[0] for row in times] == [f"enquiry:{number}" for number in range(EVENTS + 1)]
        assert times == sorted(times, key=lambda row: str(row[1]))


def post(house: House, number: int) -> float:
    """Post one event, which is acknowledged; how long that took."""
    begun = time.monotonic()
    payload = {"subject": f"Note {number}", "message": "Draft a note."}
    path, secret = "/hooks/form/enquiry/", house.secrets["enquiry"]
    status, _ = house.post_hook(path, secret, payload, identity=str(number), taken_in=False)
    assert status in {200, 202}
    return time.monotonic() - begun


def kept(house: House) -> int:
    return int(house.rows("SELECT count(*) FROM jobs_receipt")[0][0])


@contextlib.contextmanager
def held(house: House) -> Iterator[None]:
    """Within, a backup tool writes to the database and does not end."""
    path = house.folder / "nightdesk.sqlite3"
    with contextlib.closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def kill_all(house: House) -> None:
    assert house.process
    house.process.kill()
    house.process.wait()
    for pid in house.pids():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
