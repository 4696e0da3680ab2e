"""What a provider tells of a mail that it sent for us: that it came back, was refused, or was called spam.

The provider has proven itself (`esp`), so this counts as a mail server's own report does (`reports`). All else that
it tells, such as that a mail arrived, is kept and means nothing. https://anymail.dev/en/stable/sending/tracking/
"""

import hashlib
import json
import re
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType

from integrations import bodies
from integrations.contracts import Incoming, Returned
from integrations.mail import composing, marking

_BAD = {EventType.BOUNCED, EventType.REJECTED, EventType.FAILED, EventType.COMPLAINED}
_MESSAGE_ID = re.compile(r"<?([^<>\s@]{1,200}@[^<>\s@]{1,200})>?")
# Where the Message-ID stands that the mail had when the provider got it, of those who tell it.
_OURS = (("smtp-id",), ("payload", "message", "message_id"), ("payload", "original_message", "message_id"))
_OF_AMAZON = ("mail", "commonHeaders", "messageId")
_WHY = "A mail provider tells what became of a mail that was sent: that opens no job."


def read(event: AnymailTrackingEvent, esp: str, *, sender: str) -> Incoming:
    """The event, whatever it tells; `sender` is whom our mail comes from."""
    kind, who = f"mail.{event.event_type}", bodies.one_line(str(event.recipient or ""), 200)
    returned = _returned(event, who, sender=sender) if event.event_type in _BAD else None
    return Incoming(
        external_id=f"{esp}:{event.event_type}:{_id_of(event)}:{who}",
        kind=kind,
        sender=esp,
        summary=bodies.one_line(f"{event.event_type}: {who}", 300),
        data={"event": str(event.event_type), "recipient": who, "why": _why(event)},
        ignored=_WHY,
        token=f"mailgun:{event.event_id}" if esp == "mailgun" else "",
        returned=returned,
    )


def _returned(event: AnymailTrackingEvent, who: str, *, sender: str) -> Returned | None:
    """Which mail of ours it is about; None if it says nothing by which one could be known."""
    key = marking.found(event.metadata, event.tags)
    message_id = composing.message_id_of(key, sender=sender) if key else _message_id(event)
    is_complaint = event.event_type == EventType.COMPLAINED
    if not message_id:
        return None
    return Returned(message_id=message_id, recipient=who, why=_why(event), is_complaint=is_complaint)


def _message_id(event: AnymailTrackingEvent) -> str:
    """The Message-ID that we gave the mail, where the provider tells it."""
    told = [event.message_id, *(_at(event.esp_event, path) for path in (*_OURS, _OF_AMAZON))]
    matches = (_MESSAGE_ID.fullmatch(one.strip()) for one in told if isinstance(one, str))
    return next((f"<{match[1]}>" for match in matches if match), "")


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _why(event: AnymailTrackingEvent) -> str:
    said = event.mta_response or event.description or event.reject_reason or ""
    return bodies.one_line(str(said), 300)


def _id_of(event: AnymailTrackingEvent) -> str:
    """The provider's own id for what happened; where it has none, the sum of what it tells."""
    told = json.dumps(event.esp_event, sort_keys=True, default=str)
    return str(event.event_id or hashlib.sha256(told.encode()).hexdigest())
