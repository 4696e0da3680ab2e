"""What a rule and a job can use of any GitHub event, bounded; the whole stays with the receipt.

Nothing here fails: a signed event is GitHub's, whatever its form. A part that is missing or of another type is left
out.
"""

from collections.abc import Iterable
from typing import Any

from integrations import bodies
from integrations.contracts import Incoming, Json

MAX_LABELS = 50
# Branches that Nightdesk pushes: what it made itself must not open the next job.
OWN_BRANCHES = "agent/"
# Whoever's token it was written by: what bears our mark is our own.
OWN_MARK = "<!-- nightdesk:"
_REMARKS = frozenset({"issue_comment", "pull_request_review", "pull_request_review_comment"})

_NAME = 100
_TITLE = 300
_URL = 500
_SURROUNDINGS = {"repository", "sender", "organization", "installation", "enterprise", "changes"}
# Where an event keeps what it is about, if not under its own name.
_ABOUT = {
    "code_scanning_alert": "alert",
    "commit_comment": "comment",
    "dependabot_alert": "alert",
    "discussion_comment": "discussion",
    "fork": "forkee",
    "issue_comment": "issue",
    "issues": "issue",
    "pull_request_review": "pull_request",
    "pull_request_review_comment": "pull_request",
    "pull_request_review_thread": "pull_request",
    "push": "head_commit",
    "repository_vulnerability_alert": "alert",
    "secret_scanning_alert": "alert",
    "status": "commit",
    "sub_issues": "parent_issue",
}
_TITLES = (
    "title",
    "display_title",
    "name",
    "tag_name",
    "summary",
    "rule.description",
    "security_advisory.summary",
    "affected_package_name",
    "environment",
    "full_name",
    "login",
)
_BODIES = (
    "body",
    "description",
    "output.summary",
    "rule.full_description",
    "security_advisory.description",
    "message",
)
_ADDRESSES = ("html_url", "target_url")
_AROUND = ("compare", "target_url", "repository.html_url", "organization.html_url")
# What a pull request's push, or a run of its checks, tells of is Nightdesk's own doing on Nightdesk's own branch.
_ECHOES = frozenset(
    {
        "push",
        "create",
        "delete",
        "status",
        "check_run",
        "check_suite",
        "workflow_run",
        "workflow_job",
        "deployment",
        "deployment_status",
        "pull_request.opened",
        "pull_request.synchronize",
    }
)


def extract(event: str, delivery: str, payload: Json, *, own_logins: Iterable[str] = ()) -> Incoming:
    """The event in the words that rules and templates use; what Nightdesk itself caused says so in `ignored`."""
    action = _text(payload, "action", limit=60)
    kind = bodies.one_line(f"{event}.{action}" if action else event, 80)
    sender = _text(payload, "sender.login", limit=255)
    data: Json = {
        "event": event,
        "action": action,
        "repository": _text(payload, "repository.full_name", limit=200),
        "sender_type": _text(payload, "sender.type", limit=40),
        **_content(event, payload),
        **_labels(payload, _about(event, payload)),
        **_ends(event, payload),
        **_result(event, payload),
    }
    ignored = _echo(kind, sender, data, {login.lower() for login in own_logins})
    return Incoming(
        external_id=delivery,
        kind=kind,
        sender=sender,
        summary=_summary(kind, data),
        data={**data, "own": bool(ignored)},
        ignored=ignored,
    )


def _echo(kind: str, sender: str, data: Json, own_logins: set[str]) -> str:
    if sender.lower() in own_logins:
        return f"It was caused by {sender}, Nightdesk's own account."
    if data["event"] in _REMARKS and OWN_MARK in str(data.get("body", "")):
        return "It is a comment of Nightdesk's own."
    head = str(data.get("head_branch") or data.get("branch", ""))
    if head.startswith(OWN_BRANCHES) and (kind in _ECHOES or data["event"] in _ECHOES):
        return f"It is about {head}, a branch that Nightdesk pushed itself."
    return ""


def _about(event: str, payload: Json) -> Json:
    """The thing that the event is about: under its own name, else the first thing that is no surroundings."""
    own = _ABOUT.get(event, event)
    if own in payload:
        return _thing(payload, own)
    names = (name for name, value in payload.items() if isinstance(value, dict) and name not in _SURROUNDINGS)
    return _thing(payload, next(names, ""))


def _remark(payload: Json) -> Json:
    """What somebody said about it."""
    return _thing(payload, "comment") or _thing(payload, "review")


def _content(event: str, payload: Json) -> Json:
    about, remark = _about(event, payload), _remark(payload)
    said = remark or about
    title = _title(about, payload)
    body = bodies.bounded(_first_text(said, _BODIES))
    found: Json = {
        "title": title,
        "body": body,
        "text": body if title and body.startswith(title) else f"{title}\n\n{body}".strip() or event,
        "url": _first(said, _ADDRESSES, _URL) or _first(about, _ADDRESSES, _URL) or _first(payload, _AROUND, _URL),
        "author": _first(said, ("user.login", "actor.login", "author.login", "author.username"), _NAME),
    }
    number = _at(about, "number")
    if isinstance(number, int):
        found["number"] = number
    if association := _text(said, "author_association", limit=40):
        found["author_association"] = association
    return found


def _title(about: Json, payload: Json) -> str:
    """A title or a name, else how a commit's message begins."""
    message = _at(about, "message")
    headline = message.strip().partition("\n")[0] if isinstance(message, str) else ""
    return (
        _text(payload, "zen", limit=_TITLE)
        or _first(about, _TITLES, _TITLE)
        or bodies.one_line(headline, _TITLE)
        or _first(payload, ("context", "workflow", "ref"), _TITLE)
    )


def _labels(payload: Json, about: Json) -> Json:
    """The label that was given or taken now, and all that it has; those of a runner are plain texts, and none."""
    found: Json = {"label": _text(payload, "label.name", limit=_NAME)}
    labels = about.get("labels")
    if isinstance(labels, list) and not any(isinstance(label, str) for label in labels):
        names = (_text(label, "name", limit=_NAME) for label in labels[:MAX_LABELS] if isinstance(label, dict))
        found["labels"] = [name for name in names if name]
    return found


def _ends(event: str, payload: Json) -> Json:
    """The branch: of a pull request the one it goes into, of anything else the one it is on."""
    change = _thing(payload, "pull_request")
    if change:
        return {
            "branch": _text(change, "base.ref", limit=255),
            "base_branch": _text(change, "base.ref", limit=255),
            "head_branch": _text(change, "head.ref", limit=255),
            "head_sha": _text(change, "head.sha", limit=64),
            "draft": change.get("draft") is True,
            # A fork's content is a stranger's: it may be read, never checked out with credentials.
            "from_fork": _is_foreign(_at(change, "head.repo.id"), _at(change, "base.repo.id")),
        }
    about = _about(event, payload)
    found: Json = {"branch": _branch(payload, about)}
    if sha := _first(about, ("head_sha", "sha"), 64) or _first(payload, ("after", "sha", "commit_oid"), 64):
        found["head_sha"] = sha
    if isinstance(about.get("head_repository"), dict):
        found["from_fork"] = _is_foreign(_at(about, "head_repository.id"), _at(payload, "repository.id"))
    return found


def _branch(payload: Json, about: Json) -> str:
    of_it = _first(about, ("head_branch", "check_suite.head_branch", "base_ref", "target_commitish", "ref"), 255)
    branches = payload.get("branches")
    of_several = _text(branches[0], "name", limit=255) if isinstance(branches, list) and branches else ""
    branch = _text(payload, "branch", limit=255) or of_it or of_several
    branch = branch or _first(payload, ("ref", "deployment.ref"), 255)
    is_tag = branch.startswith("refs/tags/") or payload.get("ref_type") == "tag"
    return "" if is_tag else branch.removeprefix("refs/heads/")


def _result(event: str, payload: Json) -> Json:
    """How something ended: a run, a check, a deployment, a review, a pull request."""
    about = _about(event, payload)
    if event == "pull_request" and payload.get("action") == "closed":
        return {"conclusion": "merged" if about.get("merged") is True else "unmerged"}
    if event in {"workflow_run", "workflow_job", "check_run", "check_suite"}:
        names = ("workflow.name", "workflow_run.name", "workflow_job.workflow_name", f"{event}.name")
        return {
            "conclusion": _text(about, "conclusion", limit=40),
            "workflow": _first(payload, names, _NAME),
        }
    ended = {
        "status": payload.get("state"),
        "deployment_status": about.get("state"),
        "pull_request_review": _remark(payload).get("state"),
    }
    return {"conclusion": bodies.one_line(ended[event], 40).lower()} if event in ended else {}


def _is_foreign(head: Any, base: Any) -> bool:
    """A deleted fork has no repository: what is not certainly the repository itself is a stranger's."""
    return head is None or base is None or head != base


def _summary(kind: str, data: Json) -> str:
    where = data["repository"] or "GitHub"
    if "number" in data:
        where = f"{where}#{data['number']}"
        if data["event"] in {"issues", "pull_request"}:
            return bodies.one_line(f"{where}: {data['title']}", 300)
    parts = (kind.replace("_", " ").replace(".", " "), data.get("workflow"), data.get("conclusion"), data["title"])
    return bodies.one_line(f"{where}: {'; '.join(dict.fromkeys(part for part in parts if part))}", 300)


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _thing(value: Json, name: str) -> Json:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: Any, path: str, *, limit: int) -> str:
    return bodies.one_line(_at(value, path), limit)


def _first(value: Json, paths: Iterable[str], limit: int) -> str:
    return next((line for path in paths if (line := _text(value, path, limit=limit))), "")


def _first_text(value: Json, paths: Iterable[str]) -> str:
    found = (_at(value, path) for path in paths)
    return next((text for text in found if isinstance(text, str) and text.strip()), "")
