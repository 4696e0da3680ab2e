import pytest

from agents import registry
from agents.contracts import Agent


@pytest.mark.parametrize("name", registry.AGENTS)
def test_every_registered_name_is_an_agent(name: str) -> None:
    agent = registry.load(name)
    assert isinstance(agent, Agent)
    assert agent.name == name
    assert agent.purpose.endswith(".")


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(registry.UnknownAgent, match=r"'barista'.*research, drafting, review, code, communication"):
        registry.load("barista")


@pytest.mark.parametrize(
    ("dotted", "cause"),
    [
        ("agents.kinds.nowhere.Agent", ModuleNotFoundError),
        ("agents.kinds.drafting.Nobody", AttributeError),
        ("agents.contracts.ToolError", None),
        ("agents.kinds.review.ReviewAgent", None),
    ],
)
def test_an_agent_that_cannot_be_loaded_keeps_the_real_cause(dotted: str, cause: type[Exception] | None) -> None:
    with pytest.raises(registry.BrokenAgent, match="drafting") as caught:
        registry.load_path("drafting", dotted)
    assert cause is None or isinstance(caught.value.__cause__, cause)
