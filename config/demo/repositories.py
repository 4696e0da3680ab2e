"""The demo's two git repositories, bare, on this machine."""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from config.demo.night import REPOSITORIES, Change

_WHEN = "2026-11-02T09:00:00+00:00"
_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Demo",
    "GIT_AUTHOR_EMAIL": "demo@localhost",
    "GIT_AUTHOR_DATE": _WHEN,
    "GIT_COMMITTER_NAME": "Demo",
    "GIT_COMMITTER_EMAIL": "demo@localhost",
    "GIT_COMMITTER_DATE": _WHEN,
}


def addresses(folder: Path) -> dict[str, str]:
    """Repository name -> path, whether they are there yet or not."""
    return {name: str(folder / f"{name}.git") for name in REPOSITORIES}


def make(folder: Path) -> None:
    """Make those that are not there yet."""
    for name, place in addresses(folder).items():
        if not Path(place).exists():
            _make(Path(place), REPOSITORIES[name])


def head(place: str) -> str:
    """The commit that main is at."""
    return _git("rev-parse", "refs/heads/main", cwd=place).strip()


def patch(place: str, changes: Iterable[Change]) -> bytes:
    """The patch that makes these changes on main."""
    with tempfile.TemporaryDirectory() as folder:
        _git("clone", "--quiet", place, folder, cwd=place)
        for change in changes:
            file = Path(folder) / change.path
            file.write_text(file.read_text(encoding="utf-8").replace(change.old, change.new), encoding="utf-8")
        return _git("diff", "--binary", "--full-index", cwd=folder).encode()


def _make(place: Path, files: Mapping[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _git("init", "--quiet", "--initial-branch=main", cwd=folder)
        for name, text in files.items():
            file = Path(folder) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        _git("add", ".", cwd=folder)
        _git("commit", "--quiet", "--message", "As it is", cwd=folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        _git("clone", "--quiet", "--bare", folder, str(place), cwd=folder)


def _git(*arguments: str, cwd: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own words
        ["git", *arguments],  # noqa: S607 - the git of this machine
        cwd=cwd,
        env=_ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
