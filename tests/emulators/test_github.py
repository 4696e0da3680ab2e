"""The emulator of GitHub is as strict as it says."""

import json
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.github import READ_TOKEN, TOKEN, GitHubEmulator
from tests.emulators.github_places import Place
from tests.repositories import an_owned
from tests.waiting import PATIENCE

HEADERS = {"Authorization": f"Bearer {TOKEN}", "User-Agent": "test", "X-GitHub-Api-Version": "2022-11-28"}


@pytest.fixture
def github() -> Iterator[GitHubEmulator]:
    emulator = GitHubEmulator(page_size=2).start()
    yield emulator
    emulator.stop()


def call(github: GitHubEmulator, path: str, method: str = "GET", **changes: str) -> tuple[int, Any, str]:
    """Status, body and Link of the answer."""
    connection = HTTPConnection(github.url.removeprefix("http://"), timeout=PATIENCE)
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


SHOP = "/repos/acme/shop"


@pytest.fixture
def shop(github: GitHubEmulator, tmp_path: Path) -> Place:
    """A repository with main and one more branch."""
    owned = an_owned(tmp_path, {"a": "1\n"})
    owned.commit({"a": "2\n"}, branch="more")
    return github.add_repository("acme/shop", owned)


def ask(github: GitHubEmulator, method: str, path: str, body: Any = None, token: str = TOKEN) -> tuple[int, Any]:
    """Status and body of a call of the API."""
    connection = HTTPConnection(github.url.removeprefix("http://"), timeout=PATIENCE)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, body=content, headers={**HEADERS, "Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "pulls", {"head": "more", "base": "main", "title": "x", "colour": "red"}),
        ("POST", "pulls", {"head": "more", "title": "x"}),
        ("POST", "pulls", {"head": "more", "base": 5, "title": "x"}),
        ("POST", "issues/13/labels", [5]),
        ("GET", "pulls?state=opened", None),
        ("GET", "pulls?label=x", None),
        ("POST", "git/refs", {"ref": "refs/heads/x"}),
        ("PUT", "pulls/13/merge", {"merge_method": "octopus"}),
    ],
)
def test_what_githubs_description_does_not_know_is_a_violation(
    github: GitHubEmulator, shop: Place, method: str, path: str, body: Any
) -> None:
    assert ask(github, method, f"{SHOP}/{path}", body)[0] == 422
    assert len(github.bugs()) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "missing_field"),
        ({"head": "none"}, "head"),
        ({"base": "none"}, "base"),
        ({"head": "main"}, "No commits between main and main"),
    ],
)
def test_a_pull_request_needs_what_it_needs_there(
    github: GitHubEmulator, shop: Place, changes: dict[str, str], said: str
) -> None:
    body = {"head": "more", "base": "main", "title": "x", **changes}
    status, answer = ask(github, "POST", f"{SHOP}/pulls", body)
    assert (status, said in json.dumps(answer)) == (422, True)
    assert not github.bugs()


def test_a_pull_request_is_there_once_and_follows_its_branch(github: GitHubEmulator, shop: Place) -> None:
    body = {"head": "more", "base": "main", "title": "x"}
    made = ask(github, "POST", f"{SHOP}/pulls", body)[1]
    assert made["head"]["sha"] == shop.branch("more")
    assert "already exists" in json.dumps(ask(github, "POST", f"{SHOP}/pulls", body)[1])
    for filtered, number in (("acme:more", 1), ("acme:other", 0), ("other", 1)):
        assert len(ask(github, "GET", f"{SHOP}/pulls?head={filtered}")[1]) == number
    path = f"{SHOP}/pulls/{made['number']}"
    assert ask(github, "PUT", f"{path}/merge", {"sha": shop.branch("main")})[0] == 409
    status, merged = ask(github, "PUT", f"{path}/merge", {"sha": shop.branch("more")})
    assert (status, merged["sha"]) == (200, shop.branch("main"))
    assert ask(github, "PUT", f"{path}/merge", {})[0] == 405
    assert ask(github, "GET", path)[1]["merged"]


def test_refs_are_as_strict_as_githubs(github: GitHubEmulator, shop: Place) -> None:
    main, more = shop.branch("main"), shop.branch("more")
    refs = f"{SHOP}/git/refs"
    assert ask(github, "POST", refs, {"ref": "refs/heads/new", "sha": main})[0] == 201
    assert "already exists" in ask(github, "POST", refs, {"ref": "refs/heads/new", "sha": more})[1]["message"]
    assert ask(github, "POST", refs, {"ref": "new", "sha": main})[0] == 422
    assert ask(github, "POST", refs, {"ref": "refs/heads/other", "sha": "0" * 40})[0] == 422
    assert ask(github, "PATCH", f"{refs}/heads/new", {"sha": more})[0] == 200
    assert "fast forward" in ask(github, "PATCH", f"{refs}/heads/new", {"sha": main})[1]["message"]
    assert ask(github, "DELETE", f"{refs}/heads/new")[0] == 204
    assert ask(github, "GET", f"{SHOP}/git/ref/heads/new")[0] == 404


def test_a_token_opens_what_it_was_made_for(github: GitHubEmulator, shop: Place) -> None:
    github.logins.add("elsewhere", "mona", contents="write")
    github.logins.grants["elsewhere"].repositories = {"acme/other"}
    assert ask(github, "GET", SHOP, token="elsewhere")[0] == 404
    assert ask(github, "POST", f"{SHOP}/git/refs", {"ref": "refs/heads/x", "sha": "0"}, READ_TOKEN)[0] == 403
    assert ask(github, "POST", "/app/installations/7000001/access_tokens", {})[0] == 401


def test_the_hook_behind_a_push_refuses_all_but_steps_forward_on_agents_branches(
    github: GitHubEmulator, shop: Place, tmp_path: Path
) -> None:
    address = f"{github.url.replace('//', f'//x:{TOKEN}@')}/acme/shop.git"
    agents = "agent/3f2a9c1e-0000-4000-8000-000000000001"
    shop.repo.git("branch", agents, "more")
    for refspec in ("main:refs/heads/mine", "main:refs/tags/v1", f"+main:{agents}", f":{agents}", "more:main"):
        assert subprocess.run(["git", "push", address, refspec], cwd=shop.repo.path, check=False).returncode == 1
    assert len(shop.repo.refused) == 5
