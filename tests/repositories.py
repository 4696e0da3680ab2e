"""A repository as an owner has it: bare, with a first commit on main, that writes down every update of a ref."""

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Owner",
    "GIT_AUTHOR_EMAIL": "owner@example.com",
    "GIT_COMMITTER_NAME": "Owner",
    "GIT_COMMITTER_EMAIL": "owner@example.com",
}
HOOK = """#!/bin/sh
while read old new ref; do echo "$old $new $ref" >>"$PWD/updates"; done
"""


@dataclass(frozen=True)
class Owned:
    """The bare repository, and a work tree of its owner's beside it."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "owned.git"

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.path,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def sha(self, ref: str = "main") -> str:
        return self.git("rev-parse", ref)

    def refs(self) -> dict[str, str]:
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.split() for line in lines)

    def updates(self) -> list[str]:
        """The refs that were pushed to, in order."""
        path = self.path / "updates"
        return [line.split()[2] for line in path.read_text().splitlines()] if path.exists() else []

    def commit(self, files: dict[str, str], branch: str = "main") -> str:
        """The owner commits to a branch."""
        tree = self.folder / "owners-tree"
        if not tree.exists():
            self.git("clone", "--quiet", str(self.path), str(tree), cwd=self.folder)
        self.git("fetch", "--quiet", "origin", cwd=tree)
        start = f"origin/{branch}" if f"refs/heads/{branch}" in self.refs() else "origin/main"
        self.git("checkout", "--quiet", "-B", branch, start, cwd=tree)
        for name, content in files.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(content)
        self.git("add", "--all", cwd=tree)
        self.git("commit", "--quiet", "-m", "Owner's work", cwd=tree)
        self.git("push", "--quiet", "origin", branch, cwd=tree)
        (self.path / "updates").unlink(missing_ok=True)
        return self.sha(branch)

    def hook(self, name: str, script: str) -> None:
        path = self.path / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)


def an_owned(folder: Path, files: Mapping[str, str | bytes]) -> Owned:
    """A new one below `folder`, with these files in its first commit."""
    folder.mkdir(parents=True, exist_ok=True)
    same = tuple(
        (name, content if isinstance(content, bytes) else content.encode()) for name, content in files.items()
    )
    shutil.copytree(_model(same), folder, dirs_exist_ok=True)
    return Owned(folder)


@cache
def _model(files: tuple[tuple[str, bytes], ...]) -> Path:
    """One with these files, made once and copied for every test."""
    folder = Path(tempfile.mkdtemp(prefix="nightdesk-owned-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    owned = Owned(folder)
    seed = folder / "seed"
    seed.mkdir()
    owned.git("init", "--quiet", "-b", "main", cwd=seed)
    for name, content in files:
        (seed / name).parent.mkdir(parents=True, exist_ok=True)
        (seed / name).write_bytes(content)
    owned.git("add", "--all", cwd=seed)
    owned.git("commit", "--quiet", "-m", "Begin", cwd=seed)
    owned.git("clone", "--quiet", "--bare", str(seed), str(owned.path), cwd=folder)
    owned.hook("post-receive", HOOK)
    shutil.rmtree(seed)
    return folder
