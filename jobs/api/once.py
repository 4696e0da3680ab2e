"""Idempotency-Key: the same POST again changes nothing and hears the same answer.

The answer is kept in the transaction of what it tells, so neither is ever there without the other. Of two calls
that come at once, the second waits for the first at the unique key. What was refused is not kept: nothing was done.
"""

import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from jobs.api.authentication import token_of
from jobs.api.problems import Problem
from jobs.models import Reply

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[!-~]{1,255}")
_P = ParamSpec("_P")
_Handler = Callable[Concatenate[Any, Request, _P], Response]


def once(handler: _Handler[_P]) -> Callable[Concatenate[Any, Request, _P], HttpResponse]:
    """Let a POST through once for each key of its token; without a key, every time."""

    @wraps(handler)
    def guarded(view: Any, request: Request, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        if not _KEY.fullmatch(key):
            raise Problem("invalid", f"{HEADER} is 1 to 255 visible ASCII characters.")
        kept = _open(request, key)
        if kept is not None:
            return kept
        try:
            with transaction.atomic():
                reply = Reply.objects.create(
                    token=token_of(request), key=key, fingerprint=_fingerprint(request), status=0, content=""
                )
                return _keep(reply, handler(view, request, *args, **kwargs))
        except IntegrityError:
            kept = _open(request, key)
            if kept is None:
                raise
            return kept

    return cast(Callable[Concatenate[Any, Request, _P], HttpResponse], guarded)


def _open(request: Request, key: str) -> HttpResponse | None:
    """The answer that was given under this key; None if there is none. Raises Problem for another call's key."""
    reply = Reply.objects.filter(token=token_of(request), key=key).first()
    if reply is None:
        return None
    if reply.fingerprint != _fingerprint(request):
        raise Problem(
            "key-reused", "Take a new key for a new call; the old one belongs to another body or address."
        )
    return _answer(reply, is_repeat=True)


def _keep(reply: Reply, response: Response) -> HttpResponse:
    reply.status = response.status_code
    reply.content = json.dumps(response.data, cls=JSONEncoder, ensure_ascii=False)
    reply.location = response.headers.get("Location", "")
    reply.save()
    return _answer(reply, is_repeat=False)


def _answer(reply: Reply, *, is_repeat: bool) -> HttpResponse:
    response = HttpResponse(reply.content, status=reply.status, content_type="application/json")
    if reply.location:
        response.headers["Location"] = reply.location
    if is_repeat:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _fingerprint(request: Request) -> str:
    """Of the method, the address and what the body means, whatever the order of its names."""
    body = json.dumps(request.data, sort_keys=True)
    return hashlib.sha256(f"{request.method} {request.path} {body}".encode()).hexdigest()
