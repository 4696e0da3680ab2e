"""What a commit may not bring into a repository, read from the commit itself and not from the patch's own words."""

import posixpath
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from integrations.branches.command import Repository

MAX_FILE_BYTES = 5_000_000
_LINK, _SUBMODULE, _GONE = "120000", "160000", "000000"
_FILTER = re.compile(r"\bfilter\s*=")
_SECRETS = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "a key of Anthropic": re.compile(r"\bsk-ant-[\w-]{20,}"),
    "a token of GitHub": re.compile(r"\b(?:gh[pousr]_\w{36,}|github_pat_\w{22,})"),
    "a token of Slack": re.compile(r"\bxox[abeprs]-[\w-]{10,}"),
    "a key of AWS": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "a token of Notion": re.compile(r"\b(?:ntn_|secret_)[A-Za-z0-9]{40,}"),
    "a webhook's secret": re.compile(r"\bwhsec_[A-Za-z0-9+/=]{24,}"),
}


@dataclass(frozen=True)
class Entry:
    """One path that the commit changes, as it is afterwards."""

    path: str
    mode: str
    sha: str

    @property
    def gone(self) -> bool:
        """Whether the commit removes it."""
        return self.mode == _GONE


def objections(repository: Repository, base: str, commit: str, *, may_change_ci: bool = False) -> list[str]:
    """Why the change from `base` to `commit` may not be pushed, a sentence each; empty if it may."""
    found: list[str] = []
    for entry in _entries(repository, base, commit):
        found += _about_path(entry, may_change_ci=may_change_ci)
        if not entry.gone and entry.mode != _SUBMODULE:
            found += _about_content(repository, entry)
    return found + _about_secrets(repository, base, commit)


def _entries(repository: Repository, base: str, commit: str) -> Iterator[Entry]:
    words = repository.git("diff-tree", "-r", "-z", "--no-renames", base, commit).split("\0")
    for about, path in zip(words[::2], words[1::2], strict=False):
        _, mode, _, sha, _ = about.split()
        yield Entry(path, mode, sha)


def _about_path(entry: Entry, *, may_change_ci: bool = False) -> list[str]:
    parts = [part.casefold() for part in entry.path.split("/")]
    if entry.mode == _SUBMODULE or ".gitmodules" in parts:
        return [f"{entry.path} would fetch another repository (a submodule)."]
    if any(_is_git(part) for part in parts):
        return [f"{entry.path} would write into a repository's own folder."]
    if not may_change_ci and parts[0] == ".github" and parts[1:2] in (["workflows"], ["actions"]):
        return [f"{entry.path} would run in the repository's CI: a person changes it."]
    return []


def _about_content(repository: Repository, entry: Entry) -> list[str]:
    size = int(repository.git("cat-file", "-s", entry.sha))
    if size > MAX_FILE_BYTES:
        return [f"{entry.path} has {size:,} bytes; {MAX_FILE_BYTES:,} are the most."]
    if entry.mode == _LINK and _leaves(entry.path, repository.git("cat-file", "blob", entry.sha)):
        return [f"{entry.path} is a link that leads out of the repository."]
    if entry.path.casefold().endswith(".gitattributes") and _FILTER.search(
        repository.git("cat-file", "blob", entry.sha)
    ):
        return [f"{entry.path} names a filter, which later clones would run."]
    return []


def _about_secrets(repository: Repository, base: str, commit: str) -> list[str]:
    """Only in what is added: what the repository holds already is its owner's matter."""
    diff = repository.git("diff-tree", "-r", "-p", "--no-ext-diff", "--no-textconv", "-U0", base, commit)
    added = "\n".join(line[1:] for line in diff.splitlines() if line.startswith("+"))
    return [f"The change holds {name}." for name, pattern in _SECRETS.items() if pattern.search(added)]


def _leaves(path: str, target: str) -> bool:
    led = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return target.startswith("/") or led == ".." or led.startswith("../")


def _is_git(part: str) -> bool:
    """Whether some file system would take the name for .git."""
    seen = "".join(char for char in part if unicodedata.category(char) != "Cf")
    plain = unicodedata.normalize("NFKC", seen).partition(":")[0].rstrip(" .").casefold()
    return plain in {".git", "git~1"}
