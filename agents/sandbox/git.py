"""Git, outside of every cell: a work tree without a .git, and a patch of what was changed in it.

The git directory lies beside the tree, where nothing that is written into the tree can reach it. No hook, filter,
attribute or setting of the repository, of the user or of the machine is obeyed.
"""

import base64
import os
import re
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from agents.words import _

SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")

_SECONDS = 300.0
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.pager=cat",
    "core.symlinks=true",
    "core.bare=false",
    "core.autocrlf=false",
    "diff.external=",
    "diff.noprefix=false",
    "submodule.recurse=false",
    "safe.bareRepository=explicit",
    "protocol.ext.allow=never",
    "transfer.fsckObjects=true",
    "gc.auto=0",
)
_SHORT_SSH = re.compile(r"[\w.-]+@[\w.-]+:")
_GONE = re.compile(r"not our ref|no such remote ref|could not find remote ref|did not send all necessary", re.I)


class GitFailed(Exception):
    """Git could not do it; the text is git's own last lines, without any address's password."""


class BaseGone(GitFailed):
    """The repository can be read, but the commit isn't in it any more."""


@dataclass(frozen=True)
class Changes:
    """What differs from the base: the patch, and what it amounts to."""

    patch: bytes
    files: list[str]
    added: int
    removed: int


@dataclass(frozen=True)
class Clone:
    """A work tree at one commit, and its git directory beside it."""

    tree: Path
    git_dir: Path
    base_sha: str

    def check_out(self) -> None:
        """Fill the tree with the files of the base."""
        self._git("read-tree", self.base_sha)
        self._git("checkout-index", "--all", "--quiet")

    def changes(self, since: str = "") -> Changes:
        """Everything that was changed, made or removed in the tree since the base, binary files too.

        Or since another commit that `reach` has got.
        """
        self._git("add", "--all", "--force", "--", ".")
        patch = self._git(*_DIFF, "--binary", "--full-index", since or self.base_sha)
        counts = self._git(*_DIFF, "--numstat", "-z", since or self.base_sha).decode("utf-8", errors="replace")
        lines = [line.split("\t", 2) for line in counts.split("\0") if line]
        return Changes(
            patch=patch,
            files=[name for _, _, name in lines],
            added=sum(int(added) for added, _, _ in lines if added.isdigit()),
            removed=sum(int(removed) for _, removed, _ in lines if removed.isdigit()),
        )

    def holds(self, patch: bytes) -> bool:
        """Whether the tree has the patch in it already: it could be taken out again."""
        try:
            self._git("apply", "--reverse", "--check", "--whitespace=nowarn", "-", given=patch)
        except GitFailed:
            return False
        return True

    def apply(self, patch: bytes) -> bool:
        """Put a patch onto the tree, whole or not at all; False if it does not fit."""
        try:
            self._git("apply", "--whitespace=nowarn", "-", given=patch)
        except GitFailed:
            return False
        return True

    def _git(self, *arguments: str, given: bytes = b"") -> bytes:
        places = (f"--git-dir={self.git_dir}", f"--work-tree={self.tree}")
        return _run(*places, *arguments, cwd=self.tree, given=given)


_DIFF = ("diff", "--cached", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames")


def head(repository: str, scratch: Path) -> str:
    """The commit that the repository's default branch is at; raise GitFailed, also for an empty repository."""
    remote = Remote.of(repository, scratch)
    listing = _run("ls-remote", "--", remote.url, "HEAD", cwd=scratch, remote=remote).decode()
    found = SHA.match(listing)
    if found is None:
        raise GitFailed(_("the repository has no commit yet"))
    return found[0]


def tip(repository: str, branch: str, scratch: Path) -> str | None:
    """The commit that a branch of the repository is at, None if it has none of that name; raise GitFailed."""
    remote = Remote.of(repository, scratch)
    found = SHA.match(
        _run("ls-remote", "--", remote.url, f"refs/heads/{branch}", cwd=scratch, remote=remote).decode()
    )
    return found[0] if found else None


def reach(repository: str, made: Clone, sha: str, scratch: Path) -> bool:
    """Get one more commit of the repository, to compare with; False where it cannot be had."""
    if not SHA.fullmatch(sha):
        return False
    try:
        _fetch(replace(made, base_sha=sha), Remote.of(repository, scratch))
    except GitFailed:
        return False
    return True


def clone(repository: str, base_sha: str, folder: Path) -> Clone:
    """The files of `repository` (a path or an address) at `base_sha`, below `folder`.

    Raises GitFailed, and BaseGone where only the commit is missing.
    """
    if not SHA.fullmatch(base_sha):
        raise GitFailed(_("{base_sha} is not a commit").format(base_sha=f"{base_sha[:64]!r}"))
    made = Clone(folder / "tree", folder / "git", base_sha)
    made.tree.mkdir(parents=True)
    remote = Remote.of(repository, folder)
    shape = "sha256" if len(base_sha) == 64 else "sha1"
    _run("init", "--quiet", "--bare", f"--object-format={shape}", "--template=", str(made.git_dir), cwd=folder)
    _fetch(made, remote)
    made.check_out()
    return made


def _fetch(made: Clone, remote: "Remote") -> None:
    """The one commit, or, from servers that give no commit by its name, all there is."""
    at = f"--git-dir={made.git_dir}"
    fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head")
    try:
        _run(at, *fetch, "--depth=1", "--", remote.url, made.base_sha, cwd=made.tree, remote=remote)
    except GitFailed as error:
        if not _GONE.search(str(error)) and "unadvertised" not in str(error):
            raise
        _run(at, *fetch, "--", remote.url, "+refs/heads/*:refs/base/*", cwd=made.tree, remote=remote)
        try:
            _run(at, "cat-file", "-e", f"{made.base_sha}^{{commit}}", cwd=made.tree)
        except GitFailed:
            raise BaseGone(
                _("the commit {base_sha} is no longer in the repository").format(base_sha=made.base_sha)
            ) from None


@dataclass(frozen=True)
class Remote:
    """Where to fetch from: the address without its password, and what git is told beside it."""

    url: str
    environment: dict[str, str]

    @classmethod
    def of(cls, repository: str, folder: Path) -> "Remote":
        """The password of an https address goes into a header that no process list shows and no file keeps.

        A local repository may belong to somebody else: that the owner named it is reason enough to read it.
        """
        parts = urlsplit(repository)
        is_web = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        if is_web and parts.username is not None:
            place = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
            return cls(place, _header(parts, f"{unquote(parts.username)}:{unquote(parts.password or '')}"))
        if parts.scheme in {"", "file"} and not _SHORT_SSH.match(repository):
            path = Path(unquote(parts.path) if parts.scheme else repository).resolve()
            trusted = folder / "trusted"
            lines = "".join(f'\tdirectory = "{place}"\n' for place in (path, path / ".git"))
            trusted.write_text(f"[safe]\n{lines}", encoding="utf-8")
            return cls(str(path), {"GIT_CONFIG_GLOBAL": str(trusted)})
        return cls(repository, {})


def _header(parts: SplitResult, login: str) -> dict[str, str]:
    """For this host alone; in the clear only on this machine."""
    host = parts.netloc.rpartition("@")[2]
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{parts.scheme}://{host}/.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {base64.b64encode(login.encode()).decode()}",
        **({"GIT_ALLOW_PROTOCOL": "http"} if parts.scheme == "http" else {}),
    }


def _run(*arguments: str, cwd: Path, given: bytes = b"", remote: Remote | None = None) -> bytes:
    """Git's output; raise GitFailed."""
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    try:
        done = subprocess.run(  # noqa: S603 - no shell; an address comes after --, a commit is checked
            ["git", *settings, *arguments],  # noqa: S607 - the owner's own git, wherever it is
            env={**_environment(), **(remote.environment if remote else {})},
            cwd=cwd,
            input=given,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise GitFailed(_("git took longer than {seconds} seconds").format(seconds=f"{_SECONDS:g}")) from None
    except OSError as error:
        raise GitFailed(_("git cannot be started: {strerror}").format(strerror=error.strerror or error)) from None
    if done.returncode != 0:
        raise GitFailed(_last_lines(done.stderr) or f"git {arguments[0]} ended with {done.returncode}")
    return done.stdout


def _environment() -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_ALLOW_PROTOCOL": "file:https:ssh",
    }


def _last_lines(stderr: bytes) -> str:
    lines = [line.strip() for line in stderr.decode("utf-8", errors="replace").splitlines() if line.strip()]
    return re.sub(r"//[^/@\s]+@", "//", " ".join(lines[-4:]))[:500]
