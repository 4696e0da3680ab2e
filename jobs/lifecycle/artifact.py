"""Artifacts: bytes go into the storage under their sha-256 first, then the row that names them."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db.models import Max
from django.utils.translation import gettext as _

from jobs.models import Artifact, Receipt, Run, Task

RECEIVED = "received"

_NAME_CHARS = 100
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,70}")
_NO_TYPE = "application/octet-stream"


class Corrupt(Exception):
    """The stored bytes are not the ones that the sha-256 names: nothing may be sent from them."""


@dataclass(frozen=True)
class File:
    """Bytes with a name, as an agent or a person made them."""

    kind: str
    name: str
    media_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The name that the bytes have for ever."""
        return hashlib.sha256(self.content).hexdigest()


def keep(file: File) -> None:
    """Store the bytes; a second time is a no-op. Outside any transaction: it may write to another machine."""
    storage = storages["artifacts"]
    path = _path(file.sha256)
    if storage.exists(path):
        try:
            load(file.sha256)
        except Corrupt:
            # Half a file, left by a process that died while writing it.
            storage.delete(path)
        else:
            return
    storage.save(path, ContentFile(file.content))


def enter(file: File, *, task: Task, run: Run | None, by: str, tainted: bool = False) -> Artifact:
    """Add the row for bytes that `keep` has stored, as the next version of that name. Inside a transaction.

    `tainted`: words from outside went into it. What was made of such a version is tainted too.
    """
    versions = Artifact.objects.filter(task=task, name=file.name)
    last = versions.aggregate(last=Max("version"))["last"] or 0
    return Artifact.objects.create(
        job_id=task.job_id,
        task=task,
        run=run,
        kind=file.kind,
        name=file.name,
        version=last + 1,
        media_type=file.media_type,
        sha256=file.sha256,
        size=len(file.content),
        made_by=by,
        tainted=tainted or versions.filter(tainted=True).exists(),
    )


def enter_received(files: Sequence[File], *, receipt: Receipt) -> list[Artifact]:
    """Add the rows for files that came with a Receipt and that `keep` has stored. Inside a transaction.

    Their names and types are strangers' words: no path, no invisible character, no two names alike.
    """
    made: dict[str, Artifact] = {}
    for file in files:
        name = _another(_plain_name(file.name), made)
        made[name] = Artifact(
            receipt=receipt,
            kind=RECEIVED,
            name=name,
            version=1,
            media_type=_plain_type(file.media_type),
            sha256=file.sha256,
            size=len(file.content),
            made_by=receipt.sender[:120] or receipt.source,
            tainted=True,
        ).insert()
    return list(made.values())


def load(sha256: str) -> bytes:
    """The bytes, computed again: raises Corrupt if they are not what the name says, FileNotFoundError if gone."""
    with storages["artifacts"].open(_path(sha256)) as stored:
        content: bytes = stored.read()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Corrupt(
            _("The stored file %(sum)s… was changed on the disk; restore it from a backup.") % {"sum": sha256[:12]}
        )
    return content


def _plain_name(name: str) -> str:
    """The last part of what may be a path, without controls, marks of direction and line ends; never empty."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join(char for char in unicodedata.normalize("NFC", last) if unicodedata.category(char)[0] != "C")
    path = PurePosixPath(" ".join(shown.split()).strip(". ") or "file")
    ending = path.suffix[:20]
    return path.name.removesuffix(path.suffix)[: _NAME_CHARS - len(ending)] + ending


def _another(name: str, taken: dict[str, Artifact]) -> str:
    """The name, or the first of name (2), name (3), … that is not taken."""
    path, number, found = PurePosixPath(name), 1, name
    while found in taken:
        number += 1
        found = f"{path.stem} ({number}){path.suffix}"
    return found


def _plain_type(media_type: str) -> str:
    """The claimed type without parameters; that of mere bytes if it is none."""
    plain = media_type.partition(";")[0].strip().lower()
    return plain if _MEDIA_TYPE.fullmatch(plain) else _NO_TYPE


def _path(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"
