"""Guesses at passwords: whose they are counted as, and what whoever guessed too often is shown.

django-axes counts the wrong ones of a quarter of an hour in three ways: at a name from one place (five), at a name
from everywhere, and from one place at any name (twenty each). Who reaches a number waits until enough of them are
older than that; going on makes it no longer. A browser in which a person has come in before, or is in, is counted
by name and place alone, so that nobody keeps them out from elsewhere. Passkeys and the link of `manage.py enter`
are never shut.
"""

import ipaddress
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from config import doors
from integrations.visitors import origin_of
from jobs.inbox import known


class Counting(AxesDatabaseHandler):  # type: ignore[misc]  # the package has no types
    """As the package's, with a higher number for what a name or a place has on its hands alone."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """The greatest of the three counts, as if all of them ended at AXES_FAILURE_LIMIT."""
        if credentials and "webauthn_credential" in credentials:
            return 0  # nobody guesses a passkey
        both, name, place = (_number(attempts) for attempts in self.get_user_attempts(request, credentials))
        if known.is_here(request, get_client_username(request, credentials) or ""):
            return both
        return max(both, name // doors.WIDER, place // doors.WIDER)

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """A right password forgets the wrong ones of this name from this place, and nobody else's."""
        count: int = self.filter_user_attempts(request, credentials)[0].delete()[0]
        return count


def visitor(request: HttpRequest) -> str:
    """The place that a request comes from, as an address that stands for it and can be read by nobody.

    A keyed hash under fd00::/8. Behind our own proxy only the address that the proxy saw counts, so that forged
    headers neither free whoever guesses nor put the blame on others.
    """
    return str(ipaddress.IPv6Address(int("fd" + origin_of(request)[:30], 16)))


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: Any = None) -> HttpResponse:
    """The page for whoever guessed too often: how long it lasts, and the ways in that stay open."""
    minutes = int(doors.COOLOFF.total_seconds() // 60)
    page = render(request, "inbox/locked.html", {"minutes": minutes}, status=429)
    page.headers["Retry-After"] = str(minutes * 60)
    return page


def _number(attempts: "QuerySet[Any]") -> int:
    return attempts.aggregate(total=Sum("failures_since_start"))["total"] or 0
