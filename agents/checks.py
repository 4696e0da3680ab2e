"""System checks of the agents: what could leak is found at the start."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from agents import registry
from agents.access import Several


@register("nightdesk")
def rule_of_two(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """No agent reads strangers' words, knows what is private and reaches out, all at once."""
    return list(_findings())


def _findings() -> Iterator[CheckMessage]:
    for name in registry.AGENTS:
        try:
            agent = registry.load(name)
        except registry.BrokenAgent as error:
            yield Error(str(error), hint="Mend its line in agents/registry.py.", id="nightdesk.E003")
            continue
        accesses = [registry.access_of(agent), *(agent.accesses if isinstance(agent, Several) else ())]
        if any(access.untrusted and access.private and access.reaches_out for access in accesses):
            yield Error(
                f"The agent {name!r} reads strangers' words, knows what is private and reaches out.",
                hint="Declare its `access` (agents/access.py), and take one of the three from it.",
                id="nightdesk.E004",
            )
