"""The parts of GitHub's payloads that a job can use, bounded; the whole stays with the receipt."""

from typing import TypeVar

from pydantic import BaseModel, Field

from integrations import bodies
from integrations.contracts import Incoming, Json, Malformed

MAX_LABELS = 50

Part = TypeVar("Part")


class Actor(BaseModel):
    """Who did something."""

    login: str = ""
    type: str = ""


class Label(BaseModel):
    """One label."""

    name: str


class Repository(BaseModel):
    """Where it happened."""

    id: int = 0
    full_name: str


class Branch(BaseModel):
    """One end of a pull request; a deleted fork has no repository."""

    ref: str
    sha: str = ""
    repo: Repository | None = None


class Issue(BaseModel):
    """What issues and pull requests have in common."""

    number: int
    title: str
    body: str | None = None
    html_url: str = ""
    author_association: str = "NONE"
    user: Actor | None = None
    labels: list[Label] = Field(default_factory=list)


class PullRequest(Issue):
    """A pull request with both of its ends."""

    draft: bool = False
    head: Branch
    base: Branch


class Payload(BaseModel):
    """Any event; what an event does not have stays None."""

    action: str = ""
    zen: str = ""
    repository: Repository | None = None
    sender: Actor | None = None
    label: Label | None = None
    issue: Issue | None = None
    pull_request: PullRequest | None = None


def extract(event: str, delivery: str, payload: Payload) -> Incoming:
    """The event in the words that templates use. Raises Malformed if the body is not of that event."""
    kind = f"{event}.{payload.action}" if payload.action else event
    data: Json = {
        "event": event,
        "action": bodies.one_line(payload.action, 60),
        "repository": payload.repository.full_name if payload.repository else "",
        "sender_type": payload.sender.type if payload.sender else "",
        "label": bodies.one_line(payload.label.name, 100) if payload.label else "",
    }
    if event == "issues":
        data |= _issue(_present(payload.issue, "issue"))
    elif event == "pull_request":
        data |= _pull_request(_present(payload.pull_request, "pull_request"))
    return Incoming(
        external_id=delivery,
        kind=bodies.one_line(kind, 80),
        sender=bodies.one_line(payload.sender.login if payload.sender else "", 255),
        summary=_summary(kind, data, payload),
        data=data,
    )


def _issue(issue: Issue) -> Json:
    body = bodies.bounded(issue.body or "")
    return {
        "number": issue.number,
        "title": bodies.one_line(issue.title, 300),
        "body": body,
        "text": f"{issue.title}\n\n{body}".strip(),
        "url": bodies.one_line(issue.html_url, 500),
        "author": issue.user.login if issue.user else "",
        "author_association": issue.author_association,
        "labels": [bodies.one_line(label.name, 100) for label in issue.labels[:MAX_LABELS]],
    }


def _pull_request(change: PullRequest) -> Json:
    head, base = change.head, change.base
    return {
        **_issue(change),
        "draft": change.draft,
        "head_branch": head.ref,
        "head_sha": head.sha,
        "base_branch": base.ref,
        # A fork's content is a stranger's: it may be read, never checked out with credentials.
        "from_fork": head.repo is None or base.repo is None or head.repo.id != base.repo.id,
    }


def _present(part: Part | None, name: str) -> Part:
    if part is None:
        raise Malformed(f"The event has no {name}: the body is not the event that its headers name.")
    return part


def _summary(kind: str, data: Json, payload: Payload) -> str:
    where = data["repository"] or "GitHub"
    if "number" in data:
        return bodies.one_line(f"{where}#{data['number']}: {data['title']}", 300)
    return bodies.one_line(f"{where}: {kind}{'; ' + payload.zen if payload.zen else ''}", 300)
