"""The way in without a password: a signed link for one person, for 15 minutes, once.

A GET shows one button and changes nothing, so that a link preview or a mail scanner cannot use it up.
"""

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

MAX_AGE_SECONDS = 15 * 60
_SALT = "nightdesk.entry"


class BadLink(Exception):
    """The link is too old, was used, or is not ours; the message says what to do."""


def enter_link(user: User) -> str:
    """A link that logs this person in once, within 15 minutes."""
    token = signing.dumps({"user": user.pk, "mark": _mark(user)}, salt=_SALT)
    return settings.BASE_URL + reverse("inbox:enter", args=[token])


def person_of(token: str) -> User:
    """Whom the link lets in. Raises BadLink.

    Logging in changes the person's mark (last login), so that every link made before is used up; so does a new
    password.
    """
    try:
        payload = signing.loads(token, salt=_SALT, max_age=MAX_AGE_SECONDS)
    except signing.SignatureExpired as error:
        raise BadLink(_("This link is older than 15 minutes. Make a new one.")) from error
    except signing.BadSignature as error:
        raise BadLink(_("This is not one of our links. Copy the whole of it.")) from error
    user = User.objects.filter(pk=payload["user"], is_active=True).first()
    if user is None or payload["mark"] != _mark(user):
        raise BadLink(_("This link was used already, or its person has logged in since. Make a new one."))
    return user


def redeem(token: str) -> User:
    """Use the link up and return its person. Raises BadLink; of two who come at once, one is let in."""
    user = person_of(token)
    unused = User.objects.filter(pk=user.pk, last_login=user.last_login)
    if not unused.update(last_login=timezone.now()):
        raise BadLink(_("This link was used already. Make a new one."))
    return user


def _mark(user: User) -> str:
    """What changes when the person logs in or gets another password; without saying anything of either."""
    last = user.last_login.isoformat() if user.last_login else "never"
    return signing.Signer(salt=_SALT).signature(f"{user.pk}:{user.password}:{last}")
