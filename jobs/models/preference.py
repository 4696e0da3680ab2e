"""Preference: how a person reads the pages."""

from django.conf import settings
from django.db import models


class Preference(models.Model):
    """One person's. Empty means: as the house has it (TIME_ZONE), or as the browser asks (language)."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="preference"
    )
    zone = models.CharField(max_length=64, blank=True)  # a name of the IANA database, such as Europe/Berlin
    language = models.CharField(max_length=12, blank=True)  # such as de

    def __str__(self) -> str:
        """Return the zone."""
        return self.zone
