"""All agents there are: a new one is one file under `kinds/`, one prompt, and one line here."""

from importlib import import_module

from agents.contracts import ALL_ACCESS, Access, Agent

AGENTS = {
    "research": "agents.kinds.research.ResearchAgent",
    "drafting": "agents.kinds.drafting.DraftingAgent",
    "review": "agents.kinds.review.ReviewAgent",
    "code": "agents.kinds.code.CodeAgent",
    "communication": "agents.kinds.communication.CommunicationAgent",
}


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
