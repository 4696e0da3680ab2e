"""Artifacts: bytes first, then the row; a disk that is full or lies leaves nothing half done."""

import errno
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, storages
from pytest_django import Settings

from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import task as tasks
from jobs.lifecycle.artifact import File
from jobs.lifecycle.intake import accept
from jobs.models import Artifact, Delivery, Event, Job, Run, Task
from tests.jobs.conftest import a_file, a_received_file, an_event, claimed, document_result, done

NO_TYPE = "application/octet-stream"


class FullDisk(FileSystemStorage):
    """A disk that takes half of each file and then is full."""

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        """Write the first half, then fail as the system does."""
        assert name
        half = content.read()[: content.size // 2]
        super().save(name, ContentFile(half), max_length)
        raise OSError(errno.ENOSPC, "No space left on device")


def on(settings: Settings, backend: str) -> None:
    """Let artifacts lie in the same folder behind this storage."""
    here = settings.STORAGES["artifacts"]
    settings.STORAGES = {**settings.STORAGES, "artifacts": {**here, "BACKEND": backend}}


def fill_the_disk(settings: Settings) -> None:
    """From now on the disk is full."""
    on(settings, f"{__name__}.FullDisk")


def path_of(sha256: str) -> Path:
    """Where the bytes lie."""
    return Path(storages["artifacts"].path(f"{sha256[:2]}/{sha256}"))


def test_bytes_lie_under_their_own_sum() -> None:
    file = a_file(text="Grüße\r\n")
    assert file.sha256 == hashlib.sha256("Grüße\r\n".encode()).hexdigest()
    artifacts.keep(file)
    assert path_of(file.sha256).read_bytes() == file.content
    assert artifacts.load(file.sha256) == file.content


def test_keeping_the_same_bytes_again_is_a_no_op() -> None:
    file = a_file()
    artifacts.keep(file)
    first = path_of(file.sha256).stat()
    artifacts.keep(a_file(name="another name.md"))
    assert path_of(file.sha256).stat().st_ino == first.st_ino
    assert len(list(path_of(file.sha256).parent.iterdir())) == 1


def test_no_bytes_at_all_are_bytes_too() -> None:
    file = a_file(text="")
    artifacts.keep(file)
    assert artifacts.load(file.sha256) == b""


def test_bytes_that_were_changed_are_never_given_out() -> None:
    file = a_file()
    artifacts.keep(file)
    path_of(file.sha256).write_bytes(b"Hello Mallory")
    with pytest.raises(artifacts.Corrupt, match=file.sha256[:12]):
        artifacts.load(file.sha256)


def test_bytes_that_are_gone_are_missed() -> None:
    with pytest.raises(FileNotFoundError):
        artifacts.load("0" * 64)


def test_half_a_file_of_a_process_that_died_is_written_anew() -> None:
    file = a_file(text="a long message")
    path = path_of(file.sha256)
    path.parent.mkdir(parents=True)
    path.write_bytes(file.content[:5])
    artifacts.keep(file)
    assert artifacts.load(file.sha256) == file.content
    assert len(list(path.parent.iterdir())) == 1


def test_a_full_disk_is_told_and_mended_by_the_next_try(settings: Settings) -> None:
    folder = settings.STORAGES["artifacts"]
    fill_the_disk(settings)
    file = a_file(text="a long message")
    with pytest.raises(OSError, match="No space left"):
        artifacts.keep(file)
    with pytest.raises(artifacts.Corrupt):
        artifacts.load(file.sha256)
    settings.STORAGES = {**settings.STORAGES, "artifacts": folder}
    artifacts.keep(file)
    assert artifacts.load(file.sha256) == file.content


@pytest.mark.django_db
def test_a_full_disk_leaves_no_row_and_the_run_as_it_was(planned: Callable[..., Job], settings: Settings) -> None:
    planned()
    run = claimed()
    folder = settings.STORAGES["artifacts"]
    fill_the_disk(settings)
    before = Event.objects.count()
    with pytest.raises(OSError, match="No space left"):
        tasks.succeed(run, document_result(), by="agent:drafting")
    assert not Artifact.objects.exists()
    assert not Delivery.objects.exists()
    assert Event.objects.count() == before
    assert Run.objects.get(pk=run.pk).state == "running"
    assert Task.objects.get().state == "in_progress"
    settings.STORAGES = {**settings.STORAGES, "artifacts": folder}
    tasks.succeed(run, document_result(), by="agent:drafting")
    assert Task.objects.get().state == "completed"


@pytest.mark.django_db
def test_a_row_says_what_the_bytes_are_and_who_made_them(planned: Callable[..., Job]) -> None:
    job = planned()
    task = done(document_result("# Grüße"))
    row = task.artifacts.get()
    assert (row.name, row.kind, row.version, row.made_by) == ("draft.md", "draft", 1, "agent:test")
    assert (row.job, row.run, row.size) == (job, Run.objects.latest("id"), len("# Grüße".encode()))
    assert artifacts.load(row.sha256) == "# Grüße".encode()


@pytest.mark.django_db
def test_the_same_name_again_is_the_next_version(planned: Callable[..., Job]) -> None:
    planned()
    task = done(document_result())
    artifacts.enter(a_file("draft.md"), task=task, run=None, by="owner")
    artifacts.enter(a_file("other.md"), task=task, run=None, by="owner")
    assert list(task.artifacts.values_list("name", "version")) == [
        ("draft.md", 1),
        ("draft.md", 2),
        ("other.md", 1),
    ]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("menu.pdf", "menu.pdf"),
        ("C:\\Users\\Lea\\menu.pdf", "menu.pdf"),
        ("../../etc/passwd", "passwd"),
        ("/", "file"),
        ("", "file"),
        (" .. ", "file"),
        ("a\nb\x00\u202ec.pdf", "abc.pdf"),
        ("\ud800.txt", "txt"),
        ("メニュー.pdf", "メニュー.pdf"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
        ("x." + "y" * 300, "x." + "y" * 19),
    ],
)
@pytest.mark.django_db
def test_a_name_from_outside_is_made_plain(given: str, kept: str) -> None:
    (row,) = accept(an_event(files=[a_received_file(given)]), []).receipt.artifacts.all()
    assert row.name == kept


@pytest.mark.django_db
def test_no_two_files_of_a_receipt_have_one_name() -> None:
    files = [a_received_file(name, text) for name, text in (("a.csv", "1"), ("x/a.csv", "2"), ("a.csv", "3"))]
    rows = accept(an_event(files=files), []).receipt.artifacts.order_by("id")
    assert [row.name for row in rows] == ["a.csv", "a (2).csv", "a (3).csv"]
    assert [artifacts.load(row.sha256) for row in rows] == [b"1", b"2", b"3"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("Text/CSV; charset=utf-8", "text/csv"), ("", NO_TYPE), ("a\nb", NO_TYPE), ("x" * 99 + "/a", NO_TYPE)],
)
@pytest.mark.django_db
def test_a_type_from_outside_is_a_type_or_that_of_bytes(given: str, kept: str) -> None:
    file = File("received", "a.csv", given, b"1")
    (row,) = accept(an_event(files=[file]), []).receipt.artifacts.all()
    assert row.media_type == kept
