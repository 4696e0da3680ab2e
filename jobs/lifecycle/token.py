"""Verbs of a Token: make one, recognise it, revoke it."""

import datetime
import hashlib
import secrets
from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from jobs.models import Token

PREFIX = "nd_api_"
_USE_IS_NOTED_EVERY = datetime.timedelta(minutes=1)


def make(*, name: str, user: User, scopes: Iterable[str]) -> Token:
    """Add a Token; what its program sends is in `text` of the one returned, and nowhere else."""
    text = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(name=name, user=user, scopes=sorted(scopes), hash=_hash(text))
    token.text = text
    return token


def recognise(text: str) -> Token | None:
    """The Token with this text, its person at hand; None if there is none, or it or its person may not come in."""
    if not text.startswith(PREFIX):
        return None
    rows = Token.objects.filter(hash=_hash(text), revoked_at=None, user__is_active=True)
    return rows.select_related("user").first()


def note_use(token: Token) -> None:
    """Keep when it was last used, to the minute: a read must not cost a write."""
    now = timezone.now()
    old = Q(last_used_at=None) | Q(last_used_at__lt=now - _USE_IS_NOTED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - _USE_IS_NOTED_EVERY:
        Token.objects.filter(old, pk=token.pk).update(last_used_at=now)


def revoke(token: Token) -> bool:
    """Let nobody in with it from now on; return whether it was still good."""
    return bool(Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()))


def _hash(text: str) -> str:
    """Without salt or stretching: 32 random bytes cannot be guessed."""
    return hashlib.sha256(text.encode()).hexdigest()
