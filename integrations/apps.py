"""Lets Django find the management commands of this room, and says how its words are translated."""

from django.apps import AppConfig
from django.utils.translation import gettext

from integrations import words


class IntegrationsConfig(AppConfig):
    """No tables."""

    name = "integrations"

    def ready(self) -> None:
        """What talks is plain Python: it is told here how to speak."""
        words.speak_by(gettext)
