"""What a repository brings along, or its tests ask for, and is not obeyed: in words, for the owner."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

_LOOKED_AT = 20_000
_SHOWN = 3
_DRIVER = re.compile(rb"^[^#\n]*\s(?:filter|diff|merge)=\S+", re.MULTILINE)
_SUBMODULE = re.compile(r"^\s*path\s*=\s*(\S+)", re.MULTILINE)
_HOOKS = (".githooks", ".husky", ".pre-commit-config.yaml", "lefthook.yml")
_MOST_BYTES = 100_000
# What a program says when it meets a wall of the cell: in its own words, or by the system's names.
_WALLS = [
    (
        "Its tests asked for a network; they have none.",
        r"Connection ?Refused|Network is unreachable|name resolution|ECONNREFUSED|ENETUNREACH|EAI_AGAIN",
    ),
    (
        "Its tests wanted more processes than they may have.",
        r"Resource temporarily unavailable|can't start new thread|\bEAGAIN\b|fork: retry",
    ),
    ("Its tests wanted more room on the disk than they have.", r"No space left on device|ENOSPC|File too large"),
    ("Its tests wanted to write where nothing may be written.", r"Read-only file system|EROFS"),
    ("Its tests wanted rights that they do not have.", r"Operation not permitted|\bEPERM\b"),
]


def refusals(tree: Path) -> list[str]:
    """One sentence each, for the owner; empty for a repository that brings none of it along."""
    links, attributes, nested = [], [], []
    for place in _entries(tree):
        if place.is_symlink():
            if not _stays_in(place, tree):
                links.append(place)
        elif place.name == ".gitattributes" and _DRIVER.search(_read(place)):
            attributes.append(place)
        elif place.name == "HEAD" and (place.parent / "config").is_file():
            nested.append(place.parent)
    found = [
        ("Links that lead out of it were not followed: {}.", links),
        ("Filters and drivers that it names were not run: {}.", attributes),
        (
            "Hooks that it brings along were not run: {}.",
            [tree / name for name in _HOOKS if (tree / name).exists()],
        ),
        ("Its submodules were not fetched: {}.", _submodules(tree)),
        ("Repositories inside of it were not entered: {}.", nested),
    ]
    return [sentence.format(_listed(places, tree)) for sentence, places in found if places]


def walls(output: str) -> list[str]:
    """What the tests asked for and did not get, as far as their output says; one sentence each."""
    return [sentence for sentence, words in _WALLS if re.search(words, output, re.IGNORECASE)]


def _entries(tree: Path) -> Iterator[Path]:
    """Every file and link, folders of links not entered, up to a bound."""
    left = _LOOKED_AT
    for folder, folders, files in os.walk(tree):
        for name in [*folders, *files]:
            left -= 1
            if left < 0:
                return
            yield Path(folder, name)


def _stays_in(link: Path, tree: Path) -> bool:
    target = os.path.normpath(link.parent / link.readlink())
    return Path(target).is_relative_to(tree)


def _submodules(tree: Path) -> list[Path]:
    file = tree / ".gitmodules"
    if file.is_symlink() or not file.is_file():
        return []
    return [tree / name for name in _SUBMODULE.findall(_read(file).decode("utf-8", "replace"))] or [file]


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(_MOST_BYTES)


def _listed(places: list[Path], tree: Path) -> str:
    names = sorted("".join(char for char in os.path.relpath(p, tree) if char.isprintable())[:80] for p in places)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
