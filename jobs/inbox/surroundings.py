"""What every page has around it: how many items wait, which mode this is, which languages there are."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from jobs import queries


def surroundings(request: HttpRequest) -> dict[str, Any]:
    """For all templates. `waiting` is read only where a template asks for it, and only for a person."""
    user = getattr(request, "user", None)
    is_person = user is not None and user.is_authenticated
    return {
        "languages": settings.LANGUAGES,
        "zone": timezone.get_current_timezone_name(),
        "is_demo": settings.DEMO,
        "is_rehearsal": settings.REHEARSAL,
        "waiting": cache(lambda: queries.open_count(timezone.now())[0]) if is_person else 0,
    }
