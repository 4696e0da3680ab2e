"""Branches in any repository that git can push to."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.contracts import DeliveryError, Outgoing
from integrations.git.target import GitTarget, _page
from tests.integrations.branches.conftest import FILES
from tests.integrations.branches.patches import BRANCH, EDIT, UID, as_patch, new_file, uid_of
from tests.integrations.target_contract import CREATED, OnThisMachine, TargetContract, out_file
from tests.repositories import Owned, an_owned


class TestGit(OnThisMachine, TargetContract):
    kind = "branch"
    owned: Owned

    @pytest.fixture(autouse=True)
    def world(self, tmp_path: Path) -> None:
        self.folder = tmp_path
        self.owned = an_owned(tmp_path, FILES)
        self.base = self.owned.sha()

    def make(self) -> GitTarget:
        return GitTarget(repositories={"shop": str(self.owned.path)}, workdir=self.folder / "work")

    def effects(self) -> int:
        return len(self.owned.updates())

    def refused_for_good(self) -> tuple[GitTarget, Outgoing]:
        return self.make(), self.outgoing(fields={**self.told(), "repository": "attic"})

    def told(self) -> dict[str, Any]:
        return {"repository": "shop", "base_sha": self.base, "message": "Raise the price\n\nFlour is dear."}

    def outgoing(self, key: str = "job-1:1:0:1", **changes: Any) -> Outgoing:
        """Each key is of a job of its own, unless it is said whose it is."""
        files = [as_patch(file) for file in changes.pop("files", [out_file(EDIT, "changes.patch", kind="patch")])]
        return super().outgoing(key, **{"job_uid": uid_of(key), "fields": self.told(), "files": files, **changes})

    def test_a_page_is_named_where_its_address_is_certain(self) -> None:
        for address in (
            "https://github.com/acme/shop.git",
            "git@github.com:acme/shop",
            "https://t:x@github.com/acme/shop",
        ):
            assert _page(address, f"agent/{UID}") == f"https://github.com/acme/shop/tree/agent/{UID}"
        assert _page("https://git.example.com/acme/shop", "agent/x") == ""

    def test_a_repository_that_nobody_named_is_said(self) -> None:
        target, outgoing = self.refused_for_good()
        with pytest.raises(DeliveryError, match="no repository named 'attic'; there are: shop"):
            target.deliver(outgoing)

    def test_what_another_target_delivers_by_now_is_not_listed(self) -> None:
        self.make().deliver(self.outgoing())
        repositories = {"shop": str(self.owned.path)}
        target = GitTarget(repositories=repositories, workdir=self.folder / "work", elsewhere=["shop"])
        assert target.listing(CREATED - timedelta(days=1)) == []

    def test_ci_is_changed_where_its_owner_allows_it(self) -> None:
        patch = out_file(new_file("on: push\n", ".github/workflows/ci.yml"))
        with pytest.raises(DeliveryError, match="CI"):
            self.make().deliver(self.outgoing(files=[patch]))
        repositories = {"shop": str(self.owned.path)}
        target = GitTarget(repositories=repositories, workdir=self.folder / "work", ci_repositories=["shop"])
        target.deliver(self.outgoing(files=[patch]))
        assert self.owned.git("show", f"{BRANCH}:.github/workflows/ci.yml") == "on: push"
