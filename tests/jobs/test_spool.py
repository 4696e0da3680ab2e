"""Files of events: whole or not there, for their owner alone, in the order of their arrival, and with an end."""

import datetime
import hashlib
import os
import stat
from pathlib import Path

import pytest
from pytest_django import Settings

from jobs import spool

HEAD = {"said": "é\ud800"}


def put(number: int, *, body: bytes = b"body") -> None:
    spool.put({"number": number}, [body], identity=f"test:{number}")


def test_what_was_put_is_read_again_byte_for_byte() -> None:
    assert spool.is_empty()
    spool.put(HEAD, [b"a\nb\0", b"", b"c" * 100_000], identity="test:1")
    assert not spool.is_empty()
    (path,) = spool.waiting()
    assert spool.read(path) == (HEAD, [b"a\nb\0", b"", b"c" * 100_000])
    assert datetime.datetime.now(datetime.UTC) - spool.arrived_at(path) < datetime.timedelta(minutes=1)


def test_it_is_for_its_owner_alone(settings: Settings) -> None:
    put(1)
    assert stat.S_IMODE(Path(settings.SPOOL).stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in spool.waiting()] == [0o600]


def test_the_oldest_comes_first() -> None:
    for number in range(12):
        put(number)
    assert [spool.read(path)[0]["number"] for path in spool.waiting()] == list(range(12))


def test_file_and_folder_are_on_the_disk_before_put_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    sync, rename = os.fsync, Path.rename

    def synced(number: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(number).st_mode) else "file")
        sync(number)

    def renamed(path: Path, other: Path) -> Path:
        done.append("rename")
        return rename(path, other)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", renamed)
    put(1)
    assert done == ["file", "rename", "folder"]


def test_who_sends_an_event_again_is_kept_once_and_another_under_its_name_not_at_all() -> None:
    put(1)
    put(1)
    with pytest.raises(spool.Full):
        put(1, body=b"other words")
    assert len(spool.waiting()) == 1


def test_there_is_an_end_to_it_in_number_and_in_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST_FILES", 2)
    put(1)
    put(2)
    with pytest.raises(spool.Full, match="2 events wait"):
        put(3)
    spool.remove(spool.waiting()[0])
    monkeypatch.setattr(spool, "MOST_BYTES", 2_000)
    with pytest.raises(spool.Full):
        put(4, body=b"x" * 2_000)
    put(5)
    assert len(spool.waiting()) == 2


@pytest.mark.parametrize("spoil", ["cut short", "another byte", "nothing", "no JSON", "lengths that lie"])
def test_bytes_that_are_not_those_that_were_written_are_told(spoil: str) -> None:
    put(1)
    (path,) = spool.waiting()
    good = path.read_bytes()
    line = b'{"head": {}, "lengths": [9]}\nbody' if spoil == "lengths that lie" else b"{no"
    spoilt = {"cut short": good[:-1], "another byte": good[:-1] + b"x", "nothing": b""}
    path.write_bytes(spoilt.get(spoil, sealed(line)))
    with pytest.raises(spool.Broken, match=r"Its (bytes|first lines)"):
        spool.read(path)


def sealed(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def test_one_that_was_set_aside_waits_no_more_and_is_told_of() -> None:
    put(1)
    put(2)
    first, second = spool.waiting()
    spool.set_aside(first)
    spool.set_aside(first)
    standing = spool.standing()
    assert (standing.waiting, standing.oldest) == (1, spool.arrived_at(second))
    assert standing.broken == [spool.set_aside_name(first)]
    assert spool.read(standing.broken[0])[0] == {"number": 1}


def test_what_a_killed_writer_left_goes_when_it_is_old_and_other_files_never(settings: Settings) -> None:
    put(1)
    (path,) = spool.waiting()
    part, own = path.with_suffix(".part"), Path(settings.SPOOL) / "notes.part"
    part.write_bytes(b"ha")
    own.write_bytes(b"mine")
    spool.tidy()
    assert part.exists()
    for one in (part, own, path):
        os.utime(one, (1, 1))
    spool.tidy()
    assert not part.exists()
    assert own.exists()
    assert spool.waiting() == [path]


def test_a_folder_that_is_not_there_holds_nothing() -> None:
    spool.tidy()
    assert (spool.waiting(), spool.standing()) == ([], spool.Standing(0, None, []))
