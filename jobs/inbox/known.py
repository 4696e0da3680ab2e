"""Browsers that know a person: who came in there by a password once is not kept out by what strangers guess."""

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest, HttpResponse

_SALT = "nightdesk.known"
_SECONDS = 365 * 86_400


def remember(response: HttpResponse, user: User) -> None:
    """Let this browser know the person for a year. It opens nothing: their password is asked for as ever."""
    response.set_cookie(
        settings.KNOWN_COOKIE_NAME,
        signing.dumps([user.pk, user.get_username()], salt=_SALT),
        max_age=_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def is_here(request: HttpRequest, name: str) -> bool:
    """Whether the person of this name is in, or has been, in the browser that asks."""
    if request.user.is_authenticated:
        return request.user.get_username() == name
    try:
        told = signing.loads(request.COOKIES.get(settings.KNOWN_COOKIE_NAME, ""), salt=_SALT, max_age=_SECONDS)
    except signing.BadSignature:
        return False
    return bool(name) and told[1] == name
