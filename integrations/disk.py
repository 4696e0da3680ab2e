"""Files that are there whole or not at all, also after the power failed; nothing that exists is overwritten."""

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from integrations.contracts import DeliveryError
from integrations.words import _

RETRY_WHEN_FULL_SECONDS = 300.0
# Pieces of writers that were killed; no writer takes this long.
STALE_SECONDS = 86_400

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_IN_THE_WAY = {errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ELOOP}
_NO_HARD_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def write_once(path: Path, content: bytes) -> bool:
    """Put `content` at `path`, durably; False, and nothing done, if something is there already. Raises OSError."""
    make_folder(path.parent)
    with staged(path.parent / ".parts", content) as part:
        return place(part, path)


@contextlib.contextmanager
def staged(parts: Path, content: bytes) -> Iterator[Path]:
    """A file with `content` in the folder `parts`, on the disk for certain, and removed at the end."""
    make_folder(parts)
    _remove_stale(parts)
    part = parts / f"{secrets.token_hex(8)}.part"
    try:
        _write(part, content)
        yield part
    finally:
        part.unlink(missing_ok=True)


def place(part: Path, path: Path) -> bool:
    """Give a staged file its name, durably; False if the name is taken. The folder has to exist."""
    try:
        # A link fails where the name is taken; a rename would put itself in its place.
        os.link(part, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if path.exists():
            return False
        part.replace(path)
    _sync_folder(path.parent)
    return True


def make_folder(path: Path) -> None:
    """Create the folder and those above it, durably."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    _sync_folder(path.parent)


def refusal(error: OSError, place: Path) -> DeliveryError:
    """What a person or the next attempt has to know about a failed write: nothing was half written."""
    if error.errno in _FULL:
        reason = _("There is no room left at {place}: make room; it is tried again by itself.").format(place=place)
        return DeliveryError(reason, permanent=False, retry_after=RETRY_WHEN_FULL_SECONDS)
    if error.errno in _FORBIDDEN:
        reason = _("{place} may not be written to ({strerror}): give this user the right, then retry.").format(
            place=place, strerror=error.strerror
        )
        return DeliveryError(reason, permanent=True)
    if error.errno in _IN_THE_WAY:
        reason = _("Something that is no folder stands at or above {place}: move it away, then retry.").format(
            place=place
        )
        return DeliveryError(reason, permanent=True)
    return DeliveryError(
        _("{place} could not be written: {strerror}.").format(place=place, strerror=error.strerror or error),
        permanent=False,
    )


def _write(path: Path, content: bytes) -> None:
    # Opened by os.open: the owner's umask decides who may read, as for any file that a program makes.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_stale(parts: Path) -> None:
    for part in parts.glob("*.part"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - part.stat().st_mtime > STALE_SECONDS:
                part.unlink()
