"""The merge that a person asked for: exactly the head that was shown, once, and nothing else."""

from typing import Any

import pytest

from integrations.contracts import DeliveryError, OutcomeUnknown, Outgoing
from integrations.github.target import GitHubTarget
from tests.emulators.github_logins import APP_ID
from tests.integrations.branches.patches import BRANCH, EDIT_AGAIN, UID
from tests.integrations.github import test_target
from tests.integrations.github.test_target import HEAD
from tests.integrations.github.world import World, hub
from tests.integrations.target_contract import out_file

__all__ = ["hub"]


class Merging:
    """One pull request that is there, and the merge of it."""

    def __init__(self, there: World) -> None:
        self.there = there
        self.branches = test_target.TestGitHub()
        self.branches.there, self.branches.base = there, there.owned.sha()
        pushed = there.target().deliver(self.branches.outgoing())
        assert pushed.merge
        self.fields = pushed.merge

    def outgoing(self, **fields: Any) -> Outgoing:
        told = {**self.fields, **fields}
        return self.branches.outgoing("job-1:1:0:1:merge:1", kind="merge", job_uid=UID, fields=told, files=[])

    def deliver(self, **fields: Any) -> Any:
        return self.there.target().deliver(self.outgoing(**fields))

    def refused(self, **fields: Any) -> str:
        """Why nothing was merged, for good."""
        before = self.there.owned.sha("main")
        with pytest.raises(DeliveryError) as caught:
            self.deliver(**fields)
        assert caught.value.permanent
        assert self.there.owned.sha("main") == before
        return str(caught.value)


@pytest.fixture
def merging(hub: World) -> Merging:
    return Merging(hub)


def test_exactly_the_head_that_was_shown_is_merged_once(merging: Merging) -> None:
    assert merging.there.target().find(merging.outgoing()) is None
    landed = merging.deliver()
    owned = merging.there.owned
    assert landed.external_id == owned.sha("main")
    assert owned.sha("main^2") == merging.fields["commit"] == owned.refs()[BRANCH]
    assert landed.detail == f"#{merging.fields['number']} on shop merged as {owned.sha('main')[:12]}"
    assert merging.deliver() == merging.there.target().find(merging.outgoing()) == landed
    (asked,) = [req for req in merging.there.writes() if req.path.endswith("/merge")]
    assert asked.json() == {"sha": merging.fields["commit"], "merge_method": "merge"}


def test_a_branch_that_went_on_is_not_merged(merging: Merging) -> None:
    merging.there.owned.commit({"more.txt": "more\n"}, branch=HEAD)
    assert "went on since it was looked at" in merging.refused()
    assert merging.there.target().find(merging.outgoing()) is None


def test_github_itself_refuses_a_head_that_moves_at_the_last_moment(merging: Merging) -> None:
    owned = merging.there.owned
    merging.there.github.before("PUT .*/merge", lambda: owned.commit({"more.txt": "x\n"}, branch=HEAD))
    assert "409" in merging.refused()
    assert "Head branch was modified" in merging.refused() or "went on" in merging.refused()


def test_what_the_repositorys_rules_forbid_is_said(merging: Merging) -> None:
    merging.there.place.unmergeable = 'Required status check "tests" is expected.'
    assert 'Required status check "tests" is expected.' in merging.refused()


def test_a_pull_request_that_was_closed_is_not_merged(merging: Merging) -> None:
    merging.there.github.close(merging.there.place, merging.there.pull)
    assert "was closed" in merging.refused()


def test_what_a_person_merged_meanwhile_counts_as_merged(merging: Merging) -> None:
    made = merging.there.github.merge(merging.there.place, merging.there.pull)
    assert merging.deliver().external_id == made
    assert not [req for req in merging.there.writes() if req.path.endswith("/merge")]


@pytest.mark.parametrize("fault", ["lost", "drop", "reset", "truncate_json"])
def test_a_merge_without_an_answer_is_looked_up_and_made_once(merging: Merging, fault: str) -> None:
    merging.there.github.fault("PUT .*/merge", fault)
    with pytest.raises(OutcomeUnknown):
        merging.deliver()
    found = merging.there.target().find(merging.outgoing())
    assert (found is not None) == (fault in {"lost", "truncate_json"})
    landed = found or merging.deliver()
    assert landed.external_id == merging.there.owned.sha("main")
    assert merging.there.owned.git("rev-list", "--count", "--merges", "main") == "1"


@pytest.mark.parametrize(
    "fields",
    [
        {"number": "13"},
        {"number": None},
        {"commit": ""},
        {"commit": "main"},
        {"branch": "main"},
        {"branch": "agent/00000000-0000-4000-8000-000000000009"},
        {"repository": "attic"},
        {"repository": "site"},
    ],
)
def test_nothing_but_this_jobs_own_branch_can_be_named(merging: Merging, fields: dict[str, Any]) -> None:
    merging.refused(**fields)
    assert not [req for req in merging.there.writes() if req.path.endswith("/merge")]


def test_another_branchs_pull_request_is_not_merged(merging: Merging) -> None:
    other = merging.branches.outgoing("job-2:1:0:1", files=[out_file(EDIT_AGAIN.replace(b"15", b"14", 1), "x")])
    landed = merging.there.target().deliver(other)
    assert landed.merge
    assert "is not one of" in merging.refused(number=landed.merge["number"])


def test_the_owner_chooses_how_and_a_way_that_there_is_not_is_said(merging: Merging) -> None:
    merging.there.target(merge_method="squash").deliver(merging.outgoing())
    (asked,) = [req for req in merging.there.writes() if req.path.endswith("/merge")]
    assert asked.json()["merge_method"] == "squash"
    with pytest.raises(ValueError, match="GITHUB_MERGE_METHOD is 'octopus': write one of merge, squash, rebase"):
        GitHubTarget(repositories={}, workdir="/x", merge_method="octopus")


def test_an_app_merges_too(merging: Merging) -> None:
    logins = merging.there.github.logins
    merging.there.options = {"token": "", "app_id": APP_ID, "app_key": logins.app_key}
    merging.there.github.before("PUT .*/merge", logins.expire)
    assert merging.deliver().external_id == merging.there.owned.sha("main")
