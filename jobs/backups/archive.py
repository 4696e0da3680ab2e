"""One dated archive: written whole or not at all, and read again before it counts."""

import contextlib
import datetime
import gzip
import hashlib
import os
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone
from pydantic import ValidationError

from jobs import spool
from jobs.backups import databases
from jobs.backups.databases import Unusable
from jobs.backups.manifest import FORMAT, Manifest
from jobs.lifecycle import arrival
from jobs.lifecycle import artifact as artifacts

KEEP = 14
_HOUR = 3
_PIECE = 1 << 20
# What holds the database up for longer is not waited for.
_PATIENCE_SECONDS = 20.0
_NAME = re.compile(r"nightdesk-(\d{8}T\d{6})Z\.tar\.gz")
_STAMP = "%Y%m%dT%H%M%S"
_MANIFEST, _DATABASE, _ARTIFACTS, _KEY = "manifest.json", "database", "artifacts", "secret_key"


def write(folder: Path, *, keep: int = KEEP) -> tuple[Path, Manifest]:
    """Make an archive of all there is now, read it again, and only then give it its name and forget old ones.

    Events that wait in the spool are taken in first, so that it holds them. Raises OSError for a folder that cannot
    be written, Unusable if what was written cannot be read again, or if events still wait.
    """
    if not arrival.take_in(patience=_PATIENCE_SECONDS):
        raise Unusable(f"{spool.standing().waiting} accepted events wait until the database can be written.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"nightdesk-{timezone.now():{_STAMP}}Z.tar.gz"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as work:
        partial = Path(work) / path.name
        manifest = _pack(Path(work), partial)
        verify(partial)
        partial.replace(path)
    _sync(folder)
    for old in listing(folder)[max(1, keep) :]:
        old.unlink(missing_ok=True)
    return path, manifest


def verify(path: Path) -> Manifest:
    """Read all of it: every file's digest, every artifact's name, the rows of every table. Raises Unusable."""
    with opened(path) as (folder, manifest):
        rows = databases.count(folder / _DATABASE)
        if rows != manifest.rows:
            wrong = sorted(name for name in {*rows, *manifest.rows} if rows.get(name) != manifest.rows.get(name))
            raise Unusable(f"These tables have not the rows that they had: {', '.join(wrong)}.")
    return manifest


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[Path, Manifest]]:
    """Everything in it, unpacked beside it for a while, each file checked against its digest. Raises Unusable."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".reading-") as work:
        yield Path(work), _unpack(path, Path(work))


def restore(path: Path) -> Manifest:
    """Put the database, the artifacts and the house's own key in place of what is here. Raises Unusable."""
    with opened(path) as (folder, manifest):
        if why := misfit(manifest):
            raise Unusable(why)
        for sha256 in manifest.artifacts:
            content = (folder / _ARTIFACTS / sha256).read_bytes()
            artifacts.keep(artifacts.File("restored", sha256, "application/octet-stream", content))
        databases.load(folder / _DATABASE, manifest.migrations)
        if _KEY in manifest.members and has_own_key():
            _put_key((folder / _KEY).read_bytes())
    return manifest


def misfit(manifest: Manifest) -> str:
    """Why this installation cannot take the archive; empty if it can."""
    if manifest.vendor != connection.vendor:
        return f"It is of a {manifest.vendor} database, and this is {connection.vendor}: set DATABASE_URL."
    if names := databases.unknown(manifest.migrations):
        return f"It is of a later version of Nightdesk ({', '.join(names[:3])}): install that one first."
    return ""


def listing(folder: Path) -> list[Path]:
    """The archives in a folder, the latest first."""
    found = folder.glob("nightdesk-*.tar.gz") if folder.is_dir() else ()
    return sorted((path for path in found if _NAME.fullmatch(path.name)), reverse=True)


def made_at(path: Path) -> datetime.datetime:
    """When the archive of this name was made. Raises ValueError for another file."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise ValueError(f"{path.name} is no backup's name")
    return datetime.datetime.strptime(match[1], _STAMP).replace(tzinfo=datetime.UTC)


def is_due(folder: Path, now: datetime.datetime) -> bool:
    """Whether a night's backup is to be made now: after three o'clock, once a date of the house's clock."""
    here = timezone.localtime(now, timezone.get_default_timezone())
    latest = next(iter(listing(folder)), None)
    last = timezone.localtime(made_at(latest), here.tzinfo).date() if latest else None
    return here.hour >= _HOUR and last != here.date()


def has_own_key() -> bool:
    """Whether SECRET_KEY is the one that lies beside the database, and not from the environment."""
    path: Path = settings.VAR / _KEY
    return path.is_file() and path.read_text(encoding="utf-8").strip() == settings.SECRET_KEY


def _pack(work: Path, path: Path) -> Manifest:
    (work / _DATABASE).mkdir()
    rows, named = databases.dump(work / _DATABASE)
    # The time after the tables were read: everything in them is older.
    manifest = Manifest(made_at=timezone.now(), vendor=connection.vendor, migrations=databases.applied(), rows=rows)
    with path.open("xb") as file:
        path.chmod(0o600)
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
            for part in sorted((work / _DATABASE).iterdir()):
                manifest.members[f"{_DATABASE}/{part.name}"] = _add(archive, part, f"{_DATABASE}/{part.name}")
            for sha256 in named:
                _add_artifact(archive, work, manifest, sha256)
            if has_own_key():
                manifest.members[_KEY] = _add(archive, settings.VAR / _KEY, _KEY)
            (work / _MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
            archive.add(work / _MANIFEST, _MANIFEST)
        file.flush()
        os.fsync(file.fileno())
    return manifest


def _add(archive: tarfile.TarFile, path: Path, name: str) -> str:
    archive.add(path, name)
    return _digest(path)


def _add_artifact(archive: tarfile.TarFile, work: Path, manifest: Manifest, sha256: str) -> None:
    """The bytes of one, whatever the storage; one that is gone or was changed is named as missing."""
    part = work / _ARTIFACTS
    try:
        part.write_bytes(artifacts.load(sha256))
    except (FileNotFoundError, artifacts.Corrupt):
        manifest.missing.append(sha256)
        return
    name = f"{_ARTIFACTS}/{sha256}"
    manifest.members[name] = _add(archive, part, name)


def _unpack(path: Path, folder: Path) -> Manifest:
    try:
        with gzip.open(path) as whole:
            while whole.read(_PIECE):
                pass  # to its very end, where the sum of all of it stands
        with tarfile.open(path, mode="r:gz") as archive:
            manifest = Manifest.model_validate_json(_read(archive, _MANIFEST))
            if manifest.format != FORMAT:
                raise Unusable(f"It has the format {manifest.format}, and this version reads {FORMAT}.")
            for name, digest in manifest.members.items():
                _take(archive, name, digest, folder)
    except (tarfile.TarError, zlib.error, EOFError, OSError, KeyError, ValidationError) as error:
        raise Unusable(f"{path.name} is no whole backup: {error}") from error
    return manifest


def _take(archive: tarfile.TarFile, name: str, digest: str, folder: Path) -> None:
    """One file that the manifest names, written where we say and nowhere else."""
    first, _, last = name.rpartition("/")
    if first not in {"", _DATABASE, _ARTIFACTS} or not re.fullmatch(r"[A-Za-z0-9_.]+", last) or last in {".", ".."}:
        raise Unusable(f"It holds a file of a name that no backup has: {name!r}.")
    target = folder / first / last
    target.parent.mkdir(exist_ok=True)
    source = archive.extractfile(name)
    if source is None:
        raise Unusable(f"{name} is no file in it.")
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
    if _digest(target) != digest or (first == _ARTIFACTS and digest != last):
        raise Unusable(f"{name} in it is not what was written.")


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    source = archive.extractfile(name)
    if source is None:
        raise KeyError(name)
    with source:
        return source.read()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put_key(content: bytes) -> None:
    path: Path = settings.VAR / _KEY
    draft = path.with_name(f".{_KEY}.restored")
    draft.write_bytes(content)
    draft.chmod(0o600)
    draft.replace(path)


def _sync(folder: Path) -> None:
    """So that the name is there after a power cut, too."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
