"""Files that are there whole or not at all."""

import errno
import os
import threading
from pathlib import Path

import pytest

from integrations import disk


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_file_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.txt"
    assert disk.write_once(path, b"first")
    assert not disk.write_once(path, b"second")
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["a/b/file.txt"]


def test_bytes_and_name_are_on_the_disk_before_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def watched(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        fsync(handle)

    (tmp_path / "folder" / ".parts").mkdir(parents=True)
    monkeypatch.setattr(os, "fsync", watched)
    disk.write_once(tmp_path / "folder" / "file.txt", b"x")
    assert [name.rpartition(".")[2] for name in synced] == ["part", "folder"]


def test_of_many_writers_one_wins_and_nothing_is_torn(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    won: list[bytes] = []
    start = threading.Barrier(16)

    def write(content: bytes) -> None:
        start.wait()
        if disk.write_once(path, content):
            won.append(content)

    threads = [threading.Thread(target=write, args=(bytes([65 + number]) * 50_000,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert path.read_bytes() == won[0]
    assert names(tmp_path) == ["file.txt"]


def test_a_disk_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    assert disk.write_once(tmp_path / "file.txt", b"first")
    assert not disk.write_once(tmp_path / "file.txt", b"second")
    assert (tmp_path / "file.txt").read_bytes() == b"first"


def test_other_faults_of_a_link_are_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failed(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "link", failed)
    with pytest.raises(OSError, match="Input/output"):
        disk.write_once(tmp_path / "file.txt", b"x")
    assert names(tmp_path) == []


def test_pieces_of_killed_writers_are_swept_when_they_are_old(tmp_path: Path) -> None:
    parts = tmp_path / ".parts"
    parts.mkdir()
    old, young = parts / "old.part", parts / "young.part"
    old.touch()
    young.touch()
    os.utime(old, (0, 0))
    disk.write_once(tmp_path / "file.txt", b"x")
    assert names(parts) == ["young.part"]


@pytest.mark.parametrize(
    ("code", "permanent", "said"),
    [
        (errno.ENOSPC, False, "no room left"),
        (errno.EDQUOT, False, "no room left"),
        (errno.EACCES, True, "give this user the right"),
        (errno.EROFS, True, "may not be written"),
        (errno.ENOTDIR, True, "no folder"),
        (errno.EIO, False, "could not be written"),
    ],
)
def test_faults_are_told_with_a_next_step(code: int, permanent: bool, said: str) -> None:
    error = disk.refusal(OSError(code, os.strerror(code)), Path("/srv/out"))
    assert error.permanent is permanent
    assert said in str(error)
    assert "/srv/out" in str(error)
    assert (error.retry_after is not None) is ("room" in said)
