"""The mark by which a provider names a mail of ours later: the part of its Message-ID that no other has.

Most providers give mails ids of their own, and tell nobody ours.
"""

from collections.abc import Collection, Mapping
from typing import Any

from django.core.mail import EmailMessage

_NAME = "nightdesk"  # as in `postmark`
_TAG = f"{_NAME}-"
# Keeps no data of ours with a mail, but a tag.
_BY_TAG = {"mailersend"}


def mark(mail: EmailMessage, esp: str) -> None:
    """Give a mail with a Message-ID its mark, in the way of this provider. No reader learns more by it."""
    key = key_of(mail.extra_headers.get("Message-ID", ""))
    if not key:
        return
    if esp in _BY_TAG:
        mail.tags = [_TAG + key]  # type: ignore[attr-defined]  # anymail's own
    else:
        mail.metadata = {_NAME: key}  # type: ignore[attr-defined]  # as above


def key_of(message_id: str) -> str:
    """The mark of the mail with this Message-ID."""
    return message_id.strip("<>").partition("@")[0][:80]


def found(metadata: Mapping[str, Any] | None, tags: Collection[Any] | None) -> str:
    """The mark in what a provider tells of a mail; empty if it has none."""
    by_tag = next((str(tag).removeprefix(_TAG) for tag in tags or () if str(tag).startswith(_TAG)), "")
    return str((metadata or {}).get(_NAME) or by_tag)
