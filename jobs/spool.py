"""Events that were accepted while nobody could write to the database: a file each, until its receipt is committed.

What `put` returned from is there after a crash and a power cut, too. The files' names sort by their arrival.
"""

import contextlib
import hashlib
import itertools
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

# A database that stays shut for longer than these last is a fault that the senders should hear of.
MOST_FILES = 2_000
MOST_BYTES = 256_000_000
_EVENT, _PART, _BROKEN = ".event", ".part", ".broken"
# Nanoseconds at its arrival, a number, what it is known by, its bytes. Any other file here is not ours.
_NAME = re.compile(r"(\d{20})-\d{6,}-([0-9a-f]{16})-([0-9a-f]{16})(?:\.event|\.part|\.broken)")
_SHORT = 16
# Whoever was writing for so long was killed before anybody was told that the event is kept.
_STALE_SECONDS = 3_600
_numbers = itertools.count()


class Full(Exception):
    """Nothing more is kept here: too much waits, or another event of the same name does."""


class Broken(Exception):
    """The file is not what was written; the message says how."""


@dataclass(frozen=True)
class Standing:
    """How many events wait, since when, and the files that could not be taken in."""

    waiting: int
    oldest: datetime | None
    broken: list[Path]


def put(head: dict[str, Any], parts: Sequence[bytes], *, identity: str) -> None:
    """Keep one event for good; the same bytes under the same identity once. Raises Full, OSError.

    Its file is complete, or not there. An identity whose bytes differ from those that wait is not kept.
    """
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = _sealed(head, parts)
    name = _name(identity, parts)
    if _is_there(name):
        return
    _make_sure_of_room(len(content))
    path = folder / f"{time.time_ns():020d}-{next(_numbers):06d}-{name}{_EVENT}"
    part = path.with_suffix(_PART)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    _sync(folder)


def is_empty() -> bool:
    """Whether no event waits."""
    return next(_entries(_EVENT), None) is None


def waiting() -> list[Path]:
    """The files of the events that wait, the oldest first."""
    return sorted(Path(entry.path) for entry in _entries(_EVENT))


def read(path: Path) -> tuple[dict[str, Any], list[bytes]]:
    """What was put there. Raises Broken, and FileNotFoundError if somebody else has taken it in."""
    sealed, _, content = path.read_bytes().partition(b"\n")
    if hashlib.sha256(content).hexdigest().encode() != sealed:
        raise Broken("Its bytes are not those that were written.")
    line, _, rest = content.partition(b"\n")
    try:
        known = json.loads(line)
        return known["head"], list(_cut(rest, known["lengths"]))
    except (ValueError, KeyError, TypeError) as error:
        raise Broken(f"Its first lines cannot be read: {error}.") from error


def remove(path: Path) -> None:
    """Forget an event whose receipt is committed."""
    path.unlink(missing_ok=True)


def set_aside(path: Path) -> None:
    """Keep it where nobody tries it again: for a person."""
    with contextlib.suppress(FileNotFoundError):
        path.rename(set_aside_name(path))


def set_aside_name(path: Path) -> Path:
    """What the file of an event is called once it was set aside."""
    return path.with_suffix(_BROKEN)


def arrived_at(path: Path) -> datetime:
    """When the event came."""
    return datetime.fromtimestamp(int(path.name.partition("-")[0]) / 1e9, UTC)


def tidy() -> None:
    """Remove what writers left behind that were killed before they were done."""
    for entry in _entries(_PART):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - entry.stat().st_mtime > _STALE_SECONDS:
                Path(entry.path).unlink(missing_ok=True)


def standing() -> Standing:
    """What waits here, for a person who looks."""
    files = waiting()
    broken = sorted(Path(entry.path) for entry in _entries(_BROKEN))
    return Standing(len(files), arrived_at(files[0]) if files else None, broken)


def _folder() -> Path:
    folder: Path = settings.SPOOL
    return folder


def _entries(ending: str) -> Iterator["os.DirEntry[str]"]:
    with contextlib.suppress(FileNotFoundError), os.scandir(_folder()) as entries:
        yield from (entry for entry in entries if entry.name.endswith(ending) and _NAME.fullmatch(entry.name))


def _sealed(head: dict[str, Any], parts: Sequence[bytes]) -> bytes:
    line = json.dumps({"head": head, "lengths": [len(part) for part in parts]}).encode()
    content = b"\n".join([line, b"".join(parts)])
    return b"\n".join([hashlib.sha256(content).hexdigest().encode(), content])


def _cut(rest: bytes, lengths: Sequence[int]) -> Iterator[bytes]:
    if sum(lengths) != len(rest):
        raise ValueError("it holds more or less than it says")
    spot = 0
    for length in lengths:
        yield rest[spot : spot + length]
        spot += length


def _name(identity: str, parts: Sequence[bytes]) -> str:
    """The same for the same event: who sends it again is not kept twice."""
    told = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
    return f"{hashlib.sha256(identity.encode()).hexdigest()[:_SHORT]}-{told[:_SHORT]}"


def _is_there(name: str) -> bool:
    """Whether just this event waits already. Raises Full if another one of its identity does."""
    identity, _, told = name.partition("-")
    names = (_NAME.fullmatch(entry.name) for entry in _entries(_EVENT))
    found = [match[3] for match in names if match and match[2] == identity]
    if found and told not in found:
        raise Full("another event of this name waits")
    return bool(found)


def _make_sure_of_room(size: int) -> None:
    sizes = [_size(entry) for ending in (_EVENT, _PART) for entry in _entries(ending)]
    if len(sizes) >= MOST_FILES or sum(sizes) + size > MOST_BYTES:
        raise Full(f"{len(sizes)} events wait")


def _size(entry: "os.DirEntry[str]") -> int:
    try:
        return entry.stat().st_size
    except FileNotFoundError:
        return 0  # taken in meanwhile


def _sync(folder: Path) -> None:
    """So that the name is there after a power cut, too."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
