"""A mail as an event: who wrote it, what it says, which files it brings, which job it answers.

However broken it is, there is an event of it: what could not be read of it is still kept in its raw bytes.
"""

import hashlib
import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from itertools import islice

from integrations import bodies
from integrations.contracts import Attached, Incoming, Json
from integrations.mail import authenticity, loops, quotes, replies, reports, texts

KIND = "mail"
MAX_FULL_CHARS = 100_000
# Of a longer text no quotes are looked for.
MAX_QUOTED_CHARS = 40_000
MAX_FILES = 50
_RECIPIENTS = ("to", "cc", "delivered-to", "x-original-to", "x-forwarded-to", "envelope-to")
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,250}>")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Envelope:
    """What the receiving side says of a mail beside its bytes."""

    recipient: str = ""
    stripped: str = ""  # the text without quotes, where the provider made one
    token: str = ""


NO_ENVELOPE = Envelope()


@dataclass(frozen=True)
class Reader:
    """Reads mail for one installation: `own` are the addresses it writes from."""

    own: Collection[str] = ()
    authserv_ids: Collection[str] = ()

    def read(self, message: Message | None, envelope: Envelope = NO_ENVELOPE, *, raw: bytes) -> Incoming:
        """The event of a mail: of its bytes, or of the message that was made of them already."""
        try:
            return self._read(message_from_bytes(raw) if message is None else message, envelope)
        except Exception:
            # Strangers wrote it, and a library may have a fault that they know of: kept is kept.
            log.exception("a mail of %s bytes could not be read", len(raw))
            return unreadable(raw, "It could not be read as a mail.")

    def _read(self, message: Message, envelope: Envelope) -> Incoming:
        headers = texts.headers_of(message)
        first = dict(reversed(headers))
        text, files = _inside(message)
        senders = texts.addresses([value for name, value in headers if name == "from"])
        name, sender = senders[0] if senders else ("", "")
        recipients = _recipients(headers, envelope)
        subject = bodies.one_line(texts.decoded(first.get("subject", "")), 300)
        verdict = authenticity.judge(headers, [address for _, address in senders], authserv_ids=self.authserv_ids)
        identity = _message_id(first.get("message-id", ""))
        data: Json = {
            "from": sender,
            "from_name": bodies.one_line(name),
            "verified": verdict.verified,
            "authentication": verdict.says,
            "reply_to": next((one for _, one in texts.addresses([first.get("reply-to", "")])), ""),
            "to": [one for _, one in texts.addresses([value for key, value in headers if key == "to"])][:50],
            "cc": [one for _, one in texts.addresses([value for key, value in headers if key == "cc"])][:50],
            "recipients": recipients[:50],
            "subject": subject,
            "text": _said(text, subject, first, envelope),
            "full_text": bodies.bounded(text, MAX_FULL_CHARS),
            "attachments": [file.name for file in files],
            "list_id": bodies.one_line(texts.decoded(first.get("list-id", ""))),
            "automatic": loops.why_automatic(first),
            "message_id": identity,
            "date": bodies.one_line(first.get("date", "")),
        }
        answers = next((uid for one in recipients if (uid := replies.job_of(one))), "")
        data["answers"] = answers
        data["thread"] = _thread(identity, first, sender) if identity else {}
        return Incoming(
            external_id=_identity(data, files),
            kind=KIND,
            sender=bodies.one_line(sender, 255),
            summary=subject or bodies.one_line(data["text"]) or "A mail without a subject",
            data=data,
            ignored=loops.why_ignored(first, sender, own=self.own),
            answers=answers,
            token=envelope.token,
            returned=reports.returned(message),
            files=files,
        )


def unreadable(raw: bytes, why: str) -> Incoming:
    """The event of a mail of which nothing but its bytes is known. No rule may have it."""
    return Incoming(
        external_id=f"sha256:{hashlib.sha256(raw).hexdigest()}",
        kind=KIND,
        summary="A mail that cannot be read",
        data={"text": "This mail could not be read; its bytes are kept.", "verified": False},
        ignored=why,
    )


def _inside(message: Message) -> tuple[str, list[Attached]]:
    """The text and the files of a mail; its HTML is the text where it has no other."""
    said: list[str] = []
    pages: list[str] = []
    files: list[Attached] = []
    for part in islice(texts.leaves(message), texts.MAX_PARTS):
        name, kind = part.get_filename(), part.get_content_type()
        is_file = part.get_content_disposition() == "attachment" or bool(name)
        if not is_file and kind == "text/plain":
            said.append(texts.text_of(part))
        elif not is_file and kind == "text/html":
            pages.append(texts.from_html(texts.text_of(part)))
        elif len(files) < MAX_FILES and (content := texts.content_of(part)):
            shown = bodies.one_line(texts.decoded(texts.plain(str(name or ""))), 120) or kind.replace("/", ".")
            files.append(Attached(name=shown, media_type=kind[:120], content=content))
    return ("\n\n".join(one.strip("\n") for one in said if one.strip()) or "\n\n".join(pages)), files


def _said(text: str, subject: str, first: dict[str, str], envelope: Envelope) -> str:
    """The words for the brief: without the mail that it answers, never without any words at all."""
    words = texts.plain(envelope.stripped).strip()
    if not words:
        is_answer = "in-reply-to" in first or "references" in first
        has_quotes = is_answer and not quotes.is_forwarded(subject) and len(text) <= MAX_QUOTED_CHARS
        words = quotes.latest(text) if has_quotes else text.strip()
    return bodies.bounded(words or subject or "(The mail has no text.)")


def _recipients(headers: list[tuple[str, str]], envelope: Envelope) -> list[str]:
    """Every address that it was sent to, as far as anybody says, the envelope's first."""
    named = texts.addresses([value for name, value in headers if name in _RECIPIENTS])
    given = [texts.plain(envelope.recipient).strip("<> ")] if envelope.recipient else []
    return list(dict.fromkeys([*given, *(address for _, address in named)]))


def _message_id(value: str) -> str:
    match = _MESSAGE_ID.search(value)
    return match[0] if match else ""


def _thread(identity: str, first: dict[str, str], sender: str) -> Json:
    """What an answer needs to stand below this mail in the reader's program."""
    before = _MESSAGE_ID.findall(first.get("references", "") or first.get("in-reply-to", ""))
    return {"source": KIND, "message_id": identity, "references": [*before[-19:], identity], "with": sender}


def _identity(data: Json, files: list[Attached]) -> str:
    """The same for the same mail whichever way it comes, and another for a mail that only claims its Message-ID.

    Ways differ in what they add and how they fold lines; what the mail says is the same by all of them.
    """
    said = [data["from"].casefold(), data["subject"], data["full_text"]]
    if not data["message_id"]:
        said += [data["date"], *(hashlib.sha256(b"".join(file.content.split())).hexdigest() for file in files)]
    digest = hashlib.sha256("\n".join("".join(one.split()) for one in said).encode()).hexdigest()
    return f"{data['message_id']} {digest[:32]}" if data["message_id"] else f"sha256:{digest}"
