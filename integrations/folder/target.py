"""Documents as files: <date>/<job>-<title>/<name>, each whole or not there, none ever overwritten.

A record of every effect lies in .nightdesk/, named by its key: by it a repeat changes nothing and a lost answer is
found again, even after the owner has edited, renamed or moved the files. Each job's folder has a page, index.html.
"""

import datetime
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from integrations.contracts import DeliveryError, Json, Landed, Marked, OutcomeUnknown, OutFile, Outgoing
from integrations.folder import index, naming
from integrations.folder.places import Disk, Place, Putting
from integrations.words import _

_RECORDS = ".nightdesk"
_SHOWN = ("external_id", "url", "detail")


class FolderTarget:
    """Writes into `root`: a folder, or s3://bucket/prefix with `options` for it (the extra `s3`).

    `pages` is where a person finds a job, by its uid.
    """

    slug: ClassVar[str] = "folder"
    kinds: ClassVar[frozenset[str]] = frozenset({"document", "brief"})
    lag_seconds: ClassVar[float] = 0.0

    def __init__(self, *, root: Path | str, options: Mapping[str, str] | None = None, pages: str = "") -> None:
        self._place = place_at(str(root), options or {})
        self._pages = pages

    def deliver(self, outgoing: Outgoing) -> Landed:
        """Write the files once. Raises DeliveryError; a full disk is not permanent, and nothing is half written."""
        if outgoing.kind not in self.kinds:
            raise DeliveryError(
                _("A folder takes documents and briefs, not a {kind}.").format(kind=outgoing.kind), permanent=True
            )
        if not outgoing.files:
            raise DeliveryError(_("There is no file to write: the job made none."), permanent=True)
        self._place.prepare()
        return self._known(outgoing, same_files=True) or self._write(outgoing)

    def find(self, outgoing: Outgoing) -> Landed | None:
        """What the record of this key says, or None; raises OutcomeUnknown if the folder cannot be read."""
        return self._known(outgoing)

    def listing(self, since: datetime.datetime) -> list[Marked]:
        """What the records say that was written for effects of that day or later."""
        first = f"{_RECORDS}/{since.astimezone(datetime.UTC).date().isoformat()}"
        paths = [path for path in self._place.names(_RECORDS) if path >= first and path.endswith(".json")]
        records = [self._record(path) for path in paths]
        return [Marked(key=one["key"], external_id=one["external_id"]) for one in records if one]

    def _write(self, outgoing: Outgoing) -> Landed:
        folder = f"{_day(outgoing)}/{outgoing.job_uid[:8]}-{naming.slug(outgoing.job_title)}"
        with self._place.staged([file.content for file in outgoing.files]) as puttings:
            files = zip(puttings, outgoing.files, strict=True)
            names = [self._put(putting, folder, file) for putting, file in files]
        place = f"{folder}/{names[0]}" if len(names) == 1 else folder
        landed = Landed(
            external_id=place,
            detail=_("{names} in {folder}").format(names=", ".join(names), folder=f"{self._place.shown}/{folder}"),
        )
        record = {**self._told(outgoing), **landed.model_dump(), "files": _sums(outgoing, names)}
        # The page before the record: a repeat after a break in between makes both anew, and finds the files there.
        others = self._of_job(outgoing)
        self._place.write(f"{folder}/{index.NAME}", index.page([*others, record]))
        with self._place.staged([json.dumps(record, indent=1).encode()]) as (put,):
            if not put(_path(outgoing)):
                return self._known(outgoing) or landed
        # Another effect of the job may come at the same moment: whoever writes last has seen every record.
        shown: list[Json] | None = None if others else []
        while (now := self._of_job(outgoing)) != shown:
            self._place.write(f"{folder}/{index.NAME}", index.page([*now, record]))
            shown = now
        return landed

    def _put(self, putting: Putting, folder: str, file: OutFile) -> str:
        """Give the file its name, or the next version of it; a file that has these bytes already is this one."""
        name, number = naming.safe_name(file.name), 1
        wanted = name
        while wanted == index.NAME or not (
            putting(f"{folder}/{wanted}") or self._place.read(f"{folder}/{wanted}") == file.content
        ):
            number += 1
            wanted = naming.versioned(name, number)
        return wanted

    def _known(self, outgoing: Outgoing, *, same_files: bool = False) -> Landed | None:
        path = _path(outgoing)
        record = self._record(path)
        if record is None:
            return None
        try:
            sums = [(file["name"], file["sha256"]) for file in record["files"]]
            landed = Landed.model_validate({name: record[name] for name in _SHOWN})
        except (ValueError, KeyError, TypeError) as error:
            raise self._unreadable(path) from error
        if same_files and sums != [(file.name, file.sha256) for file in outgoing.files]:
            raise DeliveryError(
                _("Other files were written under this key already: nothing was done."), permanent=True
            )
        return landed

    def _of_job(self, outgoing: Outgoing) -> list[Json]:
        """What was written into this folder before, for other effects of the job."""
        paths = [path for path in self._place.names(_folder_of_records(outgoing)) if path != _path(outgoing)]
        return [record for path in paths if (record := self._record(path))]

    def _record(self, path: str) -> Json | None:
        content = self._place.read(path)
        if content is None:
            return None
        try:
            record = json.loads(content)
            if not isinstance(record, dict) or not {"key", "files", *_SHOWN} <= record.keys():
                raise ValueError("not a record")
        except ValueError as error:
            raise self._unreadable(path) from error
        return record

    def _unreadable(self, path: str) -> OutcomeUnknown:
        where = f"{self._place.shown}/{path}"
        return OutcomeUnknown(
            _("The record {where} cannot be understood: look at it, or remove it.").format(where=where)
        )

    def _told(self, outgoing: Outgoing) -> Json:
        """What the page says of it."""
        return {
            "key": outgoing.key,
            "job": outgoing.job_uid,
            "title": outgoing.job_title,
            "client": outgoing.client,
            "agent": outgoing.agent,
            "at": outgoing.created_at.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "page": f"{self._pages}{outgoing.job_uid}/" if self._pages else "",
        }


def place_at(root: str, options: Mapping[str, str]) -> Place:
    """The place that this names. Raises ValueError where the extra for it is missing."""
    if not root.startswith("s3://"):
        return Disk(Path(root))
    try:
        from integrations.folder.bucket import Bucket
    except ImportError as error:
        raise ValueError(f"{root} needs the extra s3: install django-storages[s3]") from error
    return Bucket(root, options)


def _sums(outgoing: Outgoing, names: list[str]) -> list[Json]:
    files = zip(outgoing.files, names, strict=True)
    return [{"name": file.name, "placed": placed, "sha256": file.sha256} for file, placed in files]


def _path(outgoing: Outgoing) -> str:
    return f"{_folder_of_records(outgoing)}/{hashlib.sha256(outgoing.key.encode()).hexdigest()}.json"


def _folder_of_records(outgoing: Outgoing) -> str:
    return f"{_RECORDS}/{_day(outgoing)}/{outgoing.job_uid[:8]}-{naming.slug(outgoing.job_title)}"


def _day(outgoing: Outgoing) -> str:
    return outgoing.created_at.astimezone(datetime.UTC).date().isoformat()
