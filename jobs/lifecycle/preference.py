"""Verbs of a Preference: how a person reads the pages."""

from django.contrib.auth.models import User

from jobs.models import Preference


def set_zone(user: User, zone: str, *, is_guess: bool = False) -> bool:
    """Keep the zone of a person's clock; return whether it changed. A guess never overwrites what is there."""
    row, _ = Preference.objects.get_or_create(user=user)
    if row.zone == zone or (is_guess and row.zone):
        return False
    Preference.objects.filter(pk=row.pk).update(zone=zone)
    return not is_guess


def set_language(user: User, language: str) -> None:
    """Keep the language that a person reads; empty: as their browser asks."""
    Preference.objects.update_or_create(user=user, defaults={"language": language})
