from typing import Any, ClassVar

import pytest

from agents import checks, registry
from agents.access import ALL_ACCESS, Access
from agents.kinds.drafting import DraftingAgent


class Silent(DraftingAgent):
    """Declares nothing that can be read."""

    access: ClassVar[Any] = "none"


class Greedy(DraftingAgent):
    """Wants all three."""

    access: ClassVar[Access] = ALL_ACCESS


class Careful(DraftingAgent):
    """Leaves one out."""

    access: ClassVar[Access] = Access(untrusted=False, private=True, reaches_out=True)


def found() -> list[str | None]:
    return [message.id for message in checks.rule_of_two(None)]


def test_every_agent_of_the_house_leaves_one_of_the_three_out() -> None:
    assert found() == []
    assert {name: registry.access_of(registry.load(name)) for name in ("research", "code", "communication")} == {
        "research": Access(untrusted=True, private=False, reaches_out=True),
        "code": Access(untrusted=True, private=True, reaches_out=False),
        "communication": Access(untrusted=True, private=True, reaches_out=False),
    }


@pytest.mark.parametrize(
    ("dotted", "expected"),
    [
        (f"{__name__}.Careful", []),
        (f"{__name__}.Greedy", ["nightdesk.E004"]),
        (f"{__name__}.Silent", ["nightdesk.E004"]),
        (f"{__name__}.Nobody", ["nightdesk.E003"]),
    ],
)
def test_one_that_has_all_three_or_declares_nothing_is_refused(
    dotted: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.AGENTS, "drafting", dotted)
    assert found() == expected
