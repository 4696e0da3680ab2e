"""Branches from patches, in real repositories."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.branches.work import work_on
from integrations.contracts import DeliveryError, OutcomeUnknown, Outgoing
from integrations.git.target import GitTarget
from tests.integrations.branches.conftest import FILES
from tests.integrations.branches.patches import BRANCH, EDIT, EDIT_AGAIN, UID, as_patch
from tests.integrations.target_contract import CREATED, out_file
from tests.repositories import Owned, an_owned
from tests.waiting import until

_DELIVER = """
import json, sys
from integrations.contracts import Outgoing
from integrations.git.target import GitTarget
told = json.load(sys.stdin)
target = GitTarget(repositories={"shop": told["repository"]}, workdir=told["workdir"])
target.deliver(Outgoing.model_validate_json(told["outgoing"]))
"""


class TestWork:
    """Through the plainest of the targets that push."""

    folder: Path
    base: str
    owned: Owned

    @pytest.fixture(autouse=True)
    def world(self, tmp_path: Path) -> None:
        self.folder = tmp_path
        self.owned = an_owned(tmp_path, FILES)
        self.base = self.owned.sha()

    def make(self) -> GitTarget:
        return GitTarget(repositories={"shop": str(self.owned.path)}, workdir=self.folder / "work")

    def told(self) -> dict[str, Any]:
        return {"repository": "shop", "base_sha": self.base, "message": "Raise the price\n\nFlour is dear."}

    def outgoing(self, key: str = "job-1:1:0:1", **changes: Any) -> Outgoing:
        values: dict[str, Any] = {
            "key": key,
            "kind": "branch",
            "job_uid": UID,
            "job_title": "Autumn menu",
            "fields": self.told(),
            "files": [out_file(EDIT, "changes.patch")],
            "created_at": CREATED,
            **changes,
        }
        return Outgoing(**{**values, "files": [as_patch(file) for file in values["files"]]})

    def refused(self, **changes: Any) -> str:
        """Why a delivery fails for good; no ref may have moved."""
        before = self.owned.refs()
        with pytest.raises(DeliveryError) as caught:
            self.make().deliver(self.outgoing(**changes))
        assert caught.value.permanent
        assert self.owned.refs() == before
        return str(caught.value)

    def test_the_commit_stands_on_its_base_and_says_whose_it_is(self) -> None:
        landed = self.make().deliver(self.outgoing())
        assert self.owned.refs() == {"refs/heads/main": self.base, BRANCH: landed.external_id}
        assert self.owned.sha(f"{landed.external_id}^") == self.base
        assert self.owned.git("show", f"{BRANCH}:menu.py") == "PRICE = 15"
        shown = self.owned.git("show", "--no-patch", "--format=%an <%ae> %cn %at %ct%n%B", BRANCH)
        seconds = int(CREATED.timestamp())
        assert shown.splitlines() == [
            f"Nightdesk <nightdesk@localhost> Nightdesk {seconds} {seconds}",
            "Raise the price",
            "",
            "Flour is dear.",
            "",
            f"Nightdesk-Job: {UID}",
            "Nightdesk-Delivery: job-1:1:0:1",
        ]
        assert landed.detail == f"agent/{UID} on shop"
        assert landed.url == ""

    def test_a_ref_that_is_locked_is_tried_again_later(self) -> None:
        lock = self.owned.path / f"{BRANCH}.lock"
        lock.parent.mkdir(parents=True)
        lock.touch()
        with pytest.raises(DeliveryError, match=r"cannot lock ref.*File exists") as caught:
            self.make().deliver(self.outgoing())
        assert not caught.value.permanent
        lock.unlink()
        assert self.make().deliver(self.outgoing()).external_id == self.owned.sha(BRANCH)

    def test_a_push_goes_on_to_its_end_when_its_whole_group_is_killed(self) -> None:
        group = self.folder / "group"
        kill = f'[ "$1" = prepared ] && [ -s {group} ] && kill -9 "-$(cat {group})"'
        self.owned.hook("reference-transaction", f"#!/bin/sh\n{kill}\nexit 0\n")
        process = subprocess.Popen([sys.executable, "-c", _DELIVER], stdin=subprocess.PIPE, start_new_session=True)
        group.write_text(str(process.pid))
        told = {"repository": str(self.owned.path), "workdir": str(self.folder / "killed")}
        said = json.dumps({**told, "outgoing": self.outgoing().model_dump_json()})
        process.communicate(said.encode(), timeout=60)
        assert process.returncode == -signal.SIGKILL
        group.unlink()
        until(lambda: BRANCH in self.owned.refs())
        landed = self.make().find(self.outgoing())
        assert landed is not None
        assert self.make().deliver(self.outgoing()) == landed
        assert self.owned.updates() == [BRANCH]

    def test_what_a_killed_attempt_left_is_taken_away_later(self) -> None:
        old, new = (self.folder / "work" / name for name in ("push-old", "push-new"))
        for folder in (old, new):
            (folder / "repository.git").mkdir(parents=True)
        os.utime(old, (0, 0))
        self.make().deliver(self.outgoing())
        assert [folder.name for folder in (self.folder / "work").iterdir()] == ["push-new"]

    def test_only_the_one_ref_is_ever_pushed(self) -> None:
        self.owned.git("tag", "v1")
        self.make().deliver(self.outgoing())
        self.make().deliver(self.outgoing())
        assert self.owned.updates() == [BRANCH]

    @pytest.mark.parametrize("uid", ["main", "../main", "x", "", UID.upper(), f"{UID}\n", f"{UID}:refs/heads/main"])
    def test_a_job_whose_name_is_no_uid_gets_no_branch(self, uid: str) -> None:
        assert "not a branch of an agent" in self.refused(job_uid=uid)

    @pytest.mark.parametrize("sha", ["", "main", "HEAD", "--upload-pack=x", "0" * 39, "A" * 40])
    def test_a_base_is_named_in_full(self, sha: str) -> None:
        assert "not a commit's name" in self.refused(fields={**self.told(), "base_sha": sha})

    def test_a_repository_that_moved_on_keeps_what_it_has(self) -> None:
        moved = self.owned.commit({"menu.py": "PRICE = 99\n"})
        landed = self.make().deliver(self.outgoing())
        assert self.owned.refs() == {"refs/heads/main": moved, BRANCH: landed.external_id}
        assert self.owned.sha(f"{BRANCH}^") == self.base

    def test_a_base_that_is_gone_is_said(self) -> None:
        gone = "a" * 40
        assert gone in self.refused(fields={**self.told(), "base_sha": gone})

    def test_a_patch_that_does_not_fit_is_refused(self) -> None:
        other = EDIT.replace(b"14", b"13")
        assert "does not fit" in self.refused(files=[out_file(other, "changes.patch")])

    def test_a_patch_that_changes_nothing_is_refused(self) -> None:
        back = EDIT.replace(b"-PRICE = 14\n+PRICE = 15\n", b"-PRICE = 15\n+PRICE = 14\n")
        assert "changes nothing" in self.refused(files=[out_file(EDIT + back, "changes.patch")])

    def test_two_patches_are_refused(self) -> None:
        assert "exactly one patch" in self.refused(files=[out_file(EDIT), out_file(EDIT)])

    def test_a_revision_is_one_more_commit_on_top(self) -> None:
        first = self.make().deliver(self.outgoing())
        later = self.outgoing(
            key="job-1:1:1:1", files=[out_file(EDIT_AGAIN)], created_at=CREATED + timedelta(hours=8)
        )
        second = self.make().deliver(later)
        assert self.owned.refs()[BRANCH] == second.external_id
        assert self.owned.sha(f"{BRANCH}^") == first.external_id
        assert self.owned.git("show", f"{BRANCH}:menu.py") == "PRICE = 16"
        assert self.make().find(self.outgoing()) == first
        assert self.make().deliver(self.outgoing()) == first
        assert self.make().deliver(later) == second
        assert self.owned.updates() == [BRANCH, BRANCH]

    def test_a_revision_goes_on_from_what_a_person_added(self) -> None:
        self.make().deliver(self.outgoing())
        theirs = self.owned.commit({"more.txt": "more\n"}, branch=f"agent/{UID}")
        landed = self.make().deliver(self.outgoing(key="job-1:1:1:1", files=[out_file(EDIT_AGAIN)]))
        assert self.owned.sha(f"{BRANCH}^") == theirs
        assert self.owned.refs()[BRANCH] == landed.external_id

    def test_what_does_not_fit_onto_the_branch_any_more_is_refused(self) -> None:
        self.make().deliver(self.outgoing())
        assert f"what agent/{UID} has become" in self.refused(key="job-1:1:1:1")

    def test_a_branch_that_moves_while_we_push_is_never_overwritten(self) -> None:
        self.make().deliver(self.outgoing())
        later = self.outgoing(key="job-1:1:1:1", files=[out_file(EDIT_AGAIN)])
        order = self.make()._order(later)
        with work_on(order, self.folder / "work") as work:
            tip = work.tip()
            assert tip
            work.made(tip)
            commit = work._commit(tip)
            theirs = self.owned.commit({"more.txt": "more\n"}, branch=f"agent/{UID}")
            with pytest.raises(DeliveryError) as caught:
                work._push(commit)
        assert not caught.value.permanent
        assert self.owned.refs()[BRANCH] == theirs
        self.make().deliver(later)
        assert self.owned.sha(f"{BRANCH}^") == theirs

    def test_no_other_ref_can_be_named(self) -> None:
        order = self.make()._order(self.outgoing())
        for ref in (
            "refs/heads/main",
            "refs/tags/v1",
            f"+{BRANCH}",
            f"{BRANCH}:refs/heads/main",
            "refs/heads/agent/*",
        ):
            with work_on(replace(order, ref=ref), self.folder / "work") as work, pytest.raises(AssertionError):
                work._push(self.base)
        assert self.owned.updates() == []

    def test_somebody_elses_branch_of_that_name_is_left_alone(self) -> None:
        self.owned.commit({"own.txt": "mine\n"}, branch=f"agent/{UID}")
        assert "somebody else" in self.refused()

    def test_a_person_who_went_on_from_our_commit_has_the_effect(self) -> None:
        landed = self.make().deliver(self.outgoing())
        theirs = self.owned.commit({"more.txt": "more\n"}, branch=f"agent/{UID}")
        assert self.make().find(self.outgoing()) == landed
        assert self.make().deliver(self.outgoing()) == landed
        assert self.owned.refs()[BRANCH] == theirs

    def test_a_branch_that_a_person_removed_is_made_again_only_by_delivering(self) -> None:
        self.make().deliver(self.outgoing())
        self.owned.git("update-ref", "-d", BRANCH)
        assert self.make().find(self.outgoing()) is None

    def test_a_repository_that_is_away_is_tried_again_and_looked_up_later(self) -> None:
        target = GitTarget(repositories={"shop": "https://127.0.0.1:1/shop.git"}, workdir=self.folder / "work")
        with pytest.raises(DeliveryError, match="cannot be used") as caught:
            target.deliver(self.outgoing())
        assert not caught.value.permanent
        with pytest.raises(OutcomeUnknown):
            target.find(self.outgoing())

    def test_a_path_without_a_repository_is_a_matter_for_a_person(self) -> None:
        target = GitTarget(repositories={"shop": str(self.folder / "nowhere")}, workdir=self.folder / "work")
        with pytest.raises(DeliveryError, match="not appear to be a git repository") as caught:
            target.deliver(self.outgoing())
        assert caught.value.permanent

    def test_a_password_is_in_no_message(self) -> None:
        target = GitTarget(repositories={"shop": "https://me:hunter2@127.0.0.1:1/s.git"}, workdir=self.folder / "w")
        with pytest.raises(DeliveryError) as caught:
            target.deliver(self.outgoing())
        assert "hunter2" not in f"{caught.value!r} {caught.value.__cause__!r}"

    def test_what_the_repository_refuses_is_told_in_its_words(self) -> None:
        self.owned.hook("pre-receive", "#!/bin/sh\necho 'no agents here' >&2\nexit 1\n")
        assert "hook declined" in self.refused()

    def test_a_push_whose_answer_is_lost_is_found_to_have_landed(self) -> None:
        # The repository takes the push and dies before it answers.
        script = f'#!/bin/sh\n[ "$1" = committed ] && touch {self.folder}/died && kill -9 $PPID\nexit 0\n'
        self.owned.hook("reference-transaction", script)
        landed = self.make().deliver(self.outgoing())
        assert (self.folder / "died").exists()
        assert self.owned.refs()[BRANCH] == landed.external_id
        assert self.make().find(self.outgoing()) == landed

    def test_nothing_is_left_in_the_work_folder(self) -> None:
        self.make().deliver(self.outgoing())
        self.refused(key="job-1:1:1:1", files=[out_file(EDIT.replace(b"14", b"13"), "changes.patch")])
        assert list((self.folder / "work").iterdir()) == []

    def test_hooks_and_settings_of_this_machine_are_not_obeyed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        home = self.folder / "home"
        hooks = home / "hooks"
        hooks.mkdir(parents=True)
        for name in ("pre-push", "reference-transaction", "post-index-change"):
            (hooks / name).write_text(f"#!/bin/sh\ntouch {self.folder}/ran\n")
            (hooks / name).chmod(0o755)
        (home / ".gitconfig").write_text(f"[core]\n\thooksPath = {hooks}\n[user]\n\tname = Else\n")
        before = self.make().deliver(self.outgoing())
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
        monkeypatch.setenv("GIT_DIR", str(self.folder / "elsewhere"))
        monkeypatch.setenv("GIT_AUTHOR_NAME", "Else")
        self.owned.git("update-ref", "-d", BRANCH)
        assert self.make().deliver(self.outgoing()) == before
        assert not (self.folder / "ran").exists()

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
    def test_a_repository_of_another_user_is_used_because_its_owner_named_it(self) -> None:
        for path in [self.owned.path, *self.owned.path.rglob("*")]:
            os.chown(path, 12_345, 12_345)
        assert self.make().deliver(self.outgoing()).external_id

    def test_binary_changes_arrive(self) -> None:
        tree = self.folder / "change"
        self.owned.git("clone", "--quiet", str(self.owned.path), str(tree), cwd=self.folder)
        (tree / "logo.bin").write_bytes(bytes(reversed(range(256))))
        patch = self.owned.git("diff", "--binary", "--full-index", cwd=tree).encode() + b"\n\n"
        self.make().deliver(self.outgoing(files=[out_file(patch, "changes.patch")]))
        assert int(self.owned.git("cat-file", "-s", f"{BRANCH}:logo.bin")) == 256
