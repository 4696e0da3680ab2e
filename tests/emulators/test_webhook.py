"""The emulated receiver believes what the reference library believes, once."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection

import pytest
from standardwebhooks.webhooks import Webhook

from tests.emulators.webhook import KEY, WebhookEmulator
from tests.waiting import PATIENCE

BODY = json.dumps({"type": "job.completed", "timestamp": "2026-11-23T06:30:00Z", "data": {}})
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@pytest.fixture
def receiver() -> Iterator[WebhookEmulator]:
    emulator = WebhookEmulator().start()
    yield emulator
    emulator.stop()


def post(receiver: WebhookEmulator, *, body: str = BODY, key: str = KEY, ago: int = 0, kind: str = "") -> int:
    """The status for a message that was signed so many seconds ago."""
    at = datetime.now(UTC) - timedelta(seconds=ago)
    headers = {
        "content-type": kind or "application/json",
        "webhook-id": "a",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(key).sign("a", at, body),
    }
    connection = HTTPConnection(receiver.url.removeprefix("http://"), timeout=PATIENCE)
    try:
        connection.request("POST", "/hook", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_what_is_signed_is_taken_once(receiver: WebhookEmulator) -> None:
    assert [post(receiver), post(receiver)] == [202, 202]
    assert receiver.messages == {"a": json.loads(BODY)}
    assert receiver.bugs() == []


def test_what_is_not_proven_is_refused(receiver: WebhookEmulator) -> None:
    assert (post(receiver, key=OTHER), post(receiver, ago=400), post(receiver, kind="text/plain")) == (
        401,
        401,
        415,
    )
    assert not receiver.messages


def test_what_is_no_message_is_noted(receiver: WebhookEmulator) -> None:
    post(receiver, body="{}")
    assert receiver.bugs() == ["a: without ['data', 'timestamp', 'type']"]
