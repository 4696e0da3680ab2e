"""Branches and their pull requests at a GitHub on loopback, by PyGithub and real git."""

import base64
import contextlib
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from integrations.contracts import DeliveryError, OutcomeUnknown, Outgoing
from integrations.github.target import GitHubTarget
from tests.emulators.github import TOKEN
from tests.emulators.github_logins import APP_ID
from tests.integrations.branches.patches import BRANCH, EDIT, EDIT_AGAIN, UID, as_patch, new_file, uid_of
from tests.integrations.github.world import World, hub
from tests.integrations.target_contract import CREATED, TargetContract, out_file

__all__ = ["hub"]
HEAD = f"agent/{UID}"


class TestGitHub(TargetContract):
    kind = "branch"
    there: World

    @pytest.fixture(autouse=True)
    def at_github(self, hub: World) -> None:
        self.there = hub
        self.base = hub.owned.sha()

    def make(self) -> GitHubTarget:
        return self.there.target()

    def effects(self) -> int:
        assert len(self.there.owned.updates()) == len(self.there.place.pulls)
        return len(self.there.place.pulls)

    def refused_for_good(self) -> tuple[GitHubTarget, Outgoing]:
        return self.make(), self.outgoing(fields={**self.told(), "repository": "attic"})

    def lose_the_next_answer(self) -> bool:
        self.there.github.fault("POST .*/pulls$", "lost")
        return True

    def ask_for_a_pause(self, seconds: int) -> bool:
        busy = {"message": "You have exceeded a secondary rate limit."}
        self.there.github.fault(
            "GET .*/pulls$", "status", status=429, body=busy, headers={"Retry-After": f"{seconds}"}
        )
        return True

    def told(self) -> dict[str, Any]:
        return {"repository": "shop", "base_sha": self.base, "message": "Raise the price\n\nFlour is dear."}

    def outgoing(self, key: str = "job-1:1:0:1", **changes: Any) -> Outgoing:
        files = [as_patch(file) for file in changes.pop("files", [out_file(EDIT, "changes.patch")])]
        given = {"job_uid": uid_of(key), "fields": self.told(), "files": [*files, *changes.pop("also", [])]}
        return super().outgoing(key, **{**given, **changes})

    def revision(self, **changes: Any) -> Outgoing:
        later = {"job_uid": UID, "created_at": CREATED + timedelta(hours=8), "files": [out_file(EDIT_AGAIN)]}
        return self.outgoing("job-1:1:1:1", **{**later, **changes})

    def test_the_branch_is_pushed_and_its_pull_request_says_what_it_is(self) -> None:
        tests = out_file(b"$ make test\n3 passed\n\nThe tests pass.\n", "tests.txt", kind="test_output")
        points = ["Is 15 right for weekends too?", "Ask @marta"]
        fields = {**self.told(), "explanation": "Flour is dear, so the menu is.", "open_points": points}
        asked = {"repository": "acme/shop", "number": 7, "url": "https://github.com/acme/shop/issues/7"}
        landed = self.make().deliver(self.outgoing(fields={**fields, "asked_in": asked}, also=[tests]))
        assert self.there.owned.refs()[BRANCH] == landed.external_id
        pull = self.there.pull
        assert landed.url == f"{self.there.github.url}/acme/shop/pull/{pull.number}"
        assert (pull.title, pull.head, pull.base) == ("Raise the price", HEAD, "main")
        assert pull.labels == ["nightdesk"]
        assert pull.comments == []
        for said in (
            "Flour is dear, so the menu is.",
            "- Is 15 right for weekends too?",
            "**Tests:** The tests pass.",
            "```text\n$ make test\n3 passed",
            "Refs #7",
            "<!-- nightdesk:job-1:1:0:1 -->",
        ):
            assert said in pull.body
        assert "@marta" not in pull.body

    def test_a_revision_is_one_more_commit_and_a_comment_on_the_same_pull_request(self) -> None:
        first = self.make().deliver(self.outgoing())
        second = self.make().deliver(self.revision())
        assert self.make().deliver(self.revision()) == second
        assert self.there.owned.sha(f"{BRANCH}^") == first.external_id
        assert second.url == first.url
        (comment,) = self.there.pull.comments
        assert f"Revised in {second.external_id}." in comment["body"]
        assert self.make().find(self.outgoing()) == first

    def test_the_comment_of_a_revision_that_was_lost_is_not_made_twice(self) -> None:
        self.make().deliver(self.outgoing())
        self.there.github.fault("POST .*/comments", "lost")
        with pytest.raises(Exception, match="no answer"):
            self.make().deliver(self.revision())
        landed = self.make().find(self.revision())
        assert landed is not None
        assert self.make().deliver(self.revision()) == landed
        assert len(self.there.pull.comments) == 1

    def test_comments_are_read_to_the_last_page(self) -> None:
        self.make().deliver(self.outgoing())
        self.make().deliver(self.revision())
        (ours,) = self.there.pull.comments
        self.there.pull.comments[:] = [{**ours, "body": f"talk {number}"} for number in range(70)] + [ours]
        assert self.make().find(self.revision()) is not None

    def test_a_pull_request_that_a_person_closed_is_not_opened_again(self) -> None:
        landed = self.make().deliver(self.outgoing())
        self.there.github.close(self.there.place, self.there.pull)
        assert self.make().find(self.outgoing()) == landed
        assert self.make().deliver(self.outgoing()) == landed
        assert len(self.there.place.pulls) == 1

    @pytest.mark.parametrize("way", ["merge", "close"])
    def test_a_branch_that_is_gone_after_its_end_is_not_made_again(self, way: str) -> None:
        landed = self.make().deliver(self.outgoing())
        getattr(self.there.github, way)(self.there.place, self.there.pull)
        self.there.owned.git("update-ref", "-d", BRANCH)
        assert self.make().find(self.outgoing()) == landed
        assert self.make().deliver(self.outgoing()) == landed
        assert BRANCH not in self.there.owned.refs()
        assert len(self.there.place.pulls) == 1

    def test_a_pull_request_that_a_person_opened_for_the_branch_is_taken(self) -> None:
        self.there.github.fault("POST .*/pulls", "status", status=503, body={})
        with pytest.raises(Exception, match="503"):
            self.make().deliver(self.outgoing())
        assert self.make().find(self.outgoing()) is None
        landed = self.make().deliver(self.outgoing())
        assert landed.url.endswith(f"/{self.there.pull.number}")

    @pytest.mark.parametrize("kind", ["git-receive-pack", "pulls$", "labels"])
    def test_an_answer_that_is_lost_after_the_effect_makes_no_second_one(self, kind: str) -> None:
        self.there.github.fault(f"POST .*{kind}", "lost")
        with contextlib.suppress(OutcomeUnknown):
            self.make().deliver(self.outgoing())
        found = self.make().find(self.outgoing())
        assert (found or self.make().deliver(self.outgoing())) == self.make().find(self.outgoing())
        assert self.effects() == 1
        assert self.there.pull.labels in ([], ["nightdesk"])

    def test_workflow_files_go_only_where_the_owner_allows_them(self) -> None:
        patch = out_file(new_file("on: push\n", ".github/workflows/ci.yml"))
        with pytest.raises(DeliveryError, match="CI") as caught:
            self.make().deliver(self.outgoing(files=[patch]))
        assert caught.value.permanent
        assert self.there.place.pulls == []
        self.there.target(ci_repositories=["shop"]).deliver(self.outgoing(files=[patch]))
        assert len(self.there.place.pulls) == 1

    @pytest.mark.parametrize("uid", ["main", "../main", UID.upper(), f"{UID}\n", f"{UID}:refs/heads/main", "v1"])
    def test_no_other_ref_is_ever_pushed(self, uid: str) -> None:
        with pytest.raises(DeliveryError, match="not a branch of an agent"):
            self.make().deliver(self.outgoing(job_uid=uid))
        assert self.there.owned.updates() == []

    def test_a_repository_elsewhere_is_not_githubs(self) -> None:
        with pytest.raises(DeliveryError, match="no repository named 'site' at GitHub; there are: shop"):
            self.make().deliver(self.outgoing(fields={**self.told(), "repository": "site"}))

    def test_the_commit_calls_nobody_and_closes_nothing(self) -> None:
        told = {**self.told(), "message": "Fixes #12\n\nThanks @marta, closes acme/shop#3"}
        landed = self.make().deliver(self.outgoing(fields=told))
        message = self.there.owned.git("show", "--no-patch", "--format=%B", landed.external_id)
        for live in ("Fixes #12", "@marta", "closes acme/shop#3"):
            assert live not in message
        assert self.there.pull.title.replace("\u2060", "") == "Fixes #12"

    def test_without_a_login_it_says_which(self) -> None:
        with pytest.raises(DeliveryError, match="set GITHUB_TOKEN"):
            self.there.target(token="").deliver(self.outgoing())


_SPY = """#!{python}
import subprocess, sys
from pathlib import Path
code = subprocess.call(["/usr/bin/git", *sys.argv[1:]])
# What a list of processes shows, and every file of the attempt.
texts = [" ".join(sys.argv).encode(), *(path.read_bytes() for path in Path("{work}").rglob("*") if path.is_file())]
with open("{seen}", "ab") as seen:
    seen.write(b"\\n".join(texts))
sys.exit(code)
"""


def test_the_token_is_in_no_argument_and_no_file(hub: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, git = hub.folder / "seen", hub.folder / "bin" / "git"
    git.parent.mkdir()
    git.write_text(_SPY.format(python=sys.executable, work=hub.folder / "work", seen=seen))
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.parent}:/usr/bin:/bin")
    case = TestGitHub()
    case.there, case.base = hub, hub.owned.sha()
    case.make().deliver(case.outgoing())
    said = seen.read_bytes()
    assert b" push " in said
    assert b"[core]" in said  # the attempt's own settings were read too
    for secret in (TOKEN.encode(), base64.b64encode(f"x-access-token:{TOKEN}".encode())):
        assert secret not in said


class TestApp:
    """The same as an App: a token for one repository and one hour."""

    @pytest.fixture(autouse=True)
    def at_github(self, hub: World) -> None:
        hub.options = {"token": "", "app_id": APP_ID, "app_key": hub.github.logins.app_key}
        self.there = hub
        self.case = TestGitHub()
        self.case.there, self.case.base = hub, hub.owned.sha()

    def test_it_delivers_with_the_rights_that_it_needs_and_no_more(self) -> None:
        landed = self.there.target().deliver(self.case.outgoing())
        assert self.there.target().find(self.case.outgoing()) == landed
        (token, grant), *_ = [one for one in self.there.github.logins.grants.items() if one[1].expires]
        assert token.startswith("ghs_")
        assert grant.may == {"contents": "write", "pull_requests": "write", "metadata": "read"}
        assert grant.repositories == {"acme/shop"}

    @pytest.mark.parametrize("moment", ["git-receive-pack", "GET .*/pulls", "POST .*/pulls", "POST .*/labels"])
    def test_a_token_that_expires_in_the_middle_is_minted_anew(self, moment: str) -> None:
        logins = self.there.github.logins
        self.there.github.before(moment, logins.expire)
        landed = self.there.target().deliver(self.case.outgoing())
        assert self.there.target().find(self.case.outgoing()) == landed
        assert len(self.there.place.pulls) == 1
        assert self.there.owned.updates() == [BRANCH]

    def test_a_key_that_is_not_the_apps_is_said(self) -> None:
        other = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, text=True, check=True).stdout
        with pytest.raises(DeliveryError, match="401"):
            self.there.target(app_key=other).deliver(self.case.outgoing())

    def test_a_repository_that_it_is_not_installed_on_is_said(self) -> None:
        del self.there.github.places["acme/shop"]
        with pytest.raises(DeliveryError, match="installed on acme/shop") as caught:
            self.there.target().deliver(self.case.outgoing())
        assert caught.value.permanent

    def test_rights_that_it_was_not_given_are_said(self) -> None:
        with pytest.raises(DeliveryError, match="not granted to this installation"):
            self.there.target(ci_repositories=["shop"]).deliver(self.case.outgoing())
