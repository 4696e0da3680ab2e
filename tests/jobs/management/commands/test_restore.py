"""manage.py restore: what it refuses, and what it says."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from jobs.models import Process, Restore, Review
from tests.jobs.lifecycle.conftest import message

__all__ = ["message"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A backup of an empty house."""
    call_command("backup", tmp_path)
    (found,) = tmp_path.iterdir()
    return found


def test_a_house_that_holds_something_is_not_overwritten(path: Path, owner: User) -> None:
    with pytest.raises(CommandError, match="--replace"):
        call_command("restore", path)
    call_command("restore", path, replace=True)
    assert not User.objects.exists()


def test_an_empty_house_needs_no_word(path: Path) -> None:
    call_command("restore", path)
    assert Restore.objects.count() == 1


def test_a_house_at_work_is_left_alone(path: Path) -> None:
    now = timezone.now()
    Process.objects.create(cluster="agents", host="a", pid=1, pid_started="1", heartbeat_at=now, progress_at=now)
    with pytest.raises(CommandError, match="is running"):
        call_command("restore", path, replace=True)


def test_what_is_no_backup_changes_nothing(path: Path, owner: User) -> None:
    path.write_bytes(b"no archive")
    with pytest.raises(CommandError, match="Nothing was put back"):
        call_command("restore", path, replace=True)
    assert User.objects.exists()
    assert not Restore.objects.exists()


def test_it_says_what_is_to_be_looked_at(
    message: Review, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("backup", tmp_path)
    (path,) = tmp_path.glob("nightdesk-*")
    call_command("restore", path, replace=True)
    said = capsys.readouterr().out
    assert "1 open jobs, 1 items in the inbox" in said
    assert "1 effects had not been made then" in said
    assert "manage.py up" in said
