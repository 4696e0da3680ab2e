"""A tree to run on, and cells that are really built."""

import os
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.sandbox import Limits, Outcome, groups, probe, run

Run = Callable[..., Outcome]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A work tree with one file."""
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "menu.txt").write_text("soup\n")
    return folder


@pytest.fixture(scope="session")
def buildable() -> None:
    """Skips where this machine cannot build a cell; it says why."""
    if missing := probe():
        pytest.skip(" ".join(missing))


@pytest.fixture
def cell(buildable: None, tree: Path) -> Run:
    """Run a command in a cell on the tree."""

    def in_cell(command: str, **limits: float) -> Outcome:
        return run(command, tree, most=Limits(**{"seconds": 30, **limits}))  # type: ignore[arg-type]  # by name

    return in_cell


def python(source: str) -> str:
    """The command that runs a piece of Python inside."""
    return f"python3 - <<'END'\n{textwrap.dedent(source)}\nEND\n"


def leftovers() -> list[Path]:
    """Control groups of cells of this process."""
    mounts = groups.find()
    parents = {*mounts.one.values(), *([mounts.two] if mounts.two else [])}
    return [folder for parent in parents for folder in parent.glob(f"nightdesk-cell-{os.getpid()}-*")]
