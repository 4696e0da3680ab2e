"""Git as this house runs it: no hook, filter or setting of a repository, a user or the machine is obeyed."""

import base64
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

SECONDS = 300.0
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_SHORT_SSH = re.compile(r"[\w.-]+@[\w.-]+:")
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.pager=cat",
    "diff.external=",
    "submodule.recurse=false",
    "push.recurseSubmodules=no",
    "push.followTags=false",
    "safe.bareRepository=explicit",
    "protocol.ext.allow=never",
    "transfer.fsckObjects=true",
    "gc.auto=0",
    # A server that says nothing for a minute is given up, by a push too whose parent is gone.
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=60",
)
_ENVIRONMENT = {
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/false",
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oServerAliveInterval=20",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ALLOW_PROTOCOL": "file:https:ssh",
}


class GitFailed(Exception):
    """Git ended with an error; the text is its own last lines without passwords. `late`: it was stopped.

    `output` is all that it printed.
    """

    def __init__(self, reason: str, *, output: str = "", late: bool = False) -> None:
        super().__init__(reason)
        self.output = output
        self.late = late


@dataclass(frozen=True)
class Repository:
    """A bare repository at `folder` of our own, and the `address` that it fetches from and pushes to."""

    folder: Path
    address: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def made(cls, folder: Path, address: str, *, sha_length: int, token: str = "") -> "Repository":
        """An empty one for `address`: a path, or an https or ssh address, which may hold a password.

        The password, or the token of an https address, goes into a header that neither a list of processes nor a
        file shows. A local repository may belong to another user: that the owner has named it is reason enough.
        """
        opened = _with_token(address, token) if token else _opened(address, folder)
        repository = cls(folder / "repository.git", *opened)
        shape = "sha256" if sha_length == 64 else "sha1"
        run("init", "--quiet", "--bare", f"--object-format={shape}", "--template=", str(repository.folder))
        return repository

    def git(
        self,
        *arguments: str,
        given: bytes = b"",
        environment: Mapping[str, str] | None = None,
        outlives: bool = False,
    ) -> str:
        """Run git on our own objects."""
        place = f"--git-dir={self.folder}"
        index = {"GIT_INDEX_FILE": str(self.folder / "agent-index")}
        known = {**index, **self.secrets, **(environment or {})}
        return run(place, *arguments, given=given, environment=known, outlives=outlives)


def run(
    *arguments: str, given: bytes = b"", environment: Mapping[str, str] | None = None, outlives: bool = False
) -> str:
    """Git's output; raise GitFailed.

    `outlives`: it goes on to its end although all of this process's group is killed.
    """
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    path = {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}
    try:
        done = subprocess.run(  # noqa: S603 - no shell; an address comes after --, a commit is checked
            ["git", *settings, *arguments],  # noqa: S607 - the owner's own git, wherever it is
            env={**_ENVIRONMENT, **path, **(environment or {})},
            cwd="/",
            input=given,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            start_new_session=outlives,
        )
    except subprocess.TimeoutExpired:
        raise GitFailed(f"git took longer than {SECONDS:g} seconds", late=True) from None
    except OSError as error:
        raise GitFailed(f"git cannot be started: {error.strerror or error}") from None
    output, said = (stream.decode("utf-8", errors="replace") for stream in (done.stdout, done.stderr))
    if done.returncode != 0:
        reason = _last_lines(said) or f"git ended with {done.returncode}"
        raise GitFailed(reason, output=f"{output}\n{said}")
    return output


def _with_token(address: str, token: str) -> tuple[str, dict[str, str]]:
    """As `_opened`, for the host alone that the token is for; in the clear only on this machine."""
    parts = urlsplit(address)
    clear = {"GIT_ALLOW_PROTOCOL": "http"} if parts.hostname in LOOPBACK else {}
    return address, {**_header(f"{parts.scheme}://{parts.netloc}/", f"x-access-token:{token}"), **clear}


def _header(host: str, login: str) -> dict[str, str]:
    settings = {
        f"http.{host}.extraHeader": f"Authorization: Basic {base64.b64encode(login.encode()).decode()}",
        f"http.{host}.followRedirects": "false",
        "credential.helper": "",
    }
    pairs = {f"GIT_CONFIG_KEY_{number}": name for number, name in enumerate(settings)}
    pairs |= {f"GIT_CONFIG_VALUE_{number}": value for number, value in enumerate(settings.values())}
    return {"GIT_CONFIG_COUNT": str(len(settings)), **pairs}


def _opened(address: str, folder: Path) -> tuple[str, dict[str, str]]:
    """What git is given as an address, and what it is told in its environment."""
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.username is not None:
        host = parts.netloc.rpartition("@")[2]
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return urlunsplit(parts._replace(netloc=host)), _header(f"https://{host}/", login)
    if parts.scheme not in {"", "file"} or _SHORT_SSH.match(address):
        return address, {}
    path = Path(unquote(parts.path) if parts.scheme else address).resolve()
    trusted = folder / "trusted"
    lines = "".join(f'\tdirectory = "{place}"\n' for place in (path, path / ".git"))
    trusted.write_text(f"[safe]\n{lines}", encoding="utf-8")
    return str(path), {"GIT_CONFIG_GLOBAL": str(trusted)}


def _last_lines(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return re.sub(r"//[^/@\s]+@", "//", " ".join(lines[-4:]))[:500]
