"""Mail as a source: whichever way a message comes, it is read and judged here."""

import base64
import hmac
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser
from typing import ClassVar

from pydantic import BaseModel

from integrations.contracts import BadSignature, Incoming, Json, Malformed, RawRequest, Sample
from integrations.mail.conditions import Conditions
from integrations.mail.reading import NO_ENVELOPE, Envelope, Reader, unreadable

MEDIA_TYPE = "message/rfc822"
# One of these has every mail that a program or a person ever sent.
_EXPECTED = {"from", "to", "subject", "date", "message-id", "received", "return-path", "sender", "mime-version"}


class MailSource:
    """Raw messages (RFC 5322), proven by the name and password of the webhooks.

    `own` are the addresses that Nightdesk writes from; `authserv_ids` name the receiving server in the
    Authentication-Results that it adds, the only one whose word on a sender counts.
    """

    slug: ClassVar[str] = "mail"
    max_body_bytes: ClassVar[int] = 35_000_000
    addressed: ClassVar[bool] = False
    kept_headers: ClassVar[tuple[str, ...]] = ()
    conditions: ClassVar[type[BaseModel]] = Conditions

    def __init__(self, own: Collection[str] = (), authserv_ids: Collection[str] = ()) -> None:
        self._reader = Reader(own=own, authserv_ids=authserv_ids)

    def verify(self, request: RawRequest, *, secrets: Sequence[str], now: datetime) -> None:
        """Return if one of the `secrets` (name:password) came as basic authentication; raise BadSignature."""
        given = request.headers.get("authorization", "").encode()
        expected = [_basic(secret).encode() for secret in secrets if secret]
        if not sum(hmac.compare_digest(given, one) for one in expected):
            raise BadSignature("Authorization is missing or wrong: put name:password@ into the hook's address.")

    def parse(self, request: RawRequest) -> Incoming:
        """The event of a raw message; raises Malformed if it is none at all."""
        if not _EXPECTED & {name.lower() for name in BytesHeaderParser().parsebytes(request.body)}:
            raise Malformed("The body is no mail: send the raw message with its headers (message/rfc822).")
        return self.read(None, raw=request.body)

    def read(self, message: Message | None, envelope: Envelope = NO_ENVELOPE, *, raw: bytes) -> Incoming:
        """The event of what is known to be mail: its bytes, and the message that was made of them. Never fails."""
        return self._reader.read(message, envelope, raw=raw)

    def unreadable(self, raw: bytes, why: str) -> Incoming:
        """The event of bytes that are mail, but no mail that anybody here can read."""
        return unreadable(raw, why)

    def check_conditions(self, conditions: Json) -> str:
        """Return what the rule waits for; raise ValueError naming the condition that is wrong."""
        return Conditions.read(conditions).sentence()

    def matches(self, incoming: Incoming, conditions: Json) -> bool:
        """Whether the mail meets all conditions."""
        return Conditions.read(conditions).are_met_by(incoming.data)

    def suggest(self, kind: str, data: Json) -> Json:
        """Mail of the same list, or else from the same sender, as far as that one is proven."""
        if listed := data.get("list_id"):
            return {"list_id": [listed]}
        found: Json = {"sender": [data["from"]]} if data.get("from") else {}
        if found and not data.get("verified"):
            found["unverified"] = True
        return found | ({"automatic": True} if data.get("automatic") else {})

    def sample(self, conditions: Json, *, event_id: str) -> Sample:
        """A made-up mail that meets the conditions, with the word of the provider on its sender."""
        wanted = Conditions.read(conditions)
        mail = EmailMessage()
        sender = _example(wanted.sender, "test@example.com")
        for writer in list(self._reader.authserv_ids)[:1]:
            domain = sender.rpartition("@")[2]
            mail["Authentication-Results"] = f"{writer}; dmarc=pass header.from={domain}"
        mail["From"], mail["To"] = sender, _example(wanted.recipient, "desk@example.com")
        mail["Subject"] = _example(wanted.subject, "A test event")
        mail["Message-ID"] = f"<{event_id}@nightdesk.invalid>"
        if wanted.list_id:
            mail["List-Id"] = _example(wanted.list_id, "test")
        mail.set_content("A test event: nothing has to be done.\n")
        if wanted.has_attachment:
            mail.add_attachment("A file to test with.\n", filename="test.txt")
        return Sample(headers={"content-type": MEDIA_TYPE}, body=mail.as_bytes())

    def sign(self, sample: Sample, *, event_id: str, secret: str, now: datetime) -> Mapping[str, str]:
        """The name and password of the webhooks."""
        return {"authorization": _basic(secret)}


def _basic(secret: str) -> str:
    return f"Basic {base64.b64encode(secret.encode()).decode()}"


def _example(patterns: Sequence[str], other: str) -> str:
    """Something that the first pattern fits."""
    return patterns[0].replace("*", "test") if patterns else other
