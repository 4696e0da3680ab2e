"""Lets Django find the management commands of this room, and says which site the engine room is."""

import gc
import os

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps as admin

from config import env


class WiringConfig(AppConfig):
    """No tables."""

    name = "config"
    default = True

    def ready(self) -> None:
        """What a cluster loads before it forks stays shared by its processes: no collection marks it."""
        if env.text("NIGHTDESK_ROLE") in settings.WORKERS:
            os.register_at_fork(before=gc.freeze)


class EngineRoomConfig(admin.AdminConfig):
    """Django's admin on the site of this house."""

    default_site = "config.room.EngineRoom"
    default = False
