"""Made-up events of GitHub's, for a rule to be tested with."""

import json
from collections.abc import Sequence

from integrations import bodies
from integrations.contracts import Json, Sample
from integrations.github.conditions import Conditions
from integrations.github.events import ACTIONS

_WHO: Json = {"login": "nightdesk-test", "type": "User"}
_TEXT = "A test event: nothing has to be done."
_SHA = "0" * 40
# Where an event keeps what was said, and what it is about if not under its own name.
_REMARKS = {"pull_request_review": "review", "pull_request_review_comment": "comment"}
_NAMES = {"issues": "issue", "commit_comment": "comment"}


def sample(wanted: Conditions, *, delivery: str) -> Sample:
    """An event that meets the conditions, as far as one can be made up; the signature is not part of it."""
    event, _, action = wanted.event[0].partition(".")
    repository = {"id": 1, "full_name": _first(wanted.repository, "example/test")}
    payload: Json = {"repository": repository, "sender": _WHO}
    if action := action or _first(wanted.action, *ACTIONS[event]):
        payload["action"] = action
    if wanted.label:
        payload["label"] = {"name": wanted.label[0]}
    payload |= _about(event, wanted, repository)
    headers = {"content-type": bodies.JSON_TYPE, "x-github-event": event, "x-github-delivery": delivery}
    return Sample(headers=headers, body=json.dumps(payload).encode())


def _about(event: str, wanted: Conditions, repository: Json) -> Json:
    """What the event is about, where GitHub keeps it."""
    branch, conclusion = _first(wanted.branch, "main"), _first(wanted.conclusion)
    thing = {**_written(wanted), "name": "Test", "state": conclusion, "head_branch": branch, "head_sha": _SHA}
    if event.startswith("pull_request"):
        ends = {"head": {"ref": "test", "repo": repository}, "base": {"ref": branch, "repo": repository}}
        change = {**thing, **ends, "merged": conclusion == "merged"}
        remark = {_REMARKS[event]: thing} if event in _REMARKS else {}
        return {"pull_request": change, **remark}
    if event == "push":
        return {"ref": f"refs/heads/{branch}", "after": _SHA, "head_commit": {"message": _TEXT}}
    if event == "status":
        return {"state": conclusion or "success", "context": "test", "branches": [{"name": branch}], "sha": _SHA}
    if event == "issue_comment":
        return {"issue": thing, "comment": thing}
    return {_NAMES.get(event, event): {**thing, "conclusion": conclusion or "success"}}


def _written(wanted: Conditions) -> Json:
    """An issue, a pull request or a remark, by one whose words may open a job."""
    association = wanted.author_association[0]
    return {
        "number": 1,
        "title": "A test event",
        "body": _TEXT,
        "html_url": "https://github.com/",
        "author_association": "OWNER" if association == "ANY" else association,
        "user": _WHO,
        "labels": [{"name": name} for name in wanted.label],
    }


def _first(named: Sequence[str], *others: str) -> str:
    """The first name, as something that its pattern fits; else the first of the others."""
    return next(iter([*named, *others]), "").replace("*", "test").replace("?", "t")
