"""Issues and files at GitHub, by the real client from the strict service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.contracts import Json, ToolError
from agents.tools import github_place
from agents.tools.places import Repository
from tests.emulators.github import READ_TOKEN, GitHubEmulator
from tests.emulators.github_issues import Issue
from tests.repositories import an_owned

SITE = Repository("site", "acme/site")
FILES: dict[str, str | bytes] = {
    "README.md": "# Site\n",
    "docs/hours.md": "Open from 17 to 23.\n",
    "logo.png": b"\x89PNG\xff\xfe",
    "large.txt": "x" * 1_000_001,
}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[GitHubEmulator]:
    emulator = GitHubEmulator().start()
    emulator.add_repository("acme/site", an_owned(tmp_path / "owner", FILES))
    comments = [("owner", "OWNER", "Which Sunday?"), ("mira", "NONE", "Every one.")]
    emulator.add_issue("acme/site", Issue(12, "Sunday hours", "They are wrong.", labels=["bug"], comments=comments))
    emulator.add_issue("acme/site", Issue(13, "Old", "Done.", state="closed"))
    yield emulator
    emulator.stop()
    assert not emulator.bugs()


def access(hub: GitHubEmulator, token: str = READ_TOKEN) -> Json:
    return {"token": token, "base_url": hub.url}


def test_an_issue_is_read_with_who_said_what_and_how_they_belong(hub: GitHubEmulator) -> None:
    title, text = github_place.read(Repository("site", "acme/site", issue=12), access(hub))
    assert title == "Sunday hours"
    assert text.split("\n\n") == [
        "#12, open, labels: bug",
        "mira (none) wrote at 2026-11-25 09:30:",
        "They are wrong.",
        "owner (owner) wrote at 2026-11-25 09:30:",
        "Which Sunday?",
        "mira (none) wrote at 2026-11-25 09:30:",
        "Every one.",
    ]
    assert {seen.req.method for seen in hub.journal} == {"GET"}


def test_a_file_is_read_at_the_default_branch_or_at_the_one_named(hub: GitHubEmulator) -> None:
    file = Repository("site", "acme/site", path="docs/hours.md")
    assert github_place.read(file, access(hub)) == ("site:docs/hours.md", "Open from 17 to 23.\n")
    at = Repository("site", "acme/site", path="docs/hours.md", ref="main")
    assert github_place.read(at, access(hub))[1] == "Open from 17 to 23.\n"


def test_a_folder_and_a_repository_are_lists_of_what_can_be_read(hub: GitHubEmulator) -> None:
    assert github_place.read(Repository("site", "acme/site", path="docs"), access(hub))[1] == "site:docs/hours.md"
    _, text = github_place.read(SITE, access(hub))
    assert text == (
        "Files:\nsite:README.md\nsite:docs/\nsite:large.txt\nsite:logo.png\n\nOpen issues:\nsite#12  Sunday hours"
    )


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (Repository("site", "acme/site", path="gone.md"), "no such thing"),
        (Repository("site", "acme/site", issue=99), "no such thing"),
        (Repository("site", "acme/gone"), "no such thing"),
        (Repository("site", "acme/site", path="large.txt"), "larger than"),
        (Repository("site", "acme/site", path="logo.png"), "no text"),
    ],
)
def test_what_cannot_be_read_is_said(hub: GitHubEmulator, place: Repository, says: str) -> None:
    with pytest.raises(ToolError, match=says):
        github_place.read(place, access(hub))


def test_a_token_that_may_not_is_said_without_it(hub: GitHubEmulator) -> None:
    hub.logins.add("github_pat_blind", "x", metadata="read")
    for token, says in (("github_pat_wrong", "401"), ("github_pat_blind", "403")):
        with pytest.raises(ToolError, match=says) as refused:
            github_place.read(SITE, access(hub, token))
        assert token not in str(refused.value)


@pytest.mark.parametrize("kind", ["drop", "reset", "truncate_json"])
def test_an_answer_that_does_not_come_is_no_exception_of_the_clients(hub: GitHubEmulator, kind: str) -> None:
    hub.fault("GET /repos", kind)
    with pytest.raises(ToolError, match="GitHub"):
        github_place.read(SITE, access(hub))
