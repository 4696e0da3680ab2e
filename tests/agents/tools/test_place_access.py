"""What the tokens that agents read with may do, asked of the strict services."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.contracts import Json
from agents.tools.place_access import Seen, look
from tests.emulators.github import READ_TOKEN, GitHubEmulator
from tests.emulators.github import TOKEN as WRITE_TOKEN
from tests.emulators.notion import TOKEN, NotionEmulator
from tests.repositories import Owned, an_owned


@pytest.fixture
def notion() -> Iterator[NotionEmulator]:
    emulator = NotionEmulator().start()
    emulator.reads_only = True
    yield emulator
    emulator.stop()
    assert not emulator.bugs()


@pytest.fixture
def owned(tmp_path: Path) -> Owned:
    return an_owned(tmp_path / "owner", {"README.md": "# Site\n"})


@pytest.fixture
def hub(owned: Owned) -> Iterator[GitHubEmulator]:
    emulator = GitHubEmulator().start()
    emulator.add_repository("acme/site", owned)
    yield emulator
    emulator.stop()
    assert not emulator.bugs()


def at_notion(notion: NotionEmulator, token: str = TOKEN) -> list[Seen]:
    return look({"notion": {"token": token, "base_url": notion.url}})


def at_github(hub: GitHubEmulator, token: str = READ_TOKEN, there: str = "acme/site") -> list[Seen]:
    access: Json = {"token": token, "base_url": hub.url, "site": "github.com", "repositories": {"site": there}}
    return look({"github": access})


def faults(seen: list[Seen]) -> list[str]:
    return [one.says for one in seen if not one.ok]


def too_wide(seen: list[Seen]) -> list[str]:
    return [one.says for one in seen if one.ok and one.fix]


def test_nothing_is_asked_where_nothing_is_connected() -> None:
    assert look({}) == []


def test_tokens_that_only_read_are_as_they_should_be(notion: NotionEmulator, hub: GitHubEmulator) -> None:
    for seen in (at_notion(notion), at_github(hub)):
        assert seen
        assert all(one.ok and not one.fix for one in seen), seen


def test_a_token_that_may_change_pages_is_too_wide_and_nothing_was_changed(notion: NotionEmulator) -> None:
    notion.reads_only = False
    before = dict(notion.pages)
    (said,) = too_wide(at_notion(notion))
    assert said == "NOTION_READ_TOKEN may change pages, too."
    assert notion.pages == before


def test_a_token_that_may_push_is_too_wide_and_nothing_was_pushed(hub: GitHubEmulator, owned: Owned) -> None:
    hub.logins.add("both", "mona", contents="write", issues="read", metadata="read")
    seen = at_github(hub, "both")
    assert too_wide(seen) == ["GITHUB_READ_TOKEN may write to site (acme/site), too."]
    assert "Contents and Issues: read-only" in seen[-1].fix
    assert owned.updates() == []


def test_a_classic_token_is_named_with_its_scopes(hub: GitHubEmulator) -> None:
    hub.logins.add("classic", "mona", scopes="repo, workflow", contents="write", issues="write", metadata="read")
    assert too_wide(at_github(hub, "classic"))[0] == "GITHUB_READ_TOKEN is a classic one that may: repo, workflow."


def test_a_right_that_lacks_is_named_with_its_repository(hub: GitHubEmulator) -> None:
    hub.logins.add("files", "mona", contents="read", metadata="read")
    assert faults(at_github(hub, "files")) == ["GITHUB_READ_TOKEN lacks Issues: read in site (acme/site)."]
    # The deliveries' own token reads no issues and writes: both are said.
    assert faults(at_github(hub, WRITE_TOKEN))
    assert too_wide(at_github(hub, WRITE_TOKEN))


def test_a_repository_that_it_does_not_see_is_named(hub: GitHubEmulator) -> None:
    assert faults(at_github(hub, there="acme/gone")) == ["site (acme/gone) is not there for GITHUB_READ_TOKEN."]


def test_a_token_that_is_refused_is_said_without_it(notion: NotionEmulator, hub: GitHubEmulator) -> None:
    assert faults(at_notion(notion, "ntn_wrong")) == ["Notion does not take NOTION_READ_TOKEN."]
    assert faults(at_github(hub, "wrong")) == ["GitHub does not take GITHUB_READ_TOKEN."]


@pytest.mark.parametrize("kind", ["drop", "truncate_json"])
def test_who_does_not_answer_is_said(notion: NotionEmulator, hub: GitHubEmulator, kind: str) -> None:
    notion.fault("GET /v1/users/me", kind)
    hub.fault("GET /user", kind)
    assert faults(at_notion(notion)) == ["Notion did not answer."]
    assert faults(at_github(hub)) == ["GitHub did not answer."]


def test_who_is_away_is_told_by_the_status(notion: NotionEmulator, hub: GitHubEmulator) -> None:
    notion.fault("GET /v1/users/me", "status", **vars(notion.error("internal_server_error")))
    hub.fault("GET /user", "status", status=500, body={"message": "Server Error"})
    (notions,), (githubs,) = faults(at_notion(notion)), faults(at_github(hub))
    assert (notions[:15], githubs) == ("Notion answered", "GitHub answered 500.")
