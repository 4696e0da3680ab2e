"""Lets Django find the management commands of this room."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """No tables."""

    name = "agents"
