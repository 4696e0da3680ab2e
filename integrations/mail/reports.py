"""What a mail server reports of a mail of ours that it could not deliver: https://www.rfc-editor.org/rfc/rfc3464

Anybody can write such a report: it makes a person look, and changes nothing.
"""

import re
from email import message_from_string
from email.message import Message
from email.utils import getaddresses, parseaddr

from integrations import bodies
from integrations.contracts import Returned
from integrations.mail import replies, texts

_FOR_GOOD = "failed"
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,250}>")
_ORIGINALS = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers")


def returned(message: Message) -> Returned | None:
    """The mail that did not arrive and why, if this is a report on one that is given up for good."""
    if message.get_content_type() != "multipart/report":
        return None
    parts = list(message.walk())
    failed = next((one for part in parts for one in _recipients(part) if _action(one) == _FOR_GOOD), None)
    original = next((_headers(part) for part in parts if part.get_content_type() in _ORIGINALS), None)
    if failed is None or original is None:
        return None
    found = _MESSAGE_ID.search(str(original.get("message-id", "")))
    asked = getaddresses([str(value) for value in original.get_all("reply-to", [])])
    job = next((uid for _, address in asked if (uid := replies.job_of(address))), "")
    if not found and not job:
        return None
    return Returned(
        message_id=found[0] if found else "",
        job=job,
        recipient=bodies.one_line(parseaddr(_said(failed, "final-recipient"))[1], 200),
        why=bodies.one_line(" ".join([str(failed.get("status", "")), _said(failed, "diagnostic-code")]), 300),
    )


def _recipients(part: Message) -> list[Message]:
    """The blocks of a delivery status, each about one recipient; the first is about the mail."""
    blocks = part.get_payload() if part.get_content_type() == "message/delivery-status" else []
    return [block for block in blocks if isinstance(block, Message)] if isinstance(blocks, list) else []


def _action(block: Message) -> str:
    return str(block.get("action", "")).strip().lower()


def _said(block: Message, name: str) -> str:
    """A value without its type, which stands before a semicolon."""
    return texts.decoded(str(block.get(name, "")).rpartition(";")[2].strip())


def _headers(part: Message) -> Message:
    """Those of the mail that came back."""
    inside = part.get_payload()
    if isinstance(inside, list) and inside and isinstance(inside[0], Message):
        return inside[0]
    return message_from_string(texts.text_of(part))
