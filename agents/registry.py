"""All agents there are: a new one is one file under `kinds/`, one prompt, and one line here.

Installed packages bring theirs along as entry points of the group `nightdesk.agents`.
"""

import logging
from importlib import import_module
from importlib.metadata import entry_points

from agents.access import ALL_ACCESS, Access, Several
from agents.contracts import Agent, Json

GROUP = "nightdesk.agents"
BUILT_IN = {
    "research": "agents.kinds.research.ResearchAgent",
    "drafting": "agents.kinds.drafting.DraftingAgent",
    "review": "agents.kinds.review.ReviewAgent",
    "code": "agents.kinds.code.CodeAgent",
    "communication": "agents.kinds.communication.CommunicationAgent",
}

log = logging.getLogger(__name__)


def installed() -> dict[str, str]:
    """Name -> dotted path of the agents of installed packages; none can take the place of one of this house.

    https://packaging.python.org/en/latest/specifications/entry-points/
    """
    found = {point.name: point.value.replace(":", ".") for point in entry_points(group=GROUP)}
    for name in found.keys() & BUILT_IN.keys():
        log.warning("an installed package has an agent %r too; that of this house is used", name)
    return {name: path for name, path in sorted(found.items()) if name not in BUILT_IN}


AGENTS = {**BUILT_IN, **installed()}


class UnknownAgent(LookupError):
    """A name that is not in the registry; the text lists those that are."""


class BrokenAgent(RuntimeError):
    """A registered agent that cannot be loaded; the cause is kept."""


def load(name: str) -> Agent:
    """Make the agent called `name`; raise UnknownAgent or BrokenAgent."""
    if name not in AGENTS:
        raise UnknownAgent(f"There is no agent {name!r}. Agents: {', '.join(AGENTS)}.")
    return load_path(name, AGENTS[name])


def access_of(agent: Agent) -> Access:
    """What the agent declares that it touches; everything where it declares nothing."""
    declared = getattr(agent, "access", ALL_ACCESS)
    return declared if isinstance(declared, Access) else ALL_ACCESS


def access_for(agent: Agent, given: Json, options: Json) -> Access:
    """What the agent touches in one Task of this input; one that works in several ways says which (Several)."""
    return agent.access_for(given, options) if isinstance(agent, Several) else access_of(agent)


def load_path(name: str, dotted: str) -> Agent:
    """Make the agent that `dotted` points at and check that it is what the registry calls it."""
    module, _, attribute = dotted.rpartition(".")
    try:
        agent = getattr(import_module(module), attribute)()
    except Exception as cause:
        raise BrokenAgent(
            f"The agent {name!r} ({dotted}) cannot be loaded: {type(cause).__name__}: {cause}"
        ) from cause
    if not isinstance(agent, Agent) or agent.name != name:
        raise BrokenAgent(f"{dotted} is not an agent named {name!r}: see Agent in agents/contracts.py.")
    return agent
