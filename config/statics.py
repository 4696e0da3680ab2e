"""Our scripts and styles as they are served: without what only people read. No build step, and no tool for one."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

_OURS = re.compile(r"nightdesk/[^/]+\.(?:js|css)")
_STYLE_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


class LeanStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped
    """Collects, names by content and compresses as whitenoise does; our own files are made lean first."""

    def post_process(self, paths: dict[str, Any], *args: Any, **options: Any) -> Iterator[Any]:
        """The hash in a name is that of what is served."""
        leaner = {name: (_Lean(storage), path) for name, (storage, path) in paths.items() if is_ours(name)}
        yield from super().post_process({**paths, **leaner}, *args, **options)


def is_ours(name: str) -> bool:
    """Whether the file is one that `lean` knows how to read."""
    return _OURS.fullmatch(name) is not None


def lean(text: str, *, is_script: bool) -> str:
    """Without indentation, empty lines and comments: in a script those that have a line of their own."""
    lines = (text if is_script else _STYLE_COMMENT.sub("", text)).splitlines()
    return "\n".join(line for line in map(str.strip, lines) if line and not (is_script and line.startswith("//")))


class _Lean:
    """Where the collected files lie, opened as they are served."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def open(self, path: str) -> ContentFile[bytes]:
        with self.storage.open(path) as file:
            return ContentFile(lean(file.read().decode(), is_script=path.endswith(".js")).encode(), name=path)
