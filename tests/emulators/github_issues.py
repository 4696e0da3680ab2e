"""The part of GitHub's API that shows issues, and files by their paths."""

import base64
import subprocess
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.github_places import Place
from tests.emulators.github_pulls import Pulls, missing
from tests.emulators.kit import Reply, Req

_MADE = "2026-11-25T09:30:00Z"


@dataclass
class Issue:
    """One issue; comments are (login, association, text)."""

    number: int
    title: str
    body: str
    author: str = "mira"
    association: str = "NONE"
    labels: list[str] = field(default_factory=list)
    comments: list[tuple[str, str, str]] = field(default_factory=list)
    state: str = "open"


class Issues(Pulls):
    """`add_issue` is what a person does in the app."""

    issues: dict[str, list[Issue]]

    def set_up_issues(self) -> None:
        """Register the routes. Before those of the pull requests, whose comments have the same address."""
        self.issues = {}
        repo = "/repos/(?P<full_name>[^/]+/[^/]+)"
        self.route("GET", f"{repo}/issues", self._issues)
        self.route("GET", f"{repo}/issues/(?P<number>\\d+)", self._issue)
        self.route("GET", f"{repo}/contents/(?P<path>.*)", self._contents)

    def add_issue(self, full_name: str, issue: Issue) -> Issue:
        """One more in a repository that is there."""
        self.issues.setdefault(full_name, []).append(issue)
        return issue

    def _comments(self, req: Req, full_name: str, number: str) -> Reply:
        found = [one for one in self.issues.get(full_name, []) if one.number == int(number)]
        if not found:
            return super()._comments(req, full_name, number)
        place, _ = self._place(req, full_name, issues="read")
        said = [
            {
                "id": at,
                "body": text,
                "user": _user(login),
                "author_association": association,
                "url": f"{place.api}/issues/comments/{at}",
                "created_at": _MADE,
                "updated_at": _MADE,
            }
            for at, (login, association, text) in enumerate(found[0].comments, start=1)
        ]
        return self.paged(req, said)

    def _issues(self, req: Req, full_name: str) -> Reply:
        place, _ = self._place(req, full_name, issues="read")
        state = req.query.get("state", ["open"])[0]
        rows = [one for one in self.issues.get(full_name, []) if state in {one.state, "all"}]
        return self.paged(req, [_shown(place, one) for one in rows])

    def _issue(self, req: Req, full_name: str, number: str) -> Any:
        place, _ = self._place(req, full_name, issues="read")
        for one in self.issues.get(full_name, []):
            if one.number == int(number):
                return _shown(place, one)
        raise missing()

    def _contents(self, req: Req, full_name: str, path: str) -> Any:
        place, _ = self._place(req, full_name, contents="read")
        ref = req.query.get("ref", [place.default])[0]
        path = path.strip("/")
        try:
            kind = place.repo.git("cat-file", "-t", f"{ref}:{path}")
        except subprocess.CalledProcessError:
            raise missing() from None
        if kind == "tree":
            names = place.repo.git("ls-tree", f"{ref}:{path}").splitlines()
            return [_entry(place, path, line) for line in names]
        command = ["git", "cat-file", "blob", f"{ref}:{path}"]
        content = subprocess.run(command, cwd=place.repo.path, capture_output=True, check=True).stdout
        large = len(content) > 1_000_000
        return {
            **_file(place, path, "file", place.repo.git("rev-parse", f"{ref}:{path}"), len(content)),
            "encoding": "none" if large else "base64",
            "content": "" if large else base64.encodebytes(content).decode(),
        }


def _shown(place: Place, issue: Issue) -> dict[str, Any]:
    return {
        "id": place.id * 1000 + issue.number,
        "number": issue.number,
        "state": issue.state,
        "title": issue.title,
        "body": issue.body,
        "user": _user(issue.author),
        "author_association": issue.association,
        "labels": [{"id": at, "name": name, "color": "ededed"} for at, name in enumerate(issue.labels)],
        "comments": len(issue.comments),
        "url": f"{place.api}/issues/{issue.number}",
        "html_url": f"{place.url}/{place.name}/issues/{issue.number}",
        "comments_url": f"{place.api}/issues/{issue.number}/comments",
        "created_at": _MADE,
        "updated_at": _MADE,
    }


def _user(login: str) -> dict[str, Any]:
    return {"login": login, "id": 3, "type": "User"}


def _entry(place: Place, folder: str, line: str) -> dict[str, Any]:
    head, name = line.split("\t")
    _, kind, sha = head.split()
    path = f"{folder}/{name}".strip("/")
    return _file(place, path, "dir" if kind == "tree" else "file", sha, 0)


def _file(place: Place, path: str, kind: str, sha: str, size: int) -> dict[str, Any]:
    url = f"{place.api}/contents/{path}"
    return {"type": kind, "name": path.rpartition("/")[2], "path": path, "sha": sha, "size": size, "url": url}
