"""The asserts of the two contracts are explained like a test's own; a Slack, its people, a worker of one thread."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client as Browser
from pytest_django import Settings

from jobs import pool
from tests.emulators.slack import APP_TOKEN, TOKEN, SlackEmulator
from tests.emulators.slack_people import SECRET, People

pytest.register_assert_rewrite("tests.integrations.source_contract", "tests.integrations.target_contract")


@pytest.fixture
def slack() -> Iterator[SlackEmulator]:
    """The service; at the end nothing may be left undone or done that it would not take."""
    emulator = SlackEmulator().start()
    emulator.add_channel("C1")
    yield emulator
    emulator.stop()
    assert emulator.bugs() == []


@pytest.fixture
def people(slack: SlackEmulator, settings: Settings) -> People:
    """U1 may ask for work; what anybody does reaches the site as Slack would send it."""
    settings.SOURCES = {**settings.SOURCES, "slack": {"users": ["U1"], "channel": "C1"}}
    settings.SOURCE_SECRETS = {**settings.SOURCE_SECRETS, "slack": [SECRET]}
    settings.DESKS = {"slack": {"app_token": APP_TOKEN, "base_url": slack.base_url, "token": TOKEN}}
    return People(slack, send=_send)


def _send(path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    kind = headers["content-type"]
    answer = Browser(enforce_csrf_checks=True).post(path, body, content_type=kind, headers=headers)
    return answer.status_code, answer.content


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The worker's threads end with the test, and their connections with them."""
    monkeypatch.setattr(pool, "_LINGER_SECONDS", 0.05)
    with ThreadPoolExecutor(1) as threads:
        monkeypatch.setattr(pool, "_threads", lambda: threads)
        yield
        threads.submit(lambda: connection.close()).result()
