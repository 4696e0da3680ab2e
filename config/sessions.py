"""Sessions that end: after a while in which nobody did anything, and in any case after a longer one."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

BEGAN, SEEN = "began_at", "seen_at"
# So often at most the time of the last act is written down.
_EVERY = 60


class Limits:
    """Ends the session of a person that is over; what a page asks for by itself keeps none alive."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look before anything is done in the person's name."""
        if request.user.is_authenticated:
            now = int(time.time())
            began = request.session.setdefault(BEGAN, now)
            seen = request.session.setdefault(SEEN, now)
            if (
                now - began > settings.SESSION_LASTS.total_seconds()
                or now - seen > settings.SESSION_IDLE.total_seconds()
            ):
                logout(request)
                messages.info(request, _("You were away for a while. Please log in again."))
            elif now - seen >= _EVERY and _is_of_a_person(request):
                request.session[SEEN] = now
        return self.get_response(request)


def _is_of_a_person(request: HttpRequest) -> bool:
    """Whether somebody did something: a page was opened, a form sent. A script that looks for news is nobody."""
    return request.method == "POST" or request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
