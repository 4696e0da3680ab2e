"""What a rule may ask of a GitHub event."""

from typing import Any

import pytest

from integrations.github.conditions import Conditions
from integrations.github.events import ACTIONS
from tests.integrations.github.test_payloads import PUSH, REVIEW, RUN, data_of
from tests.integrations.github.test_source import CHANGE, ISSUE

EVENTS = {
    "an issue": ("issues", ISSUE),
    "a change": ("pull_request", CHANGE),
    "a review": ("pull_request_review", REVIEW),
    "a run": ("workflow_run", RUN),
    "a push": ("push", PUSH),
    "a fork's run": (
        "workflow_run",
        {**RUN, "workflow_run": {**RUN["workflow_run"], "head_repository": {"id": 99, "full_name": "eve/widgets"}}},
    ),
    "a stranger's issue": ("issues", {**ISSUE, "issue": {**ISSUE["issue"], "author_association": "NONE"}}),
}


@pytest.mark.parametrize(
    ("conditions", "met"),
    [
        ({"event": "issues"}, {"an issue"}),
        ({"event": "issues.labeled"}, {"an issue"}),
        ({"event": "issues.opened"}, set()),
        ({"event": ["issues.labeled", "push"]}, {"an issue", "a push"}),
        ({"event": ["issues", "pull_request"], "action": "opened"}, {"a change"}),
        ({"event": ["issues", "pull_request"], "action": ["opened", "labeled"]}, {"an issue", "a change"}),
        ({"event": "issues", "label": "nightdesk"}, {"an issue"}),
        ({"event": "issues", "label": "bug"}, set()),
        ({"event": ["pull_request", "push"], "label": "BUG"}, {"a change"}),
        ({"event": "issues", "label": ["later", "NightDesk"]}, {"an issue"}),
        ({"event": "issues", "repository": "acme/Widgets"}, {"an issue"}),
        ({"event": "issues", "repository": ["acme/other", "acme/widgets"]}, {"an issue"}),
        ({"event": "issues", "repository": "acme/*"}, {"an issue"}),
        ({"event": "issues", "repository": "acme/wid"}, set()),
        ({"event": ["push", "workflow_run", "pull_request"], "branch": "main"}, {"a push", "a run", "a change"}),
        ({"event": ["push", "issues"], "branch": ["ma*", "release/*"]}, {"a push"}),
        ({"event": "push", "branch": "Main"}, set()),
        ({"event": "issues", "author_association": "OWNER"}, set()),
        ({"event": "issues", "author_association": ["OWNER", "MEMBER"]}, {"an issue"}),
        ({"event": "issues", "author_association": "NONE"}, {"a stranger's issue"}),
        ({"event": "issues", "author_association": "ANY"}, {"an issue", "a stranger's issue"}),
        ({"event": "pull_request_review", "conclusion": "changes_requested"}, {"a review"}),
        ({"event": "workflow_run", "conclusion": ["failure", "timed_out"]}, {"a run"}),
        ({"event": "workflow_run", "conclusion": "success"}, set()),
        ({"event": ["issues", "push"], "conclusion": "failure"}, set()),
        ({"event": "workflow_run"}, {"a run"}),
        ({"event": "workflow_run", "author_association": "ANY"}, {"a run", "a fork's run"}),
        ({"event": "workflow_run", "author_association": ["OWNER", "NONE"]}, {"a run", "a fork's run"}),
    ],
)
def test_all_conditions_have_to_be_met(conditions: dict[str, Any], met: set[str]) -> None:
    wanted = Conditions.read(conditions)
    assert {name for name, event in EVENTS.items() if wanted.are_met_by(data_of(*event))} == met


@pytest.mark.parametrize(
    ("conditions", "sentence"),
    [
        (
            {"event": "issues.labeled", "label": "Nightdesk"},
            "An issue gets the label Nightdesk in any repository,"
            " written by: the owner, members of the organisation, collaborators.",
        ),
        (
            {"event": "issues.labeled"},
            "An issue gets a label in any repository,"
            " written by: the owner, members of the organisation, collaborators.",
        ),
        (
            {"event": "pull_request.opened", "repository": "acme/my_x", "author_association": "FIRST_TIMER"},
            "A pull request is opened in acme/my_x, written by: who contributes anywhere for the first time.",
        ),
        (
            {"event": "pull_request", "action": "opened", "label": ["x", "y"], "author_association": "ANY"},
            "A pull request is opened in any repository with the label x or y, written by anybody.",
        ),
        (
            {"event": "workflow_run.completed", "branch": ["main", "a_b"], "conclusion": ["failure", "timed_out"]},
            "A workflow ends in any repository on the branch main or a_b with the outcome failure or timed out,"
            " forks left out.",
        ),
        (
            {"event": ["push", "gollum", "team.created"], "author_association": "ANY"},
            "Commits are pushed or anything happens to gollum or team is created in any repository.",
        ),
    ],
)
def test_conditions_read_as_a_sentence(conditions: dict[str, Any], sentence: str) -> None:
    assert Conditions.read(conditions).sentence() == sentence


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ({}, "event is missing: name at least one event, as in issues.labeled."),
        ({"event": "isues"}, "event: 'isues' is no event of GitHub's; there are: branch_protection_configuration,"),
        (
            {"event": "issues.labelled"},
            "event: issues has no action 'labelled'; it has: assigned, closed, deleted,",
        ),
        ({"event": "push.created"}, "event: push has no action 'created'; it has: none."),
        ({"event": "issues", "action": "labelled"}, "action: issues has no action 'labelled'; it has: assigned,"),
        ({"event": []}, "event: name at least one and"),
        ({"event": 3}, "event: write a name or a list of names."),
        ({"event": ["issues", 3]}, "event.1: write a name or a list of names."),
        ({"event": "issues", "repository": "widgets"}, "repository: 'widgets' is no repository; write owner/name,"),
        ({"event": "issues", "repository": "a/b/c"}, "repository: 'a/b/c' is no repository"),
        ({"event": "issues", "label": " "}, "label: a name is empty"),
        ({"event": "issues", "branch": ["main", ""]}, "branch: a name is empty"),
        ({"event": "issues", "author_association": []}, "author_association: name at least one and"),
        ({"event": "issues", "author_association": ["FRIEND"]}, "'FRIEND' is not known; there are: OWNER, MEMBER,"),
        ({"event": "issues", "conclusion": "failed"}, "'failed' is not known; there are: success, failure,"),
        ({"event": "issues", "lable": "x"}, "lable is no condition; there are: event, action, repository, label,"),
        ({"event": ["push"] * 21}, "event: name at least one and at most 20."),
    ],
)
def test_what_is_wrong_is_said_with_the_names_there_are(conditions: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as caught:
        Conditions.read(conditions)
    assert said in str(caught.value)


def test_any_action_is_the_senders_own_where_github_leaves_it_to_them() -> None:
    wanted = Conditions.read({"event": "repository_dispatch", "action": "nightly"})
    assert wanted.are_met_by(data_of("repository_dispatch", {"action": "nightly"}))
    assert Conditions.read({"event": "repository_dispatch.nightly"})
    assert "repository_dispatch" in ACTIONS
