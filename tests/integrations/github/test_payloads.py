"""The parts of GitHub's payloads that a job can use."""

from typing import Any

import pytest

from integrations.contracts import Incoming
from integrations.github.payloads import extract
from tests.integrations.github.test_source import CHANGE, ISSUE, REPOSITORY

RUN: dict[str, Any] = {
    "action": "completed",
    "workflow": {"name": "CI", "path": ".github/workflows/ci.yml"},
    "workflow_run": {
        "id": 30433642,
        "name": "CI",
        "display_title": "Cache the menu",
        "head_branch": "main",
        "head_sha": "c" * 40,
        "conclusion": "failure",
        "html_url": "https://github.com/Acme/widgets/actions/runs/30433642",
        "head_repository": REPOSITORY,
        "actor": {"login": "tom"},
        "pull_requests": [],
    },
    "repository": REPOSITORY,
    "sender": {"login": "tom", "type": "User"},
}
REVIEW: dict[str, Any] = {
    **CHANGE,
    "action": "submitted",
    "review": {
        "state": "changes_requested",
        "body": "Please add a test.",
        "user": {"login": "ada"},
        "author_association": "OWNER",
        "html_url": "https://github.com/Acme/widgets/pull/7#pullrequestreview-1",
    },
}
PUSH: dict[str, Any] = {
    "ref": "refs/heads/main",
    "after": "d" * 40,
    "compare": "https://github.com/Acme/widgets/compare/a...d",
    "head_commit": {"message": "Cache the menu\n\nIt took 9 s.", "author": {"username": "tom"}},
    "commits": [],
    "pusher": {"name": "tom"},
    "repository": REPOSITORY,
}


def read(event: str, payload: dict[str, Any], **options: Any) -> Incoming:
    """The event as Nightdesk keeps it."""
    return extract(event, "delivery-1", payload, **options)


def data_of(event: str, payload: dict[str, Any]) -> dict[str, Any]:
    """What templates may name of the event."""
    return read(event, payload).data


def change(**parts: Any) -> dict[str, Any]:
    """The opened pull request with other parts."""
    return {**CHANGE, "pull_request": {**CHANGE["pull_request"], **parts}}


@pytest.mark.parametrize(
    ("parts", "foreign"),
    [
        ({"head": {"ref": "a", "repo": REPOSITORY}}, False),
        ({"head": {"ref": "a", "repo": {"id": 2, "full_name": "tom/widgets"}}}, True),
        ({"head": {"ref": "a", "repo": None}}, True),
        ({"head": {"ref": "a", "repo": REPOSITORY}, "base": {"ref": "main", "repo": None}}, True),
    ],
    ids=["own branch", "a fork", "a deleted fork", "no base"],
)
def test_what_is_not_certainly_of_the_repository_itself_is_a_forks(parts: dict[str, Any], foreign: bool) -> None:
    assert data_of("pull_request", change(**parts))["from_fork"] is foreign


def test_both_ends_of_a_pull_request_are_named() -> None:
    data = data_of("pull_request", CHANGE)
    assert (data["head_branch"], data["head_sha"], data["base_branch"]) == ("cache", "a" * 40, "main")


def test_people_and_texts_that_are_gone_leave_nothing() -> None:
    gone = {**ISSUE, "sender": None, "issue": {**ISSUE["issue"], "user": None, "body": None}}
    incoming = read("issues", gone)
    assert incoming.sender == ""
    assert (incoming.data["author"], incoming.data["body"], incoming.data["text"]) == ("", "", "Menu page is slow")


def test_lines_stay_lines() -> None:
    twisted = {**ISSUE, "issue": {**ISSUE["issue"], "title": "One\r\nTwo: " + "x" * 400}}
    incoming = read("issues", twisted)
    assert incoming.summary.startswith("Acme/widgets#42: One Two: xxx")
    assert len(incoming.summary) <= 300
    assert len(incoming.data["title"]) <= 300


def test_a_failed_workflow_is_named_with_its_branch_and_what_it_ran_on() -> None:
    incoming = read("workflow_run", RUN)
    assert incoming.kind == "workflow_run.completed"
    assert incoming.summary == "Acme/widgets: workflow run completed; CI; failure; Cache the menu"
    expected = {
        "workflow": "CI",
        "conclusion": "failure",
        "branch": "main",
        "head_sha": "c" * 40,
        "title": "Cache the menu",
        "url": "https://github.com/Acme/widgets/actions/runs/30433642",
        "author": "tom",
        "from_fork": False,
    }
    assert incoming.data.items() >= expected.items()


def test_a_workflow_of_a_fork_is_a_strangers() -> None:
    run = {**RUN["workflow_run"], "head_repository": {"id": 2, "full_name": "eve/widgets"}}
    assert data_of("workflow_run", {**RUN, "workflow_run": run})["from_fork"] is True
    assert data_of("workflow_run", {**RUN, "workflow_run": {**run, "head_repository": {}}})["from_fork"] is True


def test_a_remark_is_its_writers_and_the_thing_keeps_its_title() -> None:
    said = read("pull_request_review", REVIEW)
    expected = {
        "number": 7,
        "title": "Cache the menu",
        "body": "Please add a test.",
        "text": "Cache the menu\n\nPlease add a test.",
        "author": "ada",
        "author_association": "OWNER",
        "conclusion": "changes_requested",
        "branch": "main",
        "url": "https://github.com/Acme/widgets/pull/7#pullrequestreview-1",
    }
    assert said.data.items() >= expected.items()
    assert said.summary == ("Acme/widgets#7: pull request review submitted; changes_requested; Cache the menu")
    comment = {"body": "Me too.", "user": {"login": "eve"}, "author_association": "NONE"}
    data = data_of("issue_comment", {**ISSUE, "action": "created", "comment": comment})
    assert (data["author"], data["author_association"], data["title"]) == ("eve", "NONE", "Menu page is slow")
    assert data["url"] == "https://github.com/Acme/widgets/issues/42"


def test_a_push_is_called_after_its_last_commit() -> None:
    data = data_of("push", PUSH)
    expected = {"title": "Cache the menu", "branch": "main", "author": "tom", "head_sha": "d" * 40}
    assert data.items() >= expected.items()
    assert data["text"] == "Cache the menu\n\nIt took 9 s."
    assert data["url"] == PUSH["compare"]


@pytest.mark.parametrize(
    ("event", "payload", "branch"),
    [
        ("push", {"ref": "refs/tags/v1", "head_commit": None}, ""),
        ("create", {"ref": "v1", "ref_type": "tag"}, ""),
        ("create", {"ref": "cache", "ref_type": "branch"}, "cache"),
        ("status", {"state": "failure", "branches": [{"name": "main"}, {"name": "cache"}]}, "main"),
        ("status", {"state": "failure", "branches": []}, ""),
        ("check_run", {"check_run": {"check_suite": {"head_branch": "main"}}}, "main"),
        ("merge_group", {"merge_group": {"base_ref": "refs/heads/main"}}, "main"),
        ("release", {"release": {"target_commitish": "main"}}, "main"),
        ("repository_dispatch", {"branch": "main", "client_payload": {"ref": 3}}, "main"),
        ("deployment_status", {"deployment_status": {"state": "failure"}, "deployment": {"ref": "main"}}, "main"),
    ],
)
def test_the_branch_is_found_where_each_event_keeps_it(event: str, payload: dict[str, Any], branch: str) -> None:
    assert data_of(event, payload)["branch"] == branch


@pytest.mark.parametrize(
    ("event", "payload", "conclusion"),
    [
        ("pull_request", {**CHANGE, "action": "closed"}, "unmerged"),
        (
            "pull_request",
            {"action": "closed", "pull_request": {**CHANGE["pull_request"], "merged": True}},
            "merged",
        ),
        ("status", {"state": "error", "context": "ci/build"}, "error"),
        ("deployment_status", {"deployment_status": {"state": "failure"}}, "failure"),
        ("check_suite", {"check_suite": {"conclusion": None}}, ""),
        ("workflow_job", {"workflow_job": {"conclusion": "cancelled", "labels": ["ubuntu"]}}, "cancelled"),
        ("pull_request_review", {"review": {"state": "APPROVED"}}, "approved"),
    ],
)
def test_how_it_ended_is_one_word(event: str, payload: dict[str, Any], conclusion: str) -> None:
    data = data_of(event, payload)
    assert data["conclusion"] == conclusion
    assert "ubuntu" not in data.get("labels", [])


def test_an_event_without_an_action_or_a_repository_is_named_by_its_kind() -> None:
    incoming = read("push", {})
    assert (incoming.kind, incoming.external_id, incoming.summary) == ("push", "delivery-1", "GitHub: push")


def test_an_event_that_nobody_has_heard_of_is_read_as_far_as_it_goes() -> None:
    moon = {
        "action": "risen",
        "changes": {"x": 1},
        "moon": {"title": "Full moon", "body": "It is up.", "number": 3},
    }
    incoming = read("moon", {**moon, "repository": REPOSITORY})
    assert incoming.summary == "Acme/widgets#3: moon risen; Full moon"
    assert incoming.data["text"] == "Full moon\n\nIt is up."
    assert read("sun", {**moon, "repository": REPOSITORY}).data["title"] == "Full moon"


@pytest.mark.parametrize("event", ["issues", "pull_request", "push", "workflow_run", "status", "label", "moon"])
@pytest.mark.parametrize("part", [None, 1, "text", [], [1], ["a"], {}, {"name": []}, {"login": {}, "number": "x"}])
def test_no_form_of_a_part_makes_an_event_fail(event: str, part: Any) -> None:
    names = [
        "action",
        "repository",
        "sender",
        "issue",
        "pull_request",
        "workflow_run",
        "label",
        "labels",
        "comment",
    ]
    more = ["review", "ref", "branches", "head_commit", "state", "check_run", "alert", event]
    incoming = read(event, dict.fromkeys([*names, *more], part))
    assert incoming.kind.startswith(event)
    assert incoming.summary
    twice = {"head": part, "base": part, "labels": part, "user": part, "number": part, "head_repository": part}
    nested = read(event, {"pull_request": twice, "issue": twice, event: twice})
    assert {"event", "action", "repository", "title", "text", "url", "branch"} <= nested.data.keys()


def test_what_our_own_account_caused_is_ignored_and_says_so() -> None:
    incoming = read("issues", ISSUE, own_logins=["TOM"])
    assert incoming.ignored == "It was caused by tom, Nightdesk's own account."
    assert incoming.data["own"] is True
    other = read("issues", ISSUE, own_logins=["nightdesk[bot]"])
    assert (other.ignored, other.data["own"]) == ("", False)
    assert not read("push", {"sender": None}, own_logins=["tom"]).ignored


OURS = {**CHANGE["pull_request"], "head": {"ref": "agent/3f2a9c1e", "repo": REPOSITORY}}


@pytest.mark.parametrize(
    ("event", "payload", "is_echo"),
    [
        ("pull_request", {**CHANGE, "pull_request": OURS}, True),
        ("pull_request", {**CHANGE, "pull_request": OURS, "action": "synchronize"}, True),
        ("pull_request", {**CHANGE, "pull_request": OURS, "action": "closed"}, False),
        ("pull_request_review", {**REVIEW, "pull_request": OURS}, False),
        ("push", {**PUSH, "ref": "refs/heads/agent/3f2a9c1e"}, True),
        ("workflow_run", {**RUN, "workflow_run": {**RUN["workflow_run"], "head_branch": "agent/3f2a9c1e"}}, True),
        ("workflow_run", RUN, False),
        ("push", PUSH, False),
    ],
)
def test_an_echo_of_our_own_branch_is_ignored_but_what_a_person_does_with_it_counts(
    event: str, payload: dict[str, Any], is_echo: bool
) -> None:
    assert bool(read(event, payload).ignored) is is_echo
    assert not is_echo or "agent/3f2a9c1e" in read(event, payload).ignored


@pytest.mark.parametrize(
    ("text", "is_own"), [("Revised in abc.\n\n<!-- nightdesk:k:1 -->", True), ("Revised?", False)]
)
def test_a_comment_with_our_mark_is_our_own_whoevers_token_wrote_it(text: str, is_own: bool) -> None:
    payload = {"action": "created", "issue": {"number": 1}, "comment": {"body": text, "user": {"login": "owner"}}}
    assert bool(extract("issue_comment", "d", payload).ignored) is is_own
