"""What the set-up of GitHub is told: who, what is in reach, what lacks, what is too much."""

from typing import Any

import pytest

from integrations.contracts import Finding
from integrations.github.probe import GitHubProbe
from tests.emulators.github import READ_TOKEN, TOKEN
from tests.emulators.github_logins import APP_ID
from tests.integrations.github.world import World, hub

__all__ = ["hub"]


def probe(hub: World, **changes: Any) -> GitHubProbe:
    values: dict[str, Any] = {
        "repositories": {"shop": f"{hub.github.url}/acme/shop.git"},
        "workdir": hub.folder / "work",
        "token": TOKEN,
        "base_url": hub.github.url,
    }
    return GitHubProbe(**{**values, **changes})


def app(hub: World) -> dict[str, str]:
    return {"token": "", "app_id": APP_ID, "app_key": hub.github.logins.app_key}


def bad(found: list[Finding]) -> list[str]:
    assert all(one.ok or one.fix for one in found)
    return [one.says for one in found if not one.ok]


def test_a_set_up_that_is_right_says_who_and_where(hub: World) -> None:
    found = probe(hub).look()
    assert bad(found) == []
    assert [one.says for one in found] == ["Known as nightdesk-bot.", "shop is acme/shop, and can be written to."]
    assert next(one.says for one in probe(hub, **app(hub)).look()) == "Known as the App Nightdesk."


def test_looking_changes_nothing_and_trying_leaves_nothing(hub: World) -> None:
    before = hub.owned.refs()
    for changes in ({}, app(hub)):
        probe(hub, **changes).look()
        assert not hub.writes()
        found = probe(hub, **changes).try_out()
        assert [(one.ok, one.says) for one in found] == [
            (True, "acme/shop would take a branch and its pull request; nothing was made.")
        ]
        hub.github.journal.clear()
    assert hub.owned.refs() == before
    assert hub.place.pulls == []
    assert list((hub.folder / "work").iterdir()) == []


def test_a_token_that_may_only_read_is_named_in_both_ways(hub: World) -> None:
    assert bad(probe(hub, token=READ_TOKEN).look()) == ["shop (acme/shop) can be read, but not written to."]
    (said,) = bad(probe(hub, token=READ_TOKEN).try_out())
    assert said.startswith("A branch cannot be pushed to acme/shop")


def test_a_token_that_may_push_and_open_no_pull_request_is_found_by_trying(hub: World) -> None:
    hub.github.logins.add("pusher", "bot", contents="write", metadata="read")
    assert bad(probe(hub, token="pusher").look()) == []
    (said,) = bad(probe(hub, token="pusher").try_out())
    assert "A pull request cannot be opened in acme/shop" in said


@pytest.mark.parametrize(
    ("scopes", "said"),
    [
        ("repo", []),
        ("repo, admin:repo_hook", []),
        ("repo, delete_repo, admin:org", ["The token may do more than is needed: admin:org, delete_repo."]),
        ("repo, workflow", ["The token may do more than is needed: workflow."]),
        ("gist", ["The token lacks the scope repo.", "The token may do more than is needed: gist."]),
    ],
)
def test_scopes_of_a_classic_token_are_weighed(hub: World, scopes: str, said: list[str]) -> None:
    hub.github.logins.add("classic", "bot", scopes=scopes, contents="write", pull_requests="write", metadata="read")
    assert bad(probe(hub, token="classic").look()) == said
    assert not bad(probe(hub, token="classic", ci_repositories=["shop"]).look()) or "workflow" not in scopes


def test_rights_of_an_app_are_weighed(hub: World) -> None:
    hub.github.logins.app_rights = {
        "contents": "write",
        "metadata": "read",
        "administration": "write",
        "actions": "write",
    }
    found = bad(probe(hub, **app(hub)).look())
    assert found[:2] == [
        "The App may not write: pull_requests.",
        "The App may do more than is needed: actions, administration.",
    ]
    assert "not granted to this installation" in found[2]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"token": ""}, "There is no login"),
        ({"token": "of yesterday"}, "Bad credentials"),
        ({"repositories": {"attic": "{url}/acme/attic"}}, "404"),
        ({"hears": False}, "do not come back"),
    ],
)
def test_what_lacks_is_named_with_what_to_do(hub: World, changes: dict[str, Any], said: str) -> None:
    if "repositories" in changes:
        changes = {"repositories": {"attic": f"{hub.github.url}/acme/attic"}}
    assert any(said in one for one in bad(probe(hub, **changes).look()))


def test_a_main_that_anybody_may_push_to_is_named(hub: World) -> None:
    hub.place.protected.clear()
    assert bad(probe(hub).look()) == ["main of acme/shop is not protected."]


def test_a_repository_elsewhere_is_no_fault(hub: World) -> None:
    made = probe(hub, repositories={"site": "/srv/git/site.git"})
    assert bad(made.look()) == []
    assert made.try_out() == []


def test_github_that_does_not_answer_is_said(hub: World) -> None:
    hub.github.fault("GET /user", "status", status=503, body={})
    hub.github.fault("GET /repos/acme/shop$", "drop")
    assert len(bad(probe(hub).look())) == 2
