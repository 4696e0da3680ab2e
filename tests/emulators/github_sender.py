"""GitHub's webhooks: the events of a pull request as GitHub words them, signed and posted."""

import hashlib
import hmac
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.github_places import Place, Pull

Post = Callable[[bytes, dict[str, str]], int]


@dataclass
class WebhookSender:
    """`post` brings a body with headers to the receiver and returns its status. One repository's events."""

    place: Place
    secret: str
    post: Post
    answers: list[tuple[str, int]] = field(default_factory=list)  # (event, status)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def send(
        self, event: str, payload: dict[str, Any], *, guid: str = "", secret: str = "", tampered: bool = False
    ) -> int:
        """Post one event; with a GUID that was used before it is a redelivery."""
        body = json.dumps(payload).encode()
        signature = hmac.new((secret or self.secret).encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "user-agent": "GitHub-Hookshot/0000001",
            "x-github-event": event,
            "x-github-delivery": guid or f"00000000-0000-4000-8000-{next(self._ids):012d}",
            "x-github-hook-id": "1",
            "x-hub-signature-256": f"sha256={signature}",
        }
        status = self.post(body.replace(b"{", b"{ ", 1) if tampered else body, headers)
        self.answers.append((event, status))
        return status

    def about(self, login: str, **parts: Any) -> dict[str, Any]:
        """What every event has around it."""
        return {**parts, "repository": self.place.as_json(), "sender": {"login": login, "type": "User"}}

    def pull_request(self, action: str, pull: Pull, *, login: str = "mona") -> int:
        """`closed` tells by itself whether it was merged."""
        told = {**self.place.pull_as_json(pull), "author_association": "MEMBER"}
        return self.send("pull_request", self.about(login, action=action, number=pull.number, pull_request=told))

    def comment(
        self, pull: Pull, text: str, *, login: str = "mona", association: str = "MEMBER", guid: str = ""
    ) -> int:
        """A comment on the pull request as a whole: told as one on an issue, without any branch."""
        page = f"{self.place.url}/{self.place.name}/pull/{pull.number}"
        issue = {
            "number": pull.number,
            "title": pull.title,
            "body": pull.body,
            "html_url": page,
            "user": {"login": pull.author},
            "author_association": "MEMBER",
            "labels": [],
            "pull_request": {"url": f"{self.place.api}/pulls/{pull.number}", "html_url": page},
        }
        payload = self.about(login, action="created", issue=issue, comment=self._remark(text, login, association))
        return self.send("issue_comment", payload, guid=guid)

    def line_comment(
        self, pull: Pull, text: str, *, path: str, line: int, login: str = "mona", association: str = "MEMBER"
    ) -> int:
        """A comment on one line of the change."""
        remark = {**self._remark(text, login, association), "path": path, "line": line, "diff_hunk": "@@ -1 +1 @@"}
        told = self.place.pull_as_json(pull)
        payload = self.about(login, action="created", pull_request=told, comment=remark)
        return self.send("pull_request_review_comment", payload)

    def review(
        self, pull: Pull, state: str, text: str = "", *, login: str = "mona", association: str = "MEMBER"
    ) -> int:
        """A whole review: approved, changes_requested or commented."""
        said = {**self._remark(text, login, association), "state": state, "body": text or None}
        told = self.place.pull_as_json(pull)
        return self.send(
            "pull_request_review", self.about(login, action="submitted", pull_request=told, review=said)
        )

    def check_run(self, pull: Pull, name: str, conclusion: str | None, *, sha: str = "") -> int:
        """One check: without a conclusion it has begun."""
        head = sha or self.place.head_of(pull)
        run = {
            "id": 1,
            "name": name,
            "status": "completed" if conclusion else "in_progress",
            "conclusion": conclusion,
            "head_sha": head,
            "html_url": f"{self.place.url}/{self.place.name}/runs/1",
            "check_suite": {"head_branch": pull.head, "head_sha": head},
            "app": {"slug": "github-actions"},
        }
        action = "completed" if conclusion else "created"
        return self.send("check_run", self.about("github-actions[bot]", action=action, check_run=run))

    def workflow_run(self, pull: Pull, name: str, conclusion: str | None) -> int:
        """One workflow's run: without a conclusion it was asked for."""
        run = {
            "id": 2,
            "name": name,
            "status": "completed" if conclusion else "queued",
            "conclusion": conclusion,
            "head_branch": pull.head,
            "head_sha": self.place.head_of(pull),
            "html_url": f"{self.place.url}/{self.place.name}/actions/runs/2",
            "head_repository": {"id": self.place.id},
        }
        action = "completed" if conclusion else "requested"
        return self.send("workflow_run", self.about("mona", action=action, workflow_run=run))

    def status(self, pull: Pull, context: str, state: str) -> int:
        """A commit status, as older services set it."""
        head = self.place.head_of(pull)
        payload = self.about(
            "ci-bot",
            sha=head,
            state=state,
            context=context,
            target_url=f"{self.place.url}/ci/3",
            description="",
            branches=[{"name": pull.head, "commit": {"sha": head}}],
            commit={"sha": head, "html_url": f"{self.place.url}/{self.place.name}/commit/{head}"},
        )
        return self.send("status", payload)

    def _remark(self, text: str, login: str, association: str) -> dict[str, Any]:
        return {
            "id": next(self._ids),
            "body": text,
            "user": {"login": login, "type": "User"},
            "author_association": association,
            "html_url": f"{self.place.url}/{self.place.name}/pull/1#remark-{next(self._ids)}",
        }
