"""Artifacts: bytes go into the storage under their sha-256 first, then the row that names them."""

import hashlib
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db.models import Max

from jobs.models import Artifact, Run, Task


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


def enter(file: File, *, task: Task, run: Run | None, by: str) -> Artifact:
    """Add the row for bytes that `keep` has stored, as the next version of that name. Inside a transaction."""
    last = Artifact.objects.filter(task=task, name=file.name).aggregate(last=Max("version"))["last"] or 0
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
    )


def load(sha256: str) -> bytes:
    """The bytes, computed again: raises Corrupt if they are not what the name says, FileNotFoundError if gone."""
    with storages["artifacts"].open(_path(sha256)) as stored:
        content: bytes = stored.read()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Corrupt(f"The stored file {sha256[:12]}… was changed on the disk; restore it from a backup.")
    return content


def _path(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"
