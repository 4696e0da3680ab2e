"""What GitHub tells of a branch that Nightdesk pushed: how its checks went, what people say, what became of it.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import re
from collections.abc import Collection
from typing import Any

from integrations import bodies
from integrations.contracts import Json, News
from integrations.github.payloads import OWN_MARK

# Of whom GitHub itself says that they belong to the project.
INSIDERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
ANY_INSIDER = "*"
EVENTS = frozenset(
    {
        "check_run",
        "check_suite",
        "issue_comment",
        "pull_request",
        "pull_request_review",
        "pull_request_review_comment",
        "status",
        "workflow_run",
    }
)

_BRANCH = re.compile(r"agent/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MAX_TEXT = 5_000
_SAID = {"approved": "Approved.", "changes_requested": "Asks for changes."}


def news(event: str, payload: Json, *, own_logins: Collection[str], reviewers: Collection[str]) -> News | None:
    """What the event says of a branch of an agent's; None where it says nothing of one.

    `reviewers` are the logins whose remarks may steer a revision, if they belong to the project as well.
    """
    told = _checked(event, payload) or _said(event, payload, own_logins, reviewers) or _became(event, payload)
    about = _about(event, payload)
    if not told or not (_BRANCH.fullmatch(about["branch"]) or about["page"]):
        return None
    return News(place=_text(payload, "repository.html_url"), **{**about, **told})


def _about(event: str, payload: Json) -> dict[str, str]:
    """The branch, or of a comment the page of its pull request, which is all that GitHub names there."""
    pull = payload.get("pull_request")
    if isinstance(pull, dict):
        is_own = _at(pull, "head.repo.id") == _at(pull, "base.repo.id")
        return {
            "branch": _text(pull, "head.ref") if is_own else "",
            "page": _text(pull, "html_url") if is_own else "",
        }
    if event == "issue_comment":
        return {"branch": "", "page": _text(payload, "issue.pull_request.html_url")}
    branches = payload.get("branches")
    first = branches[0] if isinstance(branches, list) and branches else {}
    places = ((payload, f"{event}.head_branch"), (payload, f"{event}.check_suite.head_branch"), (first, "name"))
    return {"branch": next((name for value, path in places if (name := _text(value, path))), ""), "page": ""}


def _checked(event: str, payload: Json) -> Json:
    """How a check stands."""
    if event == "status":
        result = {"pending": "pending", "success": "success"}.get(_text(payload, "state"), "failure")
        named = {"name": _text(payload, "context"), "url": _text(payload, "target_url")}
        return {"kind": "check", "result": result, "commit": _text(payload, "sha"), **named}
    thing = payload.get(event)
    # A suite is the sum of its runs, which are told one by one.
    if event not in {"check_run", "workflow_run"} or not isinstance(thing, dict):
        return {}
    is_over = thing.get("status") == "completed"
    return {
        "kind": "check",
        "name": _text(thing, "name"),
        "result": _text(thing, "conclusion") if is_over else "pending",
        "commit": _text(thing, "head_sha"),
        "url": _text(thing, "html_url"),
    }


def _said(event: str, payload: Json, own_logins: Collection[str], reviewers: Collection[str]) -> Json:
    """What somebody wrote, and whether it may steer."""
    is_new = payload.get("action") in {"created", "submitted"}
    thing = payload.get("review" if event == "pull_request_review" else "comment")
    if not is_new or not isinstance(thing, dict):
        return {}
    author, state = _text(thing, "user.login"), _text(thing, "state").lower()
    text = bodies.bounded(str(thing.get("body") or "").replace("\0", "").strip(), _MAX_TEXT)
    result = state if state in _SAID else ""
    is_own = author.lower() in {login.lower() for login in own_logins} or OWN_MARK in text
    if is_own or not (text or result):
        return {}
    line = thing.get("line")
    path = _text(thing, "path")
    return {
        "kind": "remark",
        "author": author,
        "text": text or _SAID[result],
        "result": result,
        "where": f"{path}:{line}" if path and isinstance(line, int) else path,
        "url": _text(thing, "html_url"),
        "steers": bool(text) and result != "approved" and _may_steer(author, thing, reviewers),
    }


def _may_steer(author: str, thing: Json, reviewers: Collection[str]) -> bool:
    allowed = {login.lower() for login in reviewers}
    return _text(thing, "author_association") in INSIDERS and bool({author.lower(), ANY_INSIDER} & allowed)


def _became(event: str, payload: Json) -> Json:
    """What became of the pull request."""
    pull, action = payload.get("pull_request"), payload.get("action")
    if event != "pull_request" or not isinstance(pull, dict):
        return {}
    told = {
        "author": _text(payload, "sender.login"),
        "commit": _text(pull, "head.sha"),
        "url": _text(pull, "html_url"),
    }
    if action == "closed":
        return {"kind": "merged" if pull.get("merged") is True else "closed", **told}
    return {"kind": "moved", **told} if action == "synchronize" else {}


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(value: Any, path: str) -> str:
    return bodies.one_line(_at(value, path), 500)
