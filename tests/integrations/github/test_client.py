"""What GitHub could not deliver, asked of a strict service on loopback."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.contracts import DeliveryError
from integrations.github import client
from integrations.github.client import GitHubGaps
from tests.emulators.github import TOKEN, GitHubEmulator, Hook

HERE = "https://desk.example.com/hooks/github"
HOUR = timedelta(hours=1)
DAYS = timedelta(days=3)


@pytest.fixture
def github() -> Iterator[GitHubEmulator]:
    """The service; at the end nothing may be left undone or done that it would not take."""
    emulator = GitHubEmulator(page_size=3).start()
    yield emulator
    emulator.stop()
    assert emulator.bugs() == []


@pytest.fixture
def hook(github: GitHubEmulator) -> Hook:
    """The hook of a repository that posts here."""
    return github.add_hook("acme/widgets", f"{HERE}/")


def gaps(github: GitHubEmulator, *owners: str, token: str = TOKEN) -> GitHubGaps:
    """A finder for these owners."""
    return GitHubGaps(token=token, owners=owners or ["acme/widgets"], address=f"{HERE}/", base_url=github.url)


def missing(github: GitHubEmulator, *owners: str) -> list[str]:
    """The ids of what is missing since three days."""
    return [gap.external_id for gap in gaps(github, *owners).undelivered(datetime.now(UTC) - DAYS)]


def test_what_no_attempt_brought_is_missing_and_nothing_else(github: GitHubEmulator, hook: Hook) -> None:
    answers: list[list[int | None]] = [[200], [503], [None, 202], [500, 401, 404], [202, 500]]
    for number, statuses in enumerate(answers):
        for attempt, status in enumerate(statuses):
            github.attempt(hook, f"d-{number}", status, ago=(20 - number - attempt) * HOUR)
    found = gaps(github).undelivered(datetime.now(UTC) - DAYS)
    assert [(gap.external_id, gap.attempts, gap.kind, gap.reason) for gap in found] == [
        ("d-1", 1, "issues.labeled", "Invalid HTTP Response: 503"),
        ("d-3", 3, "issues.labeled", "Invalid HTTP Response: 404"),
    ]
    assert found[1].last_at < datetime.now(UTC) - 14 * HOUR


def test_nothing_older_is_asked_for(github: GitHubEmulator, hook: Hook) -> None:
    for number in range(12):
        github.attempt(hook, f"d-{number}", 500, event="push", ago=number * 12 * HOUR + HOUR / 2)
    assert missing(github) == [f"d-{number}" for number in range(5, -1, -1)]
    pages = [seen for seen in github.journal if seen.req.path.endswith("/deliveries")]
    assert len(pages) == 3


def test_only_active_hooks_that_post_here_are_asked(github: GitHubEmulator, hook: Hook) -> None:
    other = github.add_hook("acme/widgets", "https://elsewhere.example.com/hooks/github/")
    asleep = github.add_hook("acme/widgets", HERE, active=False)
    of_all = github.add_hook("acme", HERE)
    for number, one in enumerate([hook, other, asleep, of_all]):
        github.attempt(one, f"d-{number}", 500, ago=HOUR)
    assert missing(github) == ["d-0"]
    assert sorted(missing(github, "acme", "acme/widgets")) == ["d-0", "d-3"]


def test_it_is_sent_again_under_the_same_id(github: GitHubEmulator, hook: Hook) -> None:
    github.attempt(hook, "d-1", 500, ago=2 * HOUR)
    last = github.attempt(hook, "d-1", None, ago=HOUR)
    (gap,) = gaps(github).undelivered(datetime.now(UTC) - DAYS)
    gaps(github).redeliver(gap)
    assert github.journal[-1].req.path.endswith(f"/deliveries/{last['id']}/attempts")
    assert [one["guid"] for one in hook.attempts] == ["d-1"] * 3
    assert missing(github) == []


def test_one_owner_who_cannot_be_asked_keeps_no_other_from_it(
    github: GitHubEmulator, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    github.attempt(hook, "d-1", 500)
    with caplog.at_level(logging.WARNING):
        assert missing(github, "acme/gone", "acme/widgets") == ["d-1"]
    assert "acme/gone" in caplog.text
    with pytest.raises(DeliveryError, match="404 for /repos/acme/gone/hooks: check GITHUB_HOOKS") as caught:
        missing(github, "acme/gone")
    assert caught.value.permanent


def test_an_owner_without_a_hook_that_posts_here_is_told_so(github: GitHubEmulator) -> None:
    github.add_hook("acme", "https://elsewhere.example.com/")
    with pytest.raises(DeliveryError, match="acme has no webhook that posts to"):
        missing(github, "acme")


def test_a_wrong_token_is_named_and_never_shown(github: GitHubEmulator, hook: Hook) -> None:
    with pytest.raises(DeliveryError, match=r"401 .*check GITHUB_TOKEN") as caught:
        gaps(github, token="github_pat_wrong").undelivered(datetime.now(UTC))
    assert "github_pat" not in str(caught.value)
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("fault", "options", "permanent", "said"),
    [
        ("status", {"status": 500, "body": {}}, False, "answers 500"),
        ("status", {"status": 502, "raw": b"<html>", "ctype": "text/html"}, False, "answers 502"),
        ("status", {"status": 403, "body": {}}, True, "needs to read and write webhooks"),
        ("status", {"status": 403, "body": {}, "headers": {"X-RateLimit-Remaining": "0"}}, False, "limit of calls"),
        ("status", {"status": 429, "body": {}}, False, "limit of calls"),
        ("status", {"status": 200, "raw": b"<html>"}, False, "cannot be read"),
        ("status", {"status": 200, "body": [{"id": "x"}]}, False, "cannot be read"),
        ("status", {"status": 200, "body": {"message": "hm"}}, False, "cannot be read"),
        ("status", {"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}}, True, "answers 302"),
        ("drop", {}, False, "cannot be reached"),
        ("reset", {}, False, "cannot be reached"),
        ("truncate", {}, False, "c"),
        ("truncate_json", {}, False, "cannot be read"),
    ],
)
@pytest.mark.parametrize("where", ["GET .*/hooks$", "GET .*/deliveries$"])
def test_every_fault_is_a_delivery_error_in_words(
    github: GitHubEmulator, hook: Hook, where: str, fault: str, options: dict[str, Any], permanent: bool, said: str
) -> None:
    github.attempt(hook, "d-1", 500)
    github.fault(where, fault, **options)
    with pytest.raises(DeliveryError, match=said) as caught:
        missing(github)
    assert caught.value.permanent is permanent
    assert TOKEN not in str(caught.value)
    assert missing(github) == ["d-1"]


def test_an_answer_that_is_lost_may_be_asked_for_once_more(github: GitHubEmulator, hook: Hook) -> None:
    github.attempt(hook, "d-1", 500)
    (gap,) = gaps(github).undelivered(datetime.now(UTC) - DAYS)
    github.fault("POST ", "lost")
    with pytest.raises(DeliveryError) as caught:
        gaps(github).redeliver(gap)
    assert not caught.value.permanent
    assert missing(github) == []


def test_the_token_follows_no_list_to_another_host(github: GitHubEmulator, hook: Hook) -> None:
    link = {"Link": '<http://127.0.0.1:9/repos/acme/widgets/hooks?page=2>; rel="next"'}
    github.fault("GET .*/hooks$", "status", status=200, body=[], headers=link)
    with pytest.raises(DeliveryError, match="another address"):
        missing(github)


def test_a_list_without_an_end_is_left_at_some_page(
    github: GitHubEmulator, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_PAGES", 2)
    for number in range(9):
        github.attempt(hook, f"d-{number}", 500, ago=(9 - number) * HOUR)
    assert len(missing(github)) == 6


@pytest.mark.parametrize("owner", ["acme/widgets/hooks", "acme widgets", "", "../user", "acme/"])
def test_what_is_neither_a_repository_nor_an_organisation_is_refused(owner: str) -> None:
    with pytest.raises(ValueError, match="GITHUB_HOOKS"):
        GitHubGaps(token=TOKEN, owners=[owner], address=HERE)
