"""Made-up events of GitHub's meet the conditions that they are made for."""

from typing import Any

import pytest

from integrations.contracts import RawRequest
from integrations.github.samples import sample
from integrations.github.source import GitHubSource


@pytest.mark.parametrize(
    "conditions",
    [
        {"event": "issues.labeled"},
        {"event": "issues.labeled", "label": "agent", "repository": "a/b", "author_association": ["NONE"]},
        {"event": "pull_request.opened"},
        {"event": "pull_request.opened", "label": "agent", "repository": "a/b"},
    ],
)
def test_a_sample_meets_the_conditions(conditions: dict[str, Any]) -> None:
    made = sample(conditions, delivery="test-1")
    incoming = GitHubSource().parse(RawRequest(method="POST", path="", headers=made.headers, body=made.body))
    assert incoming.kind == conditions["event"]
    assert incoming.external_id == "test-1"
    assert GitHubSource().matches(incoming, conditions)


def test_conditions_that_make_no_sense_still_have_a_sample() -> None:
    made = sample({"event": 7, "label": None, "author_association": "me"}, delivery="test-2")
    assert made.headers["x-github-event"] == "7"
