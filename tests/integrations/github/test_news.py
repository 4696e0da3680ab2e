"""What GitHub's events say of a branch of ours, and whose words may steer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.contracts import News, RawRequest, Reporting
from integrations.github.source import GitHubSource
from tests.emulators.github_places import Pull
from tests.emulators.github_sender import WebhookSender
from tests.integrations.branches.patches import UID
from tests.integrations.github.world import World, hub

__all__ = ["hub"]

SECRET = "a secret of the webhook's"
HEAD = f"agent/{UID}"


@dataclass
class Desk:
    """A pull request of ours, whose events are heard."""

    sender: WebhookSender
    pull: Pull
    source: GitHubSource
    heard: list[News | None] = field(default_factory=list)

    def post(self, body: bytes, headers: dict[str, str]) -> int:
        request = RawRequest("POST", "/hooks/github/", headers, body)
        self.source.verify(request, secrets=[SECRET], now=datetime.now(UTC))
        self.source.parse(request)
        self.heard.append(self.source.news(request))
        return 202

    def last(self, status: int) -> News:
        assert status == 202
        found = self.heard[-1]
        assert found is not None
        return found


@pytest.fixture
def desk(hub: World) -> Desk:
    hub.owned.commit({"a": "b"}, branch=HEAD)
    hub.place.pulls.append(Pull(13, "Raise the price", "", HEAD, "main", "nightdesk-bot"))
    source = GitHubSource(own_logins=["nightdesk-bot"], reviewers=["Mona"])
    made = Desk(WebhookSender(hub.place, SECRET, lambda body, headers: 0), hub.pull, source)
    made.sender.post = made.post
    return made


def test_it_is_a_source_that_reports() -> None:
    assert isinstance(GitHubSource(), Reporting)


def test_checks_of_every_kind_are_told_by_name_and_commit(desk: Desk) -> None:
    head = desk.sender.place.head_of(desk.pull)
    place = f"{desk.sender.place.url}/acme/shop"
    told: list[tuple[Callable[[], int], str, str]] = [
        (lambda: desk.sender.check_run(desk.pull, "tests (3.11)", None), "tests (3.11)", "pending"),
        (lambda: desk.sender.check_run(desk.pull, "tests (3.11)", "failure"), "tests (3.11)", "failure"),
        (lambda: desk.sender.workflow_run(desk.pull, "CI", None), "CI", "pending"),
        (lambda: desk.sender.workflow_run(desk.pull, "CI", "success"), "CI", "success"),
        (lambda: desk.sender.status(desk.pull, "ci/old", "pending"), "ci/old", "pending"),
        (lambda: desk.sender.status(desk.pull, "ci/old", "error"), "ci/old", "failure"),
    ]
    for post, name, result in told:
        news = desk.last(post())
        assert (news.kind, news.branch, news.commit, news.place) == ("check", HEAD, head, place)
        assert (news.name, news.result) == (name, result)
        assert news.url


def test_remarks_say_who_and_where(desk: Desk) -> None:
    page = f"{desk.sender.place.url}/acme/shop/pull/13"
    news = desk.last(desk.sender.comment(desk.pull, "Use a sum."))
    assert (news.kind, news.author, news.text, news.page, news.branch) == ("remark", "mona", "Use a sum.", page, "")
    news = desk.last(desk.sender.line_comment(desk.pull, "Why?", path="menu.py", line=3))
    assert (news.where, news.page, news.branch, news.steers) == ("menu.py:3", page, HEAD, True)
    news = desk.last(desk.sender.review(desk.pull, "changes_requested", "Add a test."))
    assert (news.result, news.text, news.steers) == ("changes_requested", "Add a test.", True)
    news = desk.last(desk.sender.review(desk.pull, "approved", "Fine."))
    assert (news.result, news.text, news.steers) == ("approved", "Fine.", False)
    news = desk.last(desk.sender.review(desk.pull, "changes_requested"))
    assert (news.text, news.steers) == ("Asks for changes.", False)


@pytest.mark.parametrize(
    ("login", "association", "steers"),
    [
        ("mona", "MEMBER", True),
        ("MONA", "OWNER", True),
        ("mona", "COLLABORATOR", True),
        ("mona", "CONTRIBUTOR", False),
        ("mona", "NONE", False),
        ("other", "MEMBER", False),
        ("mona-2", "OWNER", False),
    ],
)
def test_only_who_is_named_and_belongs_to_the_project_steers(
    desk: Desk, login: str, association: str, steers: bool
) -> None:
    assert desk.last(desk.sender.comment(desk.pull, "x", login=login, association=association)).steers is steers


def test_all_who_belong_can_be_named_at_once_and_none_is_the_beginning(desk: Desk) -> None:
    desk.source.reviewers = frozenset({"*"})
    assert desk.last(desk.sender.comment(desk.pull, "x", login="any", association="MEMBER")).steers
    assert not desk.last(desk.sender.comment(desk.pull, "x", login="any", association="NONE")).steers
    desk.source.reviewers = frozenset()
    assert not desk.last(desk.sender.comment(desk.pull, "x", association="OWNER")).steers


def test_our_own_words_are_no_news(desk: Desk) -> None:
    desk.sender.comment(desk.pull, "Revised in abc.", login="nightdesk-bot")
    # By the owner's own token they come under the owner's name.
    desk.sender.comment(desk.pull, "Revised in abc.\n\n<!-- nightdesk:k:1 -->")
    desk.sender.review(desk.pull, "commented")
    assert desk.heard == [None, None, None]


def test_the_end_of_a_pull_request_is_told(desk: Desk, hub: World) -> None:
    news = desk.last(desk.sender.pull_request("synchronize", desk.pull))
    assert (news.kind, news.commit) == ("moved", hub.place.head_of(desk.pull))
    hub.github.merge(hub.place, desk.pull)
    news = desk.last(desk.sender.pull_request("closed", desk.pull))
    assert (news.kind, news.author, news.branch) == ("merged", "mona", HEAD)
    desk.pull.merged_as = ""
    assert desk.last(desk.sender.pull_request("closed", desk.pull)).kind == "closed"
    desk.sender.pull_request("labeled", desk.pull)
    assert desk.heard[-1] is None


@pytest.mark.parametrize("head", ["main", "agent/x", f"agent/{UID}-2", f"x/agent/{UID}"])
def test_other_branches_are_no_news(desk: Desk, hub: World, head: str) -> None:
    hub.owned.git("branch", "--force", head, "main") if head != "main" else None
    desk.pull.head = head
    desk.sender.check_run(desk.pull, "tests", "success")
    assert desk.heard == [None]


def test_a_forks_branch_of_the_same_name_is_not_ours(desk: Desk) -> None:
    told = desk.sender.place.pull_as_json(desk.pull)
    told["head"]["repo"] = {"id": 666}
    payload = desk.sender.about("mallory", action="closed", pull_request={**told, "merged": True})
    desk.sender.send("pull_request", payload)
    assert desk.heard == [None]


@pytest.mark.parametrize(
    "event", ["check_run", "status", "issue_comment", "pull_request", "pull_request_review", "push"]
)
@pytest.mark.parametrize("part", [None, [], "x", {"pull_request": {"head": []}}, {"status": "completed"}])
def test_an_event_of_any_form_breaks_nothing(desk: Desk, event: str, part: Any) -> None:
    payload = {
        "action": "created",
        "repository": part,
        "comment": part,
        "issue": part,
        event: part,
        "branches": part,
    }
    desk.sender.send(event, payload)
    assert desk.heard == [None]
