"""The .env file: what is missing is added, nothing that stands there is changed, and it is never half written."""

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def read(path: Path) -> dict[str, str]:
    """The settings in the file; empty if there is none."""
    if not path.is_file():
        return {}
    pairs = (line.strip().partition("=") for line in path.read_text(encoding="utf-8").splitlines())
    return {key.strip(): value.strip() for key, mark, value in pairs if mark and not key.startswith("#")}


def add(path: Path, values: Mapping[str, str]) -> list[str]:
    """Add the settings that are not there yet and are not empty; return their names. For the owner's eyes alone."""
    known = read(path)
    new = {name: value for name, value in values.items() if value and name not in known}
    if not new:
        return []
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    if before and not before.endswith("\n"):
        before += "\n"
    after = before + "".join(f"{name}={value}\n" for name, value in new.items())
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".env.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            Path(draft).unlink()
        raise
    return list(new)
