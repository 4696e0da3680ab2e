"""Repositories with their pull requests, in the form in which GitHub's API tells of them."""

from dataclasses import dataclass, field
from typing import Any

from tests.emulators.github_git import Repo


@dataclass
class Pull:
    """One pull request. Its head is a branch of the same repository."""

    number: int
    title: str
    body: str
    head: str
    base: str
    author: str
    draft: bool = False
    state: str = "open"
    merged_as: str = ""
    last_sha: str = ""  # where the head was when it was closed
    labels: list[str] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Place:
    """One repository at GitHub, and the addresses that tell of it. `url` is the API's and the site's, both."""

    id: int
    url: str
    repo: Repo
    default: str = "main"
    pulls: list[Pull] = field(default_factory=list)
    check_runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by commit
    statuses: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    protected: set[str] = field(default_factory=lambda: {"main"})
    unmergeable: str = ""  # why its rules let nobody merge

    @property
    def name(self) -> str:
        return self.repo.full_name

    @property
    def owner(self) -> str:
        return self.name.partition("/")[0]

    @property
    def api(self) -> str:
        return f"{self.url}/repos/{self.name}"

    def branch(self, name: str) -> str:
        """Where the branch is; empty if there is none."""
        return self.repo.sha(f"refs/heads/{name}")

    def head_of(self, pull: Pull) -> str:
        return pull.last_sha or self.branch(pull.head)

    def as_json(self, may_push: bool = True) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name.partition("/")[2],
            "full_name": self.name,
            "private": True,
            "default_branch": self.default,
            "owner": {
                "login": self.owner,
                "id": 1,
                "type": "Organization",
                "url": f"{self.url}/users/{self.owner}",
            },
            "url": self.api,
            "html_url": f"{self.url}/{self.name}",
            "clone_url": f"{self.url}/{self.name}.git",
            "permissions": {"admin": False, "maintain": False, "push": may_push, "triage": True, "pull": True},
            "archived": False,
        }

    def pull_as_json(self, pull: Pull) -> dict[str, Any]:
        page = f"{self.url}/{self.name}/pull/{pull.number}"
        return {
            "id": self.id * 1000 + pull.number,
            "number": pull.number,
            "state": pull.state,
            "title": pull.title,
            "body": pull.body,
            "draft": pull.draft,
            "user": {"login": pull.author, "id": 2, "type": "User", "url": f"{self.url}/users/{pull.author}"},
            "labels": [{"id": at, "name": name, "color": "ededed"} for at, name in enumerate(pull.labels)],
            "merged": bool(pull.merged_as),
            "mergeable": pull.state == "open",
            "merge_commit_sha": pull.merged_as or None,
            "url": f"{self.api}/pulls/{pull.number}",
            "issue_url": f"{self.api}/issues/{pull.number}",
            "html_url": page,
            "comments_url": f"{self.api}/issues/{pull.number}/comments",
            "head": self._end(pull.head, self.head_of(pull)),
            "base": self._end(pull.base, self.branch(pull.base)),
            "created_at": "2026-11-26T22:00:00Z",
            "updated_at": "2026-11-26T22:00:00Z",
        }

    def _end(self, ref: str, sha: str) -> dict[str, Any]:
        return {"ref": ref, "label": f"{self.owner}:{ref}", "sha": sha, "repo": self.as_json()}
