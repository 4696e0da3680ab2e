"""What every test stands on: no network but loopback, storage of its own, and a small cast."""

import functools
import gc
import socket
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import translation
from pytest_django import Settings

from config.sqlite3.base import DatabaseWrapper
from jobs import turns
from jobs.lifecycle import pace
from jobs.models import Client
from tests import template

_LOOPBACK = ("127.", "::1", "localhost", "/", "\0")


class LeftTheMachine(Exception):
    """A test tried to reach another machine."""


def pytest_configure(config: pytest.Config) -> None:
    """All processes of this run copy one migrated database."""
    DatabaseWrapper.creation_class = template.Copied
    # The tables' names were measured when they were loaded, so this one is made already.
    if connection.vendor == "sqlite":
        connection.creation = template.Copied(connection)
    if folder := template.begin():
        config.add_cleanup(functools.partial(template.end, folder))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays to the end; to look for rubbish among it takes a third of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts real processes comes first, so that at the end no process waits for another's last long test."""
    items.sort(key=lambda item: item.get_closest_marker("services") is None)


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connecting to anything but loopback or a local socket is an error."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else address
        if not str(host if not isinstance(host, bytes) else host.decode("latin-1")).startswith(_LOOPBACK):
            raise LeftTheMachine(f"a test tried to reach {address!r}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """A request leaves its language with its thread; the next test begins in the house's again."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def own_storage(settings: Settings, tmp_path: Path) -> None:
    """Artifacts of a test lie in its own folder, and so do events that wait."""
    settings.SPOOL = tmp_path / "spool"
    settings.STORAGES = {
        **settings.STORAGES,
        "artifacts": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "artifacts", "base_url": None},
        },
    }


@pytest.fixture(autouse=True)
def nobody_was_served_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose turn it is does not depend on the tests before."""
    monkeypatch.setattr(turns, "_last", {})


@pytest.fixture(autouse=True)
def nothing_is_known_to_be_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """What began in the tests before is gone."""
    monkeypatch.setattr(pace, "_full_until", {})


@pytest.fixture
def owner(db: None) -> User:
    """The person who decides."""
    return User.objects.create_user("owner", password="a long enough password", is_staff=True, is_superuser=True)


@pytest.fixture
def stranger(db: None) -> User:
    """Somebody who is logged in nowhere and owns nothing."""
    return User.objects.create_user("stranger", password="another long password", is_active=False)


@pytest.fixture
def trattoria(db: None) -> Client:
    """A client with one trusted recipient."""
    return Client.objects.create(
        name="Trattoria Lume", slug="trattoria-lume", recipients=["marta@example.com"], tone="warm, brief"
    )
