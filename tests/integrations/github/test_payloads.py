"""The parts of GitHub's payloads that a job can use."""

from typing import Any

import pytest

from integrations.contracts import Malformed
from integrations.github.payloads import Payload, extract
from tests.integrations.github.test_source import CHANGE, ISSUE, REPOSITORY


def data_of(event: str, payload: dict[str, Any]) -> dict[str, Any]:
    """What templates may name of the event."""
    return extract(event, "delivery-1", Payload.model_validate(payload)).data


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
    incoming = extract("issues", "delivery-1", Payload.model_validate(gone))
    assert incoming.sender == ""
    assert (incoming.data["author"], incoming.data["body"], incoming.data["text"]) == ("", "", "Menu page is slow")


def test_lines_stay_lines() -> None:
    twisted = {**ISSUE, "issue": {**ISSUE["issue"], "title": "One\r\nTwo: " + "x" * 400}}
    incoming = extract("issues", "delivery-1", Payload.model_validate(twisted))
    assert incoming.summary.startswith("Acme/widgets#42: One Two: xxx")
    assert len(incoming.summary) <= 300
    assert len(incoming.data["title"]) <= 300


def test_an_event_without_an_action_or_a_repository_is_named_by_its_kind() -> None:
    incoming = extract("push", "delivery-1", Payload.model_validate({}))
    assert (incoming.kind, incoming.external_id, incoming.summary) == ("push", "delivery-1", "GitHub: push")


@pytest.mark.parametrize(("event", "payload"), [("issues", CHANGE), ("pull_request", ISSUE)])
def test_an_event_without_its_object_is_refused(event: str, payload: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match="headers name"):
        data_of(event, payload)
