"""The context of the pages of a person's own account."""

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.models import User
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from jobs import membership, rights, schedules
from jobs.inbox import proving
from jobs.inbox.account_forms import Zone
from jobs.lifecycle import passkey


def account(
    request: HttpRequest, user: User, *, zone: Zone | None = None, password: Any = None, refusal: str = ""
) -> dict[str, Any]:
    """Who somebody is here, and what they can change of it."""
    groups = {rights.OWNER} if membership.is_owner(user) else membership.groups_of(user)
    return {
        "person": user,
        "groups": [rights.ABOUT[name] for name in rights.GROUPS if name in groups],
        "zone_form": zone or Zone(initial={"zone": timezone.get_current_timezone_name()}),
        "zones": schedules.zones(),
        "password_form": password or password_form(user, None),
        "has_passkeys": settings.HAS_PASSKEYS,
        "passkeys": passkey.of(user),
        "refusal": refusal,
    }


def proof(request: HttpRequest, user: User) -> dict[str, Any]:
    """How this person can prove that it is them."""
    return {
        "by_passkey": proving.way_of(request) == proving.PASSKEY,
        "has_passkeys": settings.HAS_PASSKEYS and passkey.of(user).exists(),
        "has_password": user.has_usable_password(),
    }


def password_form(user: User, data: QueryDict | None) -> "SetPasswordForm[User]":
    """With the old password, where there is one."""
    form = PasswordChangeForm if user.has_usable_password() else SetPasswordForm
    return form(user, data)
