"""Openings as the agents write them, and a catalogue as the orchestrator is given it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from agents.contracts import Ask, Json
from agents.llm.rehearsal.reading import Told, read
from agents.loop import fence

TEXT: Json = {"type": "string"}


def _input(*required: str, **properties: Any) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


@pytest.fixture
def catalogue() -> dict[str, Json]:
    """Five agents with inputs like the real ones."""
    sources = {"type": "array", "items": TEXT, "maxItems": 12}
    kinds = {"enum": ["article", "proposal", "email", "documentation", "report", "page", "post", "other"]}
    return {
        "research": _input("question", question=TEXT, sources=sources),
        "drafting": _input("kind", "audience", "instructions", kind=kinds, audience=TEXT, instructions=TEXT),
        "review": _input(rubric={"type": "array", "items": TEXT}, file=TEXT),
        "code": _input("repository", "task", repository=TEXT, task=TEXT, test_command=TEXT),
        "communication": _input("purpose", purpose=TEXT, based_on=TEXT),
    }


@pytest.fixture
def told() -> Callable[..., Told]:
    """What a rehearsal reads of a request."""

    def make(title: str, text: str, *, client: str = "", agent: str = "orchestrator", **more: str) -> Told:
        parts = ["# The request\n\n" + fence("request", f"{title}\n\n{text}")]
        who = f"{client} (has a trusted recipient)" if client else "None: there is nobody to write to."
        sections = {"The client": who, **{name.replace("_", " "): body for name, body in more.items()}}
        parts += [f"# {heading}\n\n{body}" for heading, body in sections.items()]
        return read(Ask(agent=agent, model="rehearsal", system="", messages=[_user("\n\n".join(parts))]))

    return make


@pytest.fixture
def system(catalogue: dict[str, Json]) -> str:
    """A system prompt that holds the catalogue."""
    entries = [{"agent": name, "purpose": "p", "input": given} for name, given in catalogue.items()]
    return f"You plan [carefully].\n\n{json.dumps(entries, indent=1)}\n\nDecide."


def _user(content: str) -> Json:
    return {"role": "user", "content": content}
