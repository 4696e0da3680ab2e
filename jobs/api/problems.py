"""Every way in which a call is refused, as problem details (RFC 9457). The names are promises."""

import logging
from dataclasses import dataclass
from typing import Any

from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from jobs.lifecycle.job import BadJob
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.lifecycle.review import NotAllowed, Stale

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:problem-type:nightdesk:"
# A database that went away comes back, or somebody is called.
_RETRY_AFTER_SECONDS = "5"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """One kind of refusal: its status, and what it is in a few words."""

    name: str
    status: int
    title: str

    @property
    def type(self) -> str:
        """The name that a program compares."""
        return TYPE_PREFIX + self.name


_ALL = (
    Kind("malformed", 400, "The body is no JSON object that can be kept"),
    Kind("invalid", 400, "A value is not what it should be"),
    Kind("not-authenticated", 401, "A good token is needed"),
    Kind("not-permitted", 403, "The token lacks the scope"),
    Kind("not-encrypted", 403, "The call came in the clear"),
    Kind("not-found", 404, "There is nothing at this address"),
    Kind("method-not-allowed", 405, "The address does not take this method"),
    Kind("stale", 409, "It was changed or decided in the meantime"),
    Kind("refused", 409, "This cannot be done with it as it stands"),
    Kind("too-large", 413, "The body is too large"),
    Kind("unsupported-media-type", 415, "The body has to be JSON"),
    Kind("key-reused", 422, "The key was used for another call"),
    Kind("too-many-calls", 429, "The token called too often"),
    Kind("internal", 500, "A fault of ours"),
    Kind("unavailable", 503, "The database cannot be reached"),
)
KINDS = {kind.name: kind for kind in _ALL}


class Problem(Exception):
    """A call is refused; `name` is one of KINDS, `members` are further facts for a program."""

    def __init__(
        self, name: str, detail: str, *, headers: dict[str, str] | None = None, errors: list[Any] | None = None
    ) -> None:
        super().__init__(detail)
        self.kind = KINDS[name]
        self.headers = headers or {}
        self.errors = errors


# What the verbs and the framework raise, and which problem that is.
_NAMES: list[tuple[tuple[type[Exception], ...], str]] = [
    ((Stale, LostRace), "stale"),
    ((NotAllowed, IllegalMove), "refused"),
    ((BadJob,), "invalid"),
    ((Http404, exceptions.NotFound), "not-found"),
    ((exceptions.NotAuthenticated, exceptions.AuthenticationFailed), "not-authenticated"),
    ((exceptions.PermissionDenied,), "not-permitted"),
    ((exceptions.MethodNotAllowed,), "method-not-allowed"),
    ((exceptions.UnsupportedMediaType,), "unsupported-media-type"),
    ((exceptions.ParseError,), "malformed"),
    ((exceptions.Throttled,), "too-many-calls"),
]


def answer(error: Exception, context: dict[str, Any]) -> Response:
    """The answer to a call that ended with this exception; a fault of ours is logged and told without its cause."""
    problem = error if isinstance(error, Problem) else _problem(error)
    if problem.kind.name == "internal":
        log.error("a call of the API failed", exc_info=error)
        got_request_exception.send(sender=None, request=context.get("request"))
    body: dict[str, Any] = {
        "type": problem.kind.type,
        "title": problem.kind.title,
        "status": problem.kind.status,
        "detail": str(problem),
    }
    if problem.errors is not None:
        body["errors"] = problem.errors
    return Response(body, status=problem.kind.status, headers=problem.headers, content_type=MEDIA_TYPE)


def _problem(error: Exception) -> Problem:
    if isinstance(error, exceptions.ValidationError):
        errors = list(_flat(error.detail))
        said = "; ".join(f"{item['pointer'] or 'body'}: {item['detail']}" for item in errors[:5])
        return Problem("invalid", said, errors=errors)
    if isinstance(error, OperationalError | InterfaceError):
        log.error("a call of the API found no database", exc_info=error)
        return Problem("unavailable", "Try again in a moment.", headers={"Retry-After": _RETRY_AFTER_SECONDS})
    for kinds, name in _NAMES:
        if isinstance(error, kinds):
            return Problem(name, str(error), headers=_headers(error))
    return Problem("internal", "It was written to the log.")


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    if proof := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = proof
    if isinstance(error, exceptions.Throttled):
        headers["Retry-After"] = str(int(getattr(error, "wait", None) or 1) + 1)
    return headers


def _flat(detail: Any, pointer: str = "") -> list[dict[str, str]]:
    """Each complaint with a JSON pointer to the value it is about."""
    if isinstance(detail, dict):
        own = "non_field_errors"
        parts = [(pointer if name == own else f"{pointer}/{name}", inner) for name, inner in detail.items()]
    elif isinstance(detail, list):
        # A text is a complaint about the list's place itself, anything else is about one of its members.
        parts = [
            (pointer if isinstance(inner, str) else f"{pointer}/{number}", inner)
            for number, inner in enumerate(detail)
        ]
    else:
        return [{"pointer": pointer, "detail": str(detail)}]
    return [item for place, inner in parts for item in _flat(inner, place)]
