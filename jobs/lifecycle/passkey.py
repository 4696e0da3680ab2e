"""Verbs of a passkey: what it is called, and its end."""

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_otp_webauthn.models import WebAuthnCredential


class LastWayIn(Exception):
    """It is all that its person has to come in with; the message says what to do first."""


def of(user: User) -> "QuerySet[WebAuthnCredential]":
    """A person's passkeys, the oldest first."""
    found: QuerySet[WebAuthnCredential] = WebAuthnCredential.objects.filter(user=user, confirmed=True).order_by(
        "pk"
    )
    return found


def rename(user: User, pk: int, name: str) -> bool:
    """Call it so; return whether it is there."""
    name = " ".join(name.replace("\x00", "").split())[:64]
    return bool(name and of(user).filter(pk=pk).update(name=name))


def remove(user: User, pk: int) -> bool:
    """It opens nothing from now on; return whether it was there. Raises LastWayIn."""
    if not user.has_usable_password() and not of(user).exclude(pk=pk).exists():
        raise LastWayIn(_("This passkey is all that you come in with. Set a password first."))
    return bool(of(user).filter(pk=pk).delete()[0])
