"""Slack would open these windows."""

import pytest

from integrations.contracts import Json
from integrations.slack import modals
from tests.emulators.slack_rules import check_view

REFERENCE = f"{10**17}:99:{'a' * 64}"


@pytest.mark.parametrize("view", [modals.revision(REFERENCE), modals.own_answer(REFERENCE)])
def test_a_window_is_one_that_slack_takes(view: Json) -> None:
    check_view(view)
    assert view["private_metadata"] == REFERENCE
