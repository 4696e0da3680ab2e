"""Postmark, which can be asked what it sent: each mail bears our key as metadata, by which it is searched.

https://postmarkapp.com/developer/api/messages-api#outbound-message-search
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

import requests
from django.conf import settings
from django.core.mail import EmailMessage

from integrations.contracts import OutcomeUnknown
from integrations.words import _

SLUG = "postmark"
# Until a message is found by its search.
LAG_SECONDS = 60.0
# A name has at most 20 characters, a value 80. What is searched is a sum, for a key may be longer.
_NAME, _KEY, _BY = "nightdesk", "nightdesk_key", "nightdesk_by"
_LONGEST = 80
# The search's own limits.
_PAGE, _MOST = 500, 10_000
_TIMEOUT = (5, 20)


@dataclass(frozen=True)
class Sent:
    """A mail of ours that Postmark has: the delivery's key, Postmark's own id, and when it took it."""

    key: str
    id: str
    at: datetime


def mark(mail: EmailMessage, *, key: str, by: str) -> None:
    """Give the mail its delivery's key and its target's name, and let it keep its Message-ID."""
    known = {_KEY: key} if len(key) <= _LONGEST else {}
    sums = {_NAME: _key(mail.extra_headers["Message-ID"]), _BY: by}
    mail.metadata = sums | known  # type: ignore[attr-defined]  # anymail's own
    mail.extra_headers["X-PM-KeepID"] = "true"


def find(message_id: str) -> str:
    """Postmark's id of the mail with our Message-ID; empty if its search has none. Raises OutcomeUnknown."""
    wanted: dict[str, str | int] = {"count": 1, "offset": 0, f"metadata_{_NAME}": _key(message_id)}
    messages = ask("messages/outbound", wanted).get("Messages")
    first = messages[0] if isinstance(messages, list) and messages else {}
    return str(first.get("MessageID", ""))


def sent_since(since: datetime, *, by: str) -> list[Sent]:
    """Every mail that this target of ours sent since then, the oldest first. Raises OutcomeUnknown if not all."""
    found = sorted(_all_since(since, by=by), key=lambda one: (one.at, one.id))
    return [one for one in found if one.at >= since]


def _all_since(since: datetime, *, by: str) -> Iterator[Sent]:
    # Its days are those of its own time zone.
    begins = (since.astimezone(UTC) - timedelta(days=1)).date().isoformat()
    for offset in range(0, _MOST, _PAGE):
        wanted: dict[str, str | int] = {"count": _PAGE, "offset": offset, "fromdate": begins, f"metadata_{_BY}": by}
        messages = ask("messages/outbound", wanted).get("Messages")
        if not isinstance(messages, list):
            raise OutcomeUnknown(_("Postmark's list of messages cannot be read."))
        yield from (one for message in messages if (one := _sent(message)))
        if len(messages) < _PAGE:
            return
    raise OutcomeUnknown(_("There are more messages at Postmark than can be listed."))


def _sent(message: dict[str, Any]) -> Sent | None:
    key = (message.get("Metadata") or {}).get(_KEY)
    try:
        at = datetime.fromisoformat(str(message.get("ReceivedAt")))
    except ValueError as error:
        raise OutcomeUnknown(_("Postmark's list of messages cannot be read.")) from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return Sent(str(key), str(message.get("MessageID", "")), at) if key else None


def ask(path: str, wanted: dict[str, str | int] | None = None) -> dict[str, Any]:
    """The answer of Postmark's API. Raises OutcomeUnknown where there is none."""
    known = settings.ANYMAIL
    url = urljoin(known.get("POSTMARK_API_URL", "https://api.postmarkapp.com").rstrip("/") + "/", path)
    headers = {"Accept": "application/json", "X-Postmark-Server-Token": known["POSTMARK_SERVER_TOKEN"]}
    try:
        answer = requests.get(url, params=wanted, headers=headers, timeout=_TIMEOUT)
        answer.raise_for_status()
        said = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise OutcomeUnknown(
            _("Postmark could not be asked ({kind}).").format(kind=type(error).__name__)
        ) from error
    return said if isinstance(said, dict) else {}


def _key(message_id: str) -> str:
    """The delivery's part of our Message-ID."""
    return message_id.strip("<>").partition("@")[0][:80]
