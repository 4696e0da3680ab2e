"""The nightly backup, as the clock calls it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from jobs import workers
from jobs.backups import archive

pytestmark = pytest.mark.django_db(transaction=True)

NIGHT = datetime(2026, 11, 27, 3, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def night(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty past three, and a folder that is named."""
    settings.BACKUPS, settings.BACKUP_NIGHTLY = tmp_path / "backups", True
    monkeypatch.setattr("django.utils.timezone.now", lambda: NIGHT)


def test_one_is_written_a_night(settings: Settings) -> None:
    workers.backup()
    workers.backup()
    (path,) = archive.listing(settings.BACKUPS)
    assert archive.verify(path).made_at == NIGHT


def test_none_is_written_where_no_folder_is_named(settings: Settings) -> None:
    settings.BACKUP_NIGHTLY = False
    workers.backup()
    assert archive.listing(settings.BACKUPS) == []


def test_a_folder_that_cannot_be_written_stops_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.BACKUPS.write_text("a file")
    workers.backup()
    assert "no backup was written" in caplog.text
