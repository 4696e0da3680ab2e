"""Real bare repositories behind GitHub's addresses: `git http-backend` for git, plumbing for the API."""

import os
import subprocess
from pathlib import Path

from tests.emulators.kit import Reply, Req
from tests.repositories import ENVIRONMENT

# Refuses what Nightdesk must never even try, and writes down that it was tried.
PRE_RECEIVE = """#!/bin/sh
[ -n "$REMOTE_USER" ] || exit 0  # its owner, on this machine
while read old new ref; do
  case "$ref" in
    refs/heads/agent/????????-????-????-????-????????????) ;;
    *) echo "$ref" >>"$PWD/refused"; exit 1 ;;
  esac
  case "$new" in *[!0]*) ;; *) echo "delete $ref" >>"$PWD/refused"; exit 1 ;; esac
  case "$old" in
    *[!0]*) git merge-base --is-ancestor "$old" "$new" || { echo "force $ref" >>"$PWD/refused"; exit 1; } ;;
  esac
done
"""


class Repo:
    """One bare repository; every ref of it can be read and moved as GitHub's API does."""

    def __init__(self, path: Path, full_name: str) -> None:
        self.path = path
        self.full_name = full_name
        self.git("config", "http.receivepack", "true")
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")  # as GitHub has it
        hook = path / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(PRE_RECEIVE)
        hook.chmod(0o755)

    @property
    def refused(self) -> list[str]:
        """What the pre-receive hook had to refuse."""
        path = self.path / "refused"
        return path.read_text().splitlines() if path.exists() else []

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env=ENVIRONMENT, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def sha(self, ref: str) -> str:
        """The commit of a full ref's name; empty if there is none."""
        found = self.git("for-each-ref", "--format=%(objectname)", "--", ref)
        return found.splitlines()[0] if found else ""

    def holds(self, sha: str) -> bool:
        """Whether there is such an object."""
        done = subprocess.run(
            ["git", "cat-file", "-e", sha], cwd=self.path, env=ENVIRONMENT, capture_output=True, check=False
        )
        return done.returncode == 0

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `new` goes on from `old`."""
        command = ["git", "merge-base", "--is-ancestor", old, new]
        return subprocess.run(command, cwd=self.path, env=ENVIRONMENT, check=False).returncode == 0

    def commits_between(self, base: str, head: str) -> int:
        return int(self.git("rev-list", "--count", f"{base}..{head}"))

    def merge(self, base: str, head: str, message: str) -> str:
        """Merge the head into the base's branch, as the button does."""
        tree = self.git("merge-tree", "--write-tree", base, head)
        made = self.git("commit-tree", tree, "-p", self.sha(base), "-p", head, "-m", message)
        self.git("update-ref", base, made)
        return made


def serve(root: Path, req: Req, path: str) -> Reply:
    """The answer of `git http-backend` for this path below `root`."""
    query = "&".join(f"{name}={value}" for name, values in req.query.items() for value in values)
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "REMOTE_USER": "x-access-token",
        "REMOTE_ADDR": "127.0.0.1",
        "PATH_INFO": path,
        "REQUEST_METHOD": req.method,
        "QUERY_STRING": query,
        "CONTENT_TYPE": req.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(req.body)),
        "HTTP_CONTENT_ENCODING": req.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": req.headers.get("git-protocol", ""),
    }
    done = subprocess.run(
        ["git", "http-backend"], env=environment, input=req.body, capture_output=True, check=True, timeout=60
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
    status = int(headers.pop("Status", "200").split()[0])
    ctype = headers.pop("Content-Type", "text/plain")
    return Reply(status, raw=body, headers=headers, ctype=ctype)
