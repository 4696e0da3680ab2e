"""Lets Django find the management commands of this room, and says how its words are translated."""

from django.apps import AppConfig
from django.utils.translation import gettext

from agents import words


class AgentsConfig(AppConfig):
    """No tables."""

    name = "agents"

    def ready(self) -> None:
        """Load the checks. What thinks is plain Python: it is told here how to speak."""
        words.speak_by(gettext)
        from agents import checks  # noqa: F401 - registering is what importing it is for
