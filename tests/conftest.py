"""What every test stands on: no network but loopback, storage of its own, and a small cast."""

import socket
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from jobs.models import Client

_LOOPBACK = ("127.", "::1", "localhost", "/", "\0")


class LeftTheMachine(Exception):
    """A test tried to reach another machine."""


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
def own_storage(settings: Settings, tmp_path: Path) -> None:
    """Artifacts of a test lie in its own folder."""
    settings.STORAGES = {
        **settings.STORAGES,
        "artifacts": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "artifacts", "base_url": None},
        },
    }


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
