"""What a call may say."""

from typing import Any

import pytest

from jobs.api import inputs


@pytest.mark.parametrize("given", [{"version": 0}, {"version": "x"}, {"version": 2**31}, {"digest": "0" * 65}])
def test_what_was_shown_has_its_bounds(given: dict[str, Any]) -> None:
    assert not inputs.Seen(data={"version": 1, "digest": "", **given}).is_valid()


def test_an_unknown_name_is_told_with_those_there_are() -> None:
    given = inputs.Ending(data={"note": "x"})
    assert not given.is_valid()
    assert given.errors == {"note": ["Unknown. Known here: reason."]}


def test_what_is_not_said_has_a_meaning() -> None:
    given = inputs.ReviewFilter(data={})
    assert given.is_valid()
    assert given.validated_data == {"state": "open", "cursor": None}
