"""Every way in which GitHub says no, or nothing: what becomes of a delivery."""

import time
from typing import Any

import pytest

from integrations.contracts import DeliveryError, OutcomeUnknown, TargetClosed
from integrations.github import access
from tests.emulators.github import READ_TOKEN
from tests.integrations.branches.patches import BRANCH
from tests.integrations.github import test_target
from tests.integrations.github.test_target import HEAD
from tests.integrations.github.world import World, hub

__all__ = ["hub"]

PERMISSION = {"message": "Resource not accessible by personal access token", "status": "403"}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
PRIMARY = {"message": "API rate limit exceeded for user ID 2."}


@pytest.fixture
def case(hub: World) -> test_target.TestGitHub:
    """The deliveries of the target's own test."""
    made = test_target.TestGitHub()
    made.there, made.base = hub, hub.owned.sha()
    return made


def refused(case: test_target.TestGitHub) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        case.make().deliver(case.outgoing())
    return caught.value


IN_900 = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "+900"}
LIMITS: list[tuple[int, Any, dict[str, str], float]] = [
    (403, SECONDARY, {"Retry-After": "37"}, 37),
    (403, SECONDARY, {}, 60),
    (429, SECONDARY, {"Retry-After": "37"}, 37),
    (429, {"message": "Too many requests"}, {}, 60),
    (403, PRIMARY, IN_900, 900),
    (429, PRIMARY, IN_900, 900),
    (403, {"message": "Slow down."}, {"Retry-After": "5"}, 5),
    (403, {"message": "Rate limit. Please retry your request again later."}, {}, 60),
]


@pytest.mark.parametrize(("status", "body", "headers", "seconds"), LIMITS)
@pytest.mark.parametrize("call", ["GET .*/pulls$", "POST .*/pulls$"])
def test_a_limit_is_waited_out_by_the_queue_and_not_here(
    case: test_target.TestGitHub,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    status: int,
    body: Any,
    headers: dict[str, str],
    seconds: float,
) -> None:
    told = {name: str(int(time.time()) + 900) if value == "+900" else value for name, value in headers.items()}
    case.there.github.fault(call, "status", status=status, body=body, headers=told)
    sleep, slept = time.sleep, [0.0]

    def brief(moment: float) -> None:
        slept.append(moment)
        sleep(min(moment, 0.1))

    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", brief)
        error = refused(case)
    assert max(slept) < 1, "only whoever waits for git may sleep, for moments"
    assert not error.permanent
    assert error.retry_after == pytest.approx(seconds, abs=30)
    # The next attempt finds the branch that was pushed, and opens its pull request.
    assert case.make().deliver(case.outgoing()).url
    assert case.effects() == 1


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, {"message": "Not Found"}, "does not reach it"),
        (409, {"message": "Git Repository is empty."}, "Git Repository is empty"),
        (410, {"message": "Issues are disabled for this repo"}, "Issues are disabled"),
        (
            422,
            {"message": "Validation Failed", "errors": [{"field": "title", "code": "too_long"}]},
            "title too_long",
        ),
        (451, {"message": "Repository access blocked"}, "access blocked"),
    ],
)
def test_what_only_a_person_can_mend_is_refused_for_good(
    case: test_target.TestGitHub, status: int, body: Any, said: str
) -> None:
    case.there.github.fault("POST .*/pulls$", "status", status=status, body=body)
    error = refused(case)
    assert error.permanent
    assert said in str(error)
    assert case.there.place.pulls == []


def test_a_login_that_is_refused_closes_the_target_until_a_person_has_mended_it(
    case: test_target.TestGitHub,
) -> None:
    body = {"message": "Bad credentials"}
    case.there.github.fault("POST .*/pulls$", "status", status=401, body=body)
    error = refused(case)
    assert isinstance(error, TargetClosed)
    assert "Check GITHUB_TOKEN" in str(error)


@pytest.mark.parametrize("call", ["GET .*/pulls$", "POST .*/pulls$"])
def test_a_right_that_is_missing_closes_the_target_too(case: test_target.TestGitHub, call: str) -> None:
    case.there.github.fault(call, "status", status=403, body=PERMISSION)
    error = refused(case)
    assert isinstance(error, TargetClosed)
    assert "manage.py doctor" in str(error)
    case.there.github.fault("GET .*/pulls$", "status", status=403, body=PERMISSION)
    with pytest.raises(OutcomeUnknown):
        case.make().find(case.outgoing())


def test_a_token_that_git_does_not_know_is_said(case: test_target.TestGitHub) -> None:
    case.there.options["token"] = "github_pat_of_yesterday"
    error = refused(case)
    assert isinstance(error, TargetClosed)
    assert "refuses the login" in str(error)
    assert "yesterday" not in str(error)


def test_a_token_that_may_only_read_pushes_nothing(case: test_target.TestGitHub) -> None:
    case.there.options["token"] = READ_TOKEN
    error = refused(case)
    assert isinstance(error, TargetClosed)
    assert "manage.py doctor" in str(error)
    assert case.there.owned.updates() == []


def test_a_repository_that_was_taken_away_is_said(case: test_target.TestGitHub) -> None:
    case.there.github.places.clear()
    error = refused(case)
    assert error.permanent
    assert "not found" in str(error)


@pytest.mark.parametrize("call", ["POST .*/pulls$", "POST .*/labels$"])
@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("lost", {}),
        ("drop", {}),
        ("reset", {}),
        ("truncate", {}),
        ("truncate_json", {}),
        ("status", {"status": 500, "body": {}}),
        ("status", {"status": 502, "raw": b"<html>Bad Gateway</html>", "ctype": "text/html"}),
        ("status", {"status": 503, "body": {"message": "Unavailable"}}),
    ],
)
def test_a_write_without_a_clear_answer_is_unknown_and_then_found_or_made_once(
    case: test_target.TestGitHub, call: str, fault: str, options: dict[str, Any]
) -> None:
    case.there.github.fault(call, fault, **options)
    with pytest.raises(OutcomeUnknown):
        case.make().deliver(case.outgoing())
    found = case.make().find(case.outgoing()) or case.make().deliver(case.outgoing())
    assert case.make().find(case.outgoing()) == found
    assert case.effects() == 1


@pytest.mark.parametrize(("call", "kind"), [("POST .*/pulls$", OutcomeUnknown), ("GET .*/pulls$", DeliveryError)])
def test_a_github_that_is_silent_is_not_waited_for(
    case: test_target.TestGitHub, call: str, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "_SECONDS", 1)
    case.there.github.fault(call, "stall", seconds=8)
    began = time.monotonic()
    with pytest.raises(kind):
        case.make().deliver(case.outgoing())
    assert time.monotonic() - began < 7
    case.there.github.released.set()
    assert case.make().deliver(case.outgoing()).url
    assert case.effects() == 1


@pytest.mark.parametrize("fault", ["drop", "reset", "truncate_json"])
def test_a_read_without_an_answer_is_tried_again_later(case: test_target.TestGitHub, fault: str) -> None:
    case.there.github.fault("GET .*/pulls$", fault)
    assert not refused(case).permanent
    case.there.github.fault("GET .*/pulls$", fault)
    with pytest.raises(OutcomeUnknown):
        case.make().find(case.outgoing())


def test_a_list_that_goes_on_elsewhere_is_not_followed(case: test_target.TestGitHub) -> None:
    case.make().deliver(case.outgoing())
    elsewhere = {"Link": '<http://127.0.0.1:9/repos/acme/shop/pulls?page=2>; rel="next"'}
    page = [case.there.place.pull_as_json(case.there.pull)]
    case.there.github.fault("GET .*/pulls$", "status", status=200, body=page, headers=elsewhere)
    assert "no answer that can be read" in str(refused(case))


def test_a_pull_request_that_was_opened_meanwhile_is_taken(case: test_target.TestGitHub) -> None:
    case.make().deliver(case.outgoing())
    case.there.pull.body = "Opened by hand."
    case.there.github.fault("GET .*/pulls$", "status", times=2, status=200, body=[])
    landed = case.make().deliver(case.outgoing())
    assert landed.url.endswith(f"/{case.there.pull.number}")
    assert len(case.there.pull.comments) == 1


def test_a_branch_whose_work_is_in_main_already_needs_none(case: test_target.TestGitHub) -> None:
    case.there.github.fault("POST .*/pulls$", "status", status=503, body={})
    with pytest.raises(OutcomeUnknown):
        case.make().deliver(case.outgoing())
    case.there.owned.git("update-ref", "refs/heads/main", BRANCH)
    error = refused(case)
    assert error.permanent
    assert "No commits between" in str(error)


def test_somebody_elses_branch_of_that_name_gets_neither_commit_nor_pull_request(
    case: test_target.TestGitHub,
) -> None:
    theirs = case.there.owned.commit({"own.txt": "mine\n"}, branch=HEAD)
    assert "somebody else" in str(refused(case))
    assert case.there.owned.refs()[BRANCH] == theirs
    assert case.there.place.pulls == []


def test_a_branch_that_is_protected_there_is_said_in_githubs_words(case: test_target.TestGitHub) -> None:
    script = "#!/bin/sh\necho 'GH006: Protected branch update failed for refs/heads/agent.' >&2\nexit 1\n"
    case.there.owned.hook("pre-receive", script)
    error = refused(case)
    assert error.permanent
    assert "refused the branch" in str(error)
    assert case.there.place.pulls == []
