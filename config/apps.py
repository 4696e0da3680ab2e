"""Lets Django find the management commands of this room."""

from django.apps import AppConfig


class WiringConfig(AppConfig):
    """No tables."""

    name = "config"
