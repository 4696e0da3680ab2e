"""The address that a mail of ours asks to be answered at: it names the job, and nobody else can make one.

desk@example.com becomes desk+<job's uid, 26 letters><code, 16 letters>@example.com: small letters and digits only,
which every mail server leaves as they are.
"""

import base64
import hmac
import re
import uuid
from email.utils import parseaddr

from django.conf import settings
from django.utils.crypto import salted_hmac

_SALT = "nightdesk.reply-address"
_TAG = re.compile(r"[^@+]{1,22}\+([a-z2-7]{26})([a-z2-7]{16})@[^@]{1,255}")
MAX_LOCAL_CHARS = 64 - 1 - 26 - 16


def address_for(job_uid: str, mailbox: str) -> str:
    """The address for answers to this job, at the mailbox that Nightdesk reads."""
    local, _, domain = mailbox.rpartition("@")
    name = _letters(uuid.UUID(job_uid).bytes)
    return f"{local}+{name}{_code(name, settings.SECRET_KEY)}@{domain}"


def job_of(address: str) -> str:
    """The uid of the job whose answer comes to this address; empty if we did not make it."""
    match = _TAG.fullmatch(address.strip().lower())
    if not match:
        return ""
    name, code = match.groups()
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if not sum(hmac.compare_digest(code, _code(name, key)) for key in keys):
        return ""
    return str(uuid.UUID(bytes=base64.b32decode(f"{name.upper()}======")))


def checked_mailbox(mailbox: str) -> str:
    """The mailbox, or empty; raises ValueError if no such address could be made of it."""
    local, _, domain = mailbox.rpartition("@")
    is_address = bool(local and domain) and parseaddr(mailbox)[1] == mailbox and "+" not in local
    if mailbox and not (is_address and len(local) <= MAX_LOCAL_CHARS):
        limit = f"of at most {MAX_LOCAL_CHARS} characters before the @ and without a +"
        raise ValueError(f"{mailbox!r} cannot take answers: set MAIL_REPLY_TO to a mail address {limit}")
    return mailbox


def _code(name: str, key: str) -> str:
    return _letters(salted_hmac(_SALT, name, secret=key, algorithm="sha256").digest()[:10])


def _letters(content: bytes) -> str:
    return base64.b32encode(content).decode().rstrip("=").lower()
