"""Made-up events of GitHub's, for a rule to be tried with."""

import json

from integrations import bodies
from integrations.contracts import Json, Sample


def sample(conditions: Json, *, delivery: str) -> Sample:
    """The event that the conditions name, as nearly as it can be made up; the signature is not part of it."""
    event, _, action = str(conditions.get("event") or "issues.labeled").partition(".")
    label = str(conditions.get("label") or "")
    repository = {"id": 1, "full_name": str(conditions.get("repository") or "example/test")}
    payload: Json = {
        "action": action,
        "repository": repository,
        "sender": {"login": "nightdesk-test", "type": "User"},
        "issue": _issue(conditions, label),
    }
    if label:
        payload["label"] = {"name": label}
    if event == "pull_request":
        ends = {
            name: {"ref": ref, "sha": "0" * 40, "repo": repository}
            for name, ref in (("head", "test"), ("base", "main"))
        }
        payload["pull_request"] = {**payload.pop("issue"), **ends}
    headers = {"content-type": bodies.JSON_TYPE, "x-github-event": event, "x-github-delivery": delivery}
    return Sample(headers=headers, body=json.dumps(payload).encode())


def _issue(conditions: Json, label: str) -> Json:
    associations = conditions.get("author_association")
    return {
        "number": 1,
        "title": "A test event",
        "body": "Nothing has to be done.",
        "html_url": "https://github.com/",
        "author_association": associations[0] if isinstance(associations, list) and associations else "OWNER",
        "user": {"login": "nightdesk-test", "type": "User"},
        "labels": [{"name": label}] if label else [],
    }
