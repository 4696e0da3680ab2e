"""Lets Django find the management commands of this room."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """No tables."""

    name = "integrations"
