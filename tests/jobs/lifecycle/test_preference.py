"""How a person reads the pages."""

import pytest
from django.contrib.auth.models import User

from jobs.lifecycle import preference
from jobs.models import Preference

pytestmark = pytest.mark.django_db


def test_a_zone_is_kept_and_a_guess_overwrites_nothing(owner: User) -> None:
    assert not preference.set_zone(owner, "Europe/Berlin", is_guess=True)
    assert Preference.objects.get().zone == "Europe/Berlin"
    assert not preference.set_zone(owner, "UTC", is_guess=True)
    assert preference.set_zone(owner, "UTC")
    assert not preference.set_zone(owner, "UTC")
    assert Preference.objects.get().zone == "UTC"
