"""Lets Django find the management commands of this room."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """No tables."""

    name = "agents"

    def ready(self) -> None:
        """Load the checks."""
        from agents import checks  # noqa: F401 - registering is what importing it is for
