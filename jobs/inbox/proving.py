"""Proof that it still is the person who logged in: asked again before what cannot be taken back.

A login is a proof, and so is the password or the passkey given once more. It counts for a while.
"""

import time
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse

from jobs.models import Review
from jobs.states import ReviewKind

PROVED, HOW = "proved_at", "proved_by"
PASSWORD, PASSKEY = "password", "passkey"
_PASSKEYS = "jobs.membership.ByPasskey"


@receiver(user_logged_in, dispatch_uid="nightdesk.proof")
def _logged_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A login begins a session and is the first proof."""
    if getattr(request, "session", None) is not None:
        request.session["began_at"] = request.session["seen_at"] = int(time.time())
        note(request, PASSKEY if request.session.get(BACKEND_SESSION_KEY) == _PASSKEYS else PASSWORD)


def note(request: HttpRequest, how: str) -> None:
    """The person has just proved, with this, that it is them."""
    request.session[PROVED], request.session[HOW] = int(time.time()), how


def is_fresh(request: HttpRequest) -> bool:
    """Whether the last proof counts still. In the demo nobody has a password, and nothing leaves."""
    return settings.DEMO or time.time() - request.session.get(PROVED, 0) <= settings.PROOF_LASTS.total_seconds()


def is_missing(request: HttpRequest, review: Review) -> bool:
    """Whether approving this item needs a fresh proof that there is not: a merge does."""
    return review.kind == ReviewKind.MERGE and not is_fresh(request)


def door(pk: int) -> str:
    """Where the proof is given; it leads back to the item, ready to be approved."""
    back = reverse("inbox:item", args=[pk]) + "?show=approve"
    return f"{reverse('inbox:prove')}?{urlencode({'next': back})}"


def way_of(request: HttpRequest) -> str:
    """With what this person is to prove it: a passkey if they came by one."""
    return str(request.session.get(HOW, PASSWORD))
