"""What a passkey is called, and its end."""

import pytest
from django.contrib.auth.models import User
from django_otp_webauthn.models import WebAuthnCredential

from jobs.lifecycle import passkey
from tests.jobs.people import person

pytestmark = pytest.mark.django_db


def a_passkey(user: User, name: str = "Phone") -> WebAuthnCredential:
    """One that was made."""
    number = WebAuthnCredential.objects.count()
    return WebAuthnCredential.objects.create(
        user=user, name=name, credential_id=bytes([number]), public_key=b"key", sign_count=0, confirmed=True
    )


def test_a_name_is_kept_in_one_line(owner: User) -> None:
    row = a_passkey(owner)
    assert passkey.rename(owner, row.pk, "  My\n phone\x00 ")
    assert passkey.of(owner).get().name == "My phone"
    assert not passkey.rename(owner, row.pk, "  ")


def test_nobody_touches_another_persons(owner: User) -> None:
    row = a_passkey(owner)
    partner = person("owner")
    assert not passkey.rename(partner, row.pk, "Mine")
    assert not passkey.remove(partner, row.pk)
    assert passkey.of(owner).get().name == "Phone"


def test_the_last_way_in_stays(owner: User) -> None:
    first, second = a_passkey(owner), a_passkey(owner, "Key")
    owner.set_unusable_password()
    owner.save()
    assert passkey.remove(owner, first.pk)
    with pytest.raises(passkey.LastWayIn):
        passkey.remove(owner, second.pk)
    owner.set_password("a long enough password")
    owner.save()
    assert passkey.remove(owner, second.pk)
