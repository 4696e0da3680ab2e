"""The emulator of GitHub's deliveries is as strict as it says."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.emulators.github import TOKEN, GitHubEmulator

HEADERS = {"Authorization": f"Bearer {TOKEN}", "User-Agent": "test", "X-GitHub-Api-Version": "2022-11-28"}


@pytest.fixture
def github() -> Iterator[GitHubEmulator]:
    emulator = GitHubEmulator(page_size=2).start()
    yield emulator
    emulator.stop()


def call(github: GitHubEmulator, path: str, method: str = "GET", **changes: str) -> tuple[int, Any, str]:
    """Status, body and Link of the answer."""
    connection = HTTPConnection(github.url.removeprefix("http://"), timeout=5)
    try:
        connection.request(method, path, headers={**HEADERS, **changes})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), answer.headers.get("Link", "")
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Authorization": "Bearer other"}, 401),
        ({"X-GitHub-Api-Version": "2020-01-01"}, 400),
        ({"User-Agent": ""}, 403),
        ({}, 200),
    ],
)
def test_every_call_is_judged_first(github: GitHubEmulator, changes: dict[str, str], status: int) -> None:
    github.add_hook("acme/widgets", "https://desk.example.com/hooks/github/")
    assert call(github, "/repos/acme/widgets/hooks", **changes)[0] == status


def test_deliveries_come_by_pages_the_newest_first(github: GitHubEmulator) -> None:
    hook = github.add_hook("acme", "https://desk.example.com/hooks/github/")
    guids = [github.attempt(hook, guid, 500)["guid"] for guid in ("a", "b", "c")]
    path = f"/orgs/acme/hooks/{hook.id}/deliveries?per_page=100"
    status, page, link = call(github, path)
    assert (status, [one["guid"] for one in page]) == (200, ["c", "b"])
    following = link.partition("<")[2].partition(">")[0].removeprefix(github.url)
    status, rest, link = call(github, following)
    assert ([one["guid"] for one in rest], link) == (["a"], "")
    assert guids == ["a", "b", "c"]


def test_a_redelivery_keeps_its_guid_and_what_is_unknown_is_not_found(github: GitHubEmulator) -> None:
    hook = github.add_hook("acme/widgets", "https://desk.example.com/hooks/github/")
    failed = github.attempt(hook, "a", None)
    base = f"/repos/acme/widgets/hooks/{hook.id}/deliveries"
    assert call(github, f"{base}/{failed['id']}/attempts", "POST")[0] == 202
    newest, oldest = hook.attempts
    assert (newest["guid"], newest["redelivery"], newest["status"]) == ("a", True, "OK")
    assert (oldest["status"], oldest["status_code"]) == ("timed out", 0)
    for path in (f"{base}/1/attempts", "/repos/acme/widgets/hooks/1/deliveries/1/attempts"):
        assert call(github, path, "POST")[0] == 404
    assert call(github, "/repos/acme/other/hooks")[0] == 404
    assert not github.bugs()
    assert call(github, f"{base}?since=yesterday")[0] == 422
    assert call(github, "/user/emails")[0] == 404
    assert len(github.bugs()) == 2
