"""Made-up events of GitHub's meet the conditions that they are made for."""

from typing import Any

import pytest

from integrations.contracts import RawRequest
from integrations.github.conditions import Conditions
from integrations.github.events import ACTIONS
from integrations.github.rules import TEMPLATES
from integrations.github.samples import sample
from integrations.github.source import GitHubSource

MADE: list[dict[str, Any]] = [
    {"event": "issues"},
    {"event": "issues.labeled", "label": "agent", "repository": "a/*", "author_association": ["NONE"]},
    {"event": "pull_request.opened", "label": "agent", "repository": "a/b", "branch": "release/*"},
    {"event": "pull_request.closed", "conclusion": "merged"},
    {"event": "pull_request", "action": "closed", "conclusion": "unmerged", "author_association": "ANY"},
    {"event": "pull_request_review.submitted", "conclusion": "changes_requested"},
    {"event": "pull_request_review_comment.created", "author_association": "CONTRIBUTOR"},
    {"event": "issue_comment.created", "label": "question"},
    {"event": "commit_comment"},
    {"event": "push", "branch": "main"},
    {"event": "status", "conclusion": "failure", "branch": "main"},
    {"event": "workflow_run.completed", "branch": "main", "conclusion": "timed_out"},
    {"event": "check_suite", "conclusion": "failure"},
    {"event": "deployment_status", "conclusion": "error"},
    {"event": "release.published"},
    {"event": "discussion.created", "author_association": ["NONE"]},
    *(template.conditions for template in TEMPLATES),
    *({"event": event} for event in ACTIONS),
]


@pytest.mark.parametrize("conditions", MADE, ids=str)
def test_a_sample_meets_the_conditions(conditions: dict[str, Any]) -> None:
    made = sample(Conditions.read(conditions), delivery="test-1")
    source = GitHubSource()
    incoming = source.parse(RawRequest(method="POST", path="", headers=made.headers, body=made.body))
    assert incoming.external_id == "test-1"
    assert not incoming.ignored
    assert source.matches(incoming, conditions)


def test_templates_of_ours_can_be_filled_from_a_sample() -> None:
    for template in TEMPLATES:
        made = sample(Conditions.read(template.conditions), delivery="test-1")
        raw = RawRequest(method="POST", path="", headers=made.headers, body=made.body)
        assert GitHubSource().parse(raw).data["text"]
