"""Who may see a page: an active person who has logged in and has the right. Others are led to the login.

Without further words reading needs the right to read, and everything else the right to decide (`jobs.rights`).
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import resolve, reverse
from django.utils.translation import gettext as _

from jobs import rights

_P = ParamSpec("_P")
_View = Callable[Concatenate[HttpRequest, _P], HttpResponse]
_READING = {"GET", "HEAD", "OPTIONS"}
# The page that can be read of what an address names.
_PAGES = {
    "pk": "inbox:item",
    "uid": "inbox:job",
    "slug": "inbox:trigger",
    "client_slug": "inbox:client",
    "receipt_id": "inbox:receipt",
}


def person_only(view: _View[_P]) -> _View[_P]:
    """Let through who may read, or may decide where this is no reading; refuse other people with 403.

    Who has not logged in is led to the login, and from there to a page that can be read.
    """
    return _guarded(view, lambda request: rights.READ if request.method in _READING else rights.DECIDE)


def own_account(view: Callable[Concatenate[HttpRequest, User, _P], HttpResponse]) -> Callable[..., HttpResponse]:
    """For a person's own account, whatever they may do elsewhere: calls the view with them."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
        if isinstance(request.user, User):
            return view(request, request.user, *args, **kwargs)
        return redirect_to_login(_readable(request))

    return guarded


def permitted(permission: str) -> Callable[[_View[_P]], _View[_P]]:
    """Let a person through who has this right, whatever the method; refuse other people with 403."""

    def decorate(view: _View[_P]) -> _View[_P]:
        return _guarded(view, lambda request: permission)

    return decorate


def _guarded(view: _View[_P], needs: Callable[[HttpRequest], str]) -> _View[_P]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(_readable(request))
        if not request.user.has_perm(needs(request)):
            raise PermissionDenied(_("Your account may not do that."))
        return view(request, *args, **kwargs)

    return cast(_View[_P], guarded)


def _readable(request: HttpRequest) -> str:
    """The page itself; for the address of a verb, the page of the row that it decides."""
    if request.method in _READING:
        return request.get_full_path()
    found = resolve(request.path_info)
    row = next((name for name in found.kwargs if name in _PAGES), "")
    return reverse(_PAGES[row], kwargs={row: found.kwargs[row]}) if row else reverse("inbox:inbox")
