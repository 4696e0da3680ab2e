"""A job of the small agency, as its agents are told of it."""

from typing import ClassVar

import pytest

from agents.contracts import Brief, ClientFacts, Earlier, Material
from tests.scripted import ScriptedLLM


class Rehearsing(ScriptedLLM):
    """Recites like the scripted model under the name of the rehearsal."""

    name: ClassVar[str] = "rehearsal"


@pytest.fixture
def brief() -> Brief:
    """A Task in a job with a client, a file, and one earlier step."""
    menu = Material(name="menu-draft.md", text="# Spring menu\n\nAsparagus is here. Book a table by Friday.")
    done = Earlier(
        position=1,
        agent="drafting",
        title="Write the menu",
        output={"title": "Spring menu", "markdown": menu.text, "open_points": [], "kind": "email"},
        materials=[menu],
    )
    return Brief(
        job_uid="8f14e45f",
        job_title="Spring menu",
        job_brief="Announce the spring menu to the regulars.",
        client=ClientFacts(name="Trattoria Lume", tone="warm", notes="pays late", has_recipients=True),
        task_title="Spring Menü: the announcement!",
        earlier=[done],
        materials=[Material(name="prices.md", text="Asparagus risotto costs 14 euros.")],
    )
