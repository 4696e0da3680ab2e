"""Who calls, and what they may: a bearer token with its scopes. No session, no cookie, no password."""

import re
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import User
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from jobs import rights
from jobs.api.problems import Problem
from jobs.lifecycle import token as tokens
from jobs.models import Token
from jobs.models.token import DECIDE_REVIEWS, MERGE, READ, WRITE_JOBS

if TYPE_CHECKING:
    from rest_framework.views import APIView

# A token may do no more than its person.
_RIGHTS = {READ: rights.READ, WRITE_JOBS: rights.DECIDE, DECIDE_REVIEWS: rights.DECIDE, MERGE: rights.DECIDE}
_BEARER = re.compile(r"bearer ([!-~]{1,255})", re.IGNORECASE)


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer nd_api_…`."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        """The person in whose name it acts, and the token; None if no token was sent."""
        given = request.headers.get("Authorization", "")
        if not given:
            return None
        if settings.SECURE_SSL_REDIRECT and not request.is_secure():
            raise Problem("not-encrypted", "Others may have read the token: revoke it, and use https.")
        match = _BEARER.fullmatch(given)
        token = tokens.recognise(match[1]) if match else None
        if token is None:
            raise AuthenticationFailed("This is no token of ours, or it was revoked.")
        tokens.note_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What a caller without one is told to bring."""
        return 'Bearer realm="nightdesk"'


def token_of(request: Request) -> Token:
    """The token of a call that was let through."""
    if not isinstance(request.auth, Token):
        raise NotAuthenticated("Send a token: Authorization: Bearer nd_api_…")
    return request.auth


class HasScope(BasePermission):
    """The token has the scope that the view names for this method, and its person the right."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """True, or raises what is missing."""
        token = token_of(request)
        method = "GET" if request.method == "HEAD" else request.method
        scope = getattr(view, "scopes", {}).get(method, "")
        if scope and scope not in token.scopes:
            raise PermissionDenied(f"This needs the scope {scope}; the token has {', '.join(token.scopes)}.")
        if scope and not token.user.has_perm(_RIGHTS[scope]):
            raise PermissionDenied(f"{token.user.get_username()}, in whose name it acts, may not do that any more.")
        return True


class PerToken(SimpleRateThrottle):
    """So many calls a token; counted in the process that serves the web, of which a host has one."""

    scope = "token"

    def get_rate(self) -> str:
        """As the settings have it."""
        return str(settings.API_RATE)

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        """One count a token; who has none is refused before."""
        return f"api-calls-{request.auth.pk}" if isinstance(request.auth, Token) else None
