"""Postmark, which can be asked what it sent: each mail bears our key as metadata, by which it is searched.

https://postmarkapp.com/developer/api/messages-api#outbound-message-search
"""

from typing import Any
from urllib.parse import urljoin

import requests
from django.conf import settings
from django.core.mail import EmailMessage

from integrations.contracts import OutcomeUnknown

SLUG = "postmark"
# Until a message is found by its search.
LAG_SECONDS = 60.0
_NAME = "nightdesk"  # a name has at most 20 characters, a value 80
_TIMEOUT = (5, 20)


def mark(mail: EmailMessage) -> None:
    """Give the mail its key, and let it keep its Message-ID."""
    mail.metadata = {_NAME: _key(mail.extra_headers["Message-ID"])}  # type: ignore[attr-defined]  # anymail's own
    mail.extra_headers["X-PM-KeepID"] = "true"


def find(message_id: str) -> str:
    """Postmark's id of the mail with our Message-ID; empty if its search has none. Raises OutcomeUnknown."""
    wanted: dict[str, str | int] = {"count": 1, "offset": 0, f"metadata_{_NAME}": _key(message_id)}
    messages = ask("messages/outbound", wanted).get("Messages")
    first = messages[0] if isinstance(messages, list) and messages else {}
    return str(first.get("MessageID", ""))


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
        raise OutcomeUnknown(f"Postmark could not be asked ({type(error).__name__}).") from error
    return said if isinstance(said, dict) else {}


def _key(message_id: str) -> str:
    """The delivery's part of our Message-ID."""
    return message_id.strip("<>").partition("@")[0][:80]
