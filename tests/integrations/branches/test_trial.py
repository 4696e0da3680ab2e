from pathlib import Path

import pytest

from integrations.branches.command import GitFailed
from integrations.branches.trial import try_push
from integrations.branches.work import Place
from tests.repositories import Owned


def test_a_push_that_is_rehearsed_changes_nothing(owned: Owned, tmp_path: Path) -> None:
    before = owned.refs()
    try_push(Place("shop", str(owned.path)), tmp_path / "work")
    assert owned.refs() == before
    assert owned.updates() == []
    assert list((tmp_path / "work").iterdir()) == []


def test_where_nothing_can_be_pushed_it_says_why(tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match="not appear to be a git repository"):
        try_push(Place("shop", str(tmp_path / "nowhere")), tmp_path / "work")
