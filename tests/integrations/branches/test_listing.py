"""What of ours is found in real repositories."""

from datetime import timedelta
from pathlib import Path

import pytest

from integrations.branches.listing import commits_of_ours
from integrations.branches.work import Place
from integrations.contracts import OutcomeUnknown
from integrations.git.target import GitTarget
from tests.integrations.branches import test_work
from tests.integrations.branches.patches import EDIT, EDIT_AGAIN, UID, as_patch, uid_of
from tests.integrations.target_contract import CREATED, out_file
from tests.repositories import Owned

SINCE = CREATED - timedelta(days=1)


def deliver(owned: Owned, folder: Path, key: str, uid: str, patch: bytes = EDIT) -> str:
    """The commit of one delivery."""
    case = test_work.TestWork()
    case.folder, case.owned, case.base = folder, owned, owned.sha()
    target = GitTarget(repositories={"shop": str(owned.path)}, workdir=folder / "work")
    return target.deliver(case.outgoing(key=key, job_uid=uid, files=[as_patch(out_file(patch))])).external_id


def test_each_commit_of_ours_is_listed_with_its_branch(owned: Owned, tmp_path: Path) -> None:
    other = uid_of("x")
    made = [
        deliver(owned, tmp_path, "a:1", UID),
        deliver(owned, tmp_path, "a:2", UID, EDIT_AGAIN),
        deliver(owned, tmp_path, "b:1", other),
    ]
    owned.commit({"theirs.txt": "Nightdesk-Delivery: c:1\n"}, branch=f"agent/{UID}")
    found = commits_of_ours(Place("shop", str(owned.path)), tmp_path / "work", SINCE)
    assert {(branch, one.key, one.external_id) for branch, one in found} == {
        (f"agent/{UID}", "a:1", made[0]),
        (f"agent/{UID}", "a:2", made[1]),
        (f"agent/{other}", "b:1", made[2]),
    }
    later = CREATED + timedelta(days=1)
    assert commits_of_ours(Place("shop", str(owned.path)), tmp_path / "work", later) == []


def test_a_repository_that_cannot_be_read_says_nothing_about_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(OutcomeUnknown, match="shop cannot be read"):
        commits_of_ours(Place("shop", str(tmp_path / "nowhere")), tmp_path / "work", SINCE)
