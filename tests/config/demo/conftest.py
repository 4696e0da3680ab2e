"""An empty database on a morning, and the folders that the demo writes into."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from config.demo import repositories
from integrations import workers as deliveries


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """The demo's own folder: repositories and outputs lie in it."""
    settings.VAR = tmp_path / "demo"
    settings.REPOSITORIES = repositories.addresses(settings.VAR / "repositories")
    settings.REHEARSAL = True
    settings.EMAIL_BACKEND = "integrations.mail.outbox.EmailBackend"
    settings.EMAIL_FILE_PATH = settings.VAR / "mail"
    settings.TARGETS = {
        "folder": {"root": settings.VAR / "folder"},
        "git": {"repositories": settings.REPOSITORIES, "workdir": settings.VAR / "git"},
        "mail": {"sender": "desk@example.com"},
    }
    deliveries._target.cache_clear()
    yield settings.VAR
    deliveries._target.cache_clear()


@contextmanager
def it_is(hour: int) -> Iterator[datetime]:
    """Inside, it is so many hours after yesterday's midnight, and time goes on. (The database keeps its clock.)"""
    real, began = timezone.now, timezone.now()
    midnight = timezone.localtime(began).replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight - timedelta(days=1) + timedelta(hours=hour)
    timezone.now = lambda: start + (real() - began)
    try:
        yield start
    finally:
        timezone.now = real
