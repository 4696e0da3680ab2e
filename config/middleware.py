"""Response headers that every page carries, the language that it speaks, and whose clock it shows."""

import functools
import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.utils import timezone, translation

# Whoever calls there compares what is answered.
_PROGRAMS = "/api/"


class ContentSecurityPolicy:
    """Sends settings.SECURE_CSP, the shape of Django 6's setting; goes away with the move to Django 6.2 LTS."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.policy = "; ".join(f"{name} {sources}" for name, sources in settings.SECURE_CSP.items())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the policy, unless a page has a stricter one; pages of a signed-in person are not kept by caches."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class Language(LocaleMiddleware):
    """The person's choice, else the browser's, else the house's; programs are always answered in English."""

    def process_request(self, request: HttpRequest) -> None:
        """Programs compare what they are told: the language of the API depends on nothing."""
        if request.path.startswith(_PROGRAMS):
            translation.activate("en")
        else:
            super().process_request(request)


@functools.cache
def _is_zone(name: str) -> bool:
    """Whether this machine knows it: the list of all is read from the disk, which takes longer than a page."""
    return name in zoneinfo.available_timezones()


class Reader:
    """A page speaks the person's own language, and its times are those of their own clock, where they said so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """For this request alone: nights, days of money and the digest keep the house's clock and language."""
        preference = getattr(request.user, "preference", None)
        if preference is None:
            return self.get_response(request)
        if preference.language in dict(settings.LANGUAGES) and not request.path.startswith(_PROGRAMS):
            translation.activate(preference.language)
        if not _is_zone(preference.zone):
            return self.get_response(request)
        with timezone.override(preference.zone):
            return self.get_response(request)
