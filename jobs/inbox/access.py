"""Who may see a page: an active person who has logged in. Everybody else is led to the login, told nothing."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import resolve, reverse

_P = ParamSpec("_P")
_View = Callable[Concatenate[HttpRequest, _P], HttpResponse]
# The page that can be read of what an address names.
_PAGES = {
    "pk": "inbox:item",
    "uid": "inbox:job",
    "slug": "inbox:trigger",
    "receipt_id": "inbox:receipt",
}


def person_only(view: _View[_P]) -> _View[_P]:
    """Let a logged-in person through; lead others to the login and from there to a page that can be read."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        return redirect_to_login(_readable(request))

    return cast(_View[_P], guarded)


def permitted(permission: str) -> Callable[[_View[_P]], _View[_P]]:
    """Let a person through who has this permission, the same that the admin asks for; refuse others with 403."""

    def decorate(view: _View[_P]) -> _View[_P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
            if request.user.is_authenticated and not request.user.has_perm(permission):
                raise PermissionDenied("You may read this, not change it.")
            return view(request, *args, **kwargs)

        return person_only(cast(_View[_P], guarded))

    return decorate


def _readable(request: HttpRequest) -> str:
    """The page itself; for the address of a verb, the page of the row that it decides."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    found = resolve(request.path_info)
    page = next((_PAGES[name] for name in found.kwargs if name in _PAGES), "")
    return reverse(page, kwargs=found.kwargs) if page else reverse("inbox:inbox")
