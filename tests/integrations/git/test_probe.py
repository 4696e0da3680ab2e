"""Repositories that plain git reaches: read, and a push that is only rehearsed."""

from pathlib import Path

import pytest

from integrations.git.probe import GitProbe
from tests.repositories import Owned, an_owned


@pytest.fixture
def owned(tmp_path: Path) -> Owned:
    return an_owned(tmp_path, {"menu.py": "PRICE = 14\n"})


def probe(owned: Owned, **more: str) -> GitProbe:
    """Of one repository and others, without those that are delivered elsewhere."""
    known = {"shop": str(owned.path), "hub": "https://github.invalid/acme/hub.git", **more}
    return GitProbe(repositories=known, workdir=owned.folder / "work", elsewhere=["hub"])


def test_what_can_be_worked_in_is_said_and_nothing_is_left_behind(owned: Owned) -> None:
    (found,) = probe(owned).look()
    assert (found.ok, found.says) == (True, "shop can be read.")
    (tried,) = probe(owned).try_out()
    assert (tried.ok, tried.says) == (True, "shop would take a branch; nothing was made.")
    assert list(owned.refs()) == ["refs/heads/main"]
    assert list((owned.folder / "work").iterdir()) == []


def test_each_that_cannot_be_used_is_said_by_its_name(owned: Owned) -> None:
    for found in (probe(owned, gone="/nowhere.git").look(), probe(owned, gone="/nowhere.git").try_out()):
        assert [one.ok for one in found] == [True, False]
        assert found[1].says.startswith("gone cannot be used")
        assert "NIGHTDESK_REPOSITORIES" in found[1].fix
