"""Documents as files: root/<date>/<job>-<title>/<name>, each whole or not there, none ever overwritten.

A record of every effect lies in root/.nightdesk/, named by its key: by it a repeat changes nothing and a lost
answer is found again, even after the owner has edited, renamed or moved the files.
"""

import contextlib
import datetime
import hashlib
import json
from pathlib import Path
from typing import ClassVar

from integrations import disk
from integrations.contracts import DeliveryError, Json, Landed, Marked, OutcomeUnknown, OutFile, Outgoing
from integrations.folder import naming


class FolderTarget:
    """Writes into `root`, which it makes where it is missing."""

    slug: ClassVar[str] = "folder"
    kinds: ClassVar[frozenset[str]] = frozenset({"document", "brief"})
    lag_seconds: ClassVar[float] = 0.0

    def __init__(self, *, root: Path | str) -> None:
        self._root = Path(root)
        self._records = self._root / ".nightdesk"

    def deliver(self, outgoing: Outgoing) -> Landed:
        """Write the files once. Raises DeliveryError; a full disk is not permanent, and nothing is half written."""
        if outgoing.kind not in self.kinds:
            raise DeliveryError(f"A folder takes documents and briefs, not a {outgoing.kind}.", permanent=True)
        if not outgoing.files:
            raise DeliveryError("There is no file to write: the job made none.", permanent=True)
        try:
            return self._known(outgoing, same_files=True) or self._write(outgoing)
        except OSError as error:
            raise disk.refusal(error, self._root) from error

    def find(self, outgoing: Outgoing) -> Landed | None:
        """What the record of this key says, or None; raises OutcomeUnknown if the folder cannot be read."""
        try:
            return self._known(outgoing)
        except OSError as error:
            raise OutcomeUnknown(f"{self._root} cannot be read: {error.strerror or error}.") from error

    def listing(self, since: datetime.datetime) -> list[Marked]:
        """What the records say that was written for effects of that day or later."""
        first = since.astimezone(datetime.UTC).date().isoformat()
        try:
            days = sorted(day for day in self._records.glob("[0-9]*-*-*") if day.name >= first)
            records = [json.loads(path.read_bytes()) for day in days for path in sorted(day.glob("*.json"))]
            return [Marked(key=record["key"], external_id=record["external_id"]) for record in records]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise OutcomeUnknown(f"The records in {self._records} cannot be read: {error}.") from error

    def _write(self, outgoing: Outgoing) -> Landed:
        folder = self._folder(outgoing)
        with contextlib.ExitStack() as stack:
            # All of the bytes are on the disk before the first name appears: a full disk shows nothing at all.
            parts = [stack.enter_context(disk.staged(self._records / "parts", f.content)) for f in outgoing.files]
            disk.make_folder(folder)
            names = [_place(part, folder, file) for part, file in zip(parts, outgoing.files, strict=True)]
        landed = _landed(folder.relative_to(self._root).as_posix(), names, self._root)
        record = {"key": outgoing.key, "job": outgoing.job_uid, **landed.model_dump(), "files": _sums(outgoing)}
        if disk.write_once(self._record(outgoing), json.dumps(record, indent=1).encode()):
            return landed
        return self._known(outgoing) or landed

    def _known(self, outgoing: Outgoing, *, same_files: bool = False) -> Landed | None:
        path = self._record(outgoing)
        try:
            record = json.loads(path.read_bytes())
            sums, landed = record.pop("files"), Landed.model_validate({name: record[name] for name in _SHOWN})
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise OutcomeUnknown(f"The record {path} cannot be understood: look at it, or remove it.") from error
        if same_files and sums != _sums(outgoing):
            raise DeliveryError(
                "Other files were written under this key already: nothing was done.", permanent=True
            )
        return landed

    def _folder(self, outgoing: Outgoing) -> Path:
        return self._root / _day(outgoing) / f"{outgoing.job_uid[:8]}-{naming.slug(outgoing.job_title)}"

    def _record(self, outgoing: Outgoing) -> Path:
        name = hashlib.sha256(outgoing.key.encode()).hexdigest()
        return self._records / _day(outgoing) / f"{name}.json"


_SHOWN = ("external_id", "url", "detail")


def _place(part: Path, folder: Path, file: OutFile) -> str:
    """Give the file its name, or the next version of it; a file that has these bytes already is this one."""
    name, number = naming.safe_name(file.name), 1
    path = folder / name
    while not (disk.place(part, path) or _holds(path, file.content)):
        number += 1
        path = folder / naming.versioned(name, number)
    return path.name


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content


def _landed(folder: str, names: list[str], root: Path) -> Landed:
    place = f"{folder}/{names[0]}" if len(names) == 1 else folder
    return Landed(external_id=place, detail=f"{', '.join(names)} in {root / folder}")


def _sums(outgoing: Outgoing) -> list[Json]:
    return [{"name": file.name, "sha256": file.sha256} for file in outgoing.files]


def _day(outgoing: Outgoing) -> str:
    return outgoing.created_at.astimezone(datetime.UTC).date().isoformat()
