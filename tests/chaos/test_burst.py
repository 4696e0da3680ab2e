"""Ten thousand events in a minute, and the web killed in the middle: what was acknowledged is there, once."""

import http.client
import json
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from tests.house import SIZES, House, built

pytestmark = [pytest.mark.services, pytest.mark.long]

EVENTS = 10_000
SENDERS = 20
KILLED_AFTER = EVENTS // 3
SECONDS = 120.0  # a minute where nothing else runs beside it
PACE = 200


@pytest.mark.parametrize("size", SIZES)
def test_a_burst_loses_nothing_though_the_web_is_killed(size: str, tmp_path: Path) -> None:
    with built(tmp_path / "var", size) as house:
        house.start()
        house.set_up()
        burst = Burst(house)
        begun = time.monotonic()
        burst.send(at_the_third=lambda: kill_the_web(house))
        took = time.monotonic() - begun
        print(f"{size}: {EVENTS:,} events in {took:.0f} s, {burst.repeats} of them sent again")  # noqa: T201
        assert took < SECONDS
        assert set(burst.statuses) <= {200, 202, 503}
        assert burst.repeats
        house.wait_for("what waits in the spool", lambda: not house.spooled())
        check(house, burst.acknowledged)
        house.wait_for("the item that tells of the flood", lambda: floods(house), seconds=90)
        check(house, burst.acknowledged)


class Burst:
    """Twenty senders that send each event until it is acknowledged, as senders do."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._left: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self.acknowledged: set[str] = set()
        self.statuses: set[int] = set()
        self.repeats = 0

    def send(self, *, at_the_third: Callable[[], None]) -> None:
        for number in range(EVENTS):
            self._left.put(number)
        threads = [threading.Thread(target=self._send_all) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        self._house.wait_for("a third of them", lambda: len(self.acknowledged) > KILLED_AFTER, seconds=SECONDS)
        at_the_third()
        for thread in threads:
            thread.join()

    def _send_all(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._house.port, timeout=30)
        try:
            while True:
                identity = f"burst-{self._left.get_nowait()}"
                while not self._is_taken(connection, identity):
                    with self._lock:
                        self.repeats += 1
        except queue.Empty:
            connection.close()

    def _is_taken(self, connection: http.client.HTTPConnection, identity: str) -> bool:
        body, now = json.dumps({"summary": identity, "text": "Draft a note."}), datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": identity,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self._house.secrets["ticket"]).sign(identity, now, body),
        }
        try:
            connection.request("POST", "/hooks/standard/ticket/", body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            time.sleep(0.1)
            return False
        with self._lock:
            self.statuses.add(answer.status)
            if answer.status < 300:
                self.acknowledged.add(f"ticket:{identity}")
        return answer.status < 300


def kill_the_web(house: House) -> None:
    web = house.pids(having="NIGHTDESK_ROLE=web")
    assert web
    for pid in web:
        os.kill(pid, signal.SIGKILL)


def floods(house: House) -> int:
    return int(house.rows("SELECT count(*) FROM jobs_review WHERE title LIKE 'ticket: more came%'")[0][0])


def check(house: House, acknowledged: set[str]) -> None:
    """Each acknowledged event is there once, with its one job; what has not begun says for what it waits."""
    assert len(acknowledged) == EVENTS
    kept = [row[0] for row in house.rows("SELECT external_id FROM jobs_receipt")]
    assert len(kept) == EVENTS
    assert set(kept) == acknowledged
    assert house.rows("SELECT count(*), count(DISTINCT receipt_id) FROM jobs_job") == [(EVENTS, EVENTS)]
    let_in = "SELECT count(*) FROM jobs_job WHERE let_in_at IS NOT NULL"
    ((begun,),) = house.rows(let_in)
    # Two that come at the same moment may both take the last place.
    assert PACE <= begun <= PACE + SENDERS
    waiting = house.rows(
        "SELECT state, count(*) FROM jobs_job WHERE let_in_at IS NULL"
        " AND reason LIKE 'It waits for its turn: the rule “ticket” begins 200 jobs an hour.' GROUP BY state"
    )
    assert waiting == [("pending", EVENTS - begun)]
