"""Submissions from the owner's own site, at the address of one trigger."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel

from integrations import attachments, bodies, signatures
from integrations.contracts import Attached, Incoming, Json, Malformed, RawRequest, Sample, TooLarge
from integrations.form import fields

_SENDERS = ("email", "from", "sender", "name")
# What a submission may have beside its files.
MAX_WORDS_BYTES = 256_000
_KEY = re.compile(r"[!-~]{1,255}")


class FormSource:
    """JSON or form-encoded bodies, proven by a Standard Webhooks signature or the address's bearer token.

    JSON may bring files, as attachments.py says.
    """

    slug: ClassVar[str] = "form"
    max_body_bytes: ClassVar[int] = 14_000_000
    addressed: ClassVar[bool] = True
    kept_headers: ClassVar[tuple[str, ...]] = ("webhook-id", "webhook-timestamp")
    conditions: ClassVar[type[BaseModel]] = fields.Conditions

    def verify(self, request: RawRequest, *, secrets: Sequence[str], now: datetime) -> None:
        """Return if a whsec_ key signed it or an nd_ token came with it; a wrong signature is never forgiven."""
        if signatures.is_signed(request.headers):
            signatures.verify_signed(request, secrets=secrets, now=now)
        else:
            signatures.verify_bearer(request.headers, secrets=secrets)

    def parse(self, request: RawRequest) -> Incoming:
        """The submission. Templates may name its fields, and `text` in any case.

        A sender that gives no id (bearer token, no Idempotency-Key) has the body as its id: the same bytes to the
        same address are the same submission, however often they are posted.
        """
        data, files = _read(request)
        return submission(data, external_id=_external_id(request), files=files)

    def check_conditions(self, conditions: Json) -> str:
        """Return what its page asks for, if it has one; raise ValueError naming what is wrong."""
        return fields.sentence(fields.read(conditions))

    def matches(self, incoming: Incoming, conditions: Json) -> bool:
        """Return True: the address has chosen the rule already."""
        return incoming.kind == "submission"

    def sample(self, conditions: Json, *, event_id: str) -> Sample:
        """A submission as the owner's site would post it, with every field of the hosted page if there is one."""
        asked = fields.read(conditions).fields
        said = {field.name: _example(field) for field in asked if field.kind != "file"} or {
            "name": "Test",
            "email": "test@example.com",
            "subject": "A test event",
            "message": "A test event: nothing has to be done.",
        }
        return Sample(headers={"content-type": bodies.JSON_TYPE}, body=json.dumps(said).encode())

    def sign(self, sample: Sample, *, event_id: str, secret: str, now: datetime) -> Mapping[str, str]:
        """The three headers of Standard Webhooks."""
        return signatures.proof(sample.body, message_id=event_id, secret=secret, now=now)


def submission(data: Json, *, external_id: str, files: Sequence[Attached] = ()) -> Incoming:
    """The event of what somebody sent; raises Malformed if there is nothing."""
    if not data:
        raise Malformed("The submission has no field.")
    return Incoming(
        external_id=external_id,
        kind="submission",
        sender=bodies.first_line_of(data, _SENDERS),
        summary=bodies.subject_of(data) or "Submission",
        data={**data, "text": data.get("text") or bodies.text_of(data)},
        files=list(files),
    )


def _example(field: fields.Field) -> str:
    if field.kind == "select":
        return field.options[0]
    return "test@example.com" if field.kind == "email" else f"Test: {field.label}"


def _read(request: RawRequest) -> tuple[Json, list[Attached]]:
    """What was sent, and the files in it."""
    kind = bodies.media_type(request.headers)
    if kind == bodies.JSON_TYPE:
        data, files = attachments.taken_out(bodies.read_json_object(request.body))
        _check_words(len(request.body) - attachments.encoded_bytes(files))
        return data, files
    if kind == bodies.FORM_TYPE:
        _check_words(len(request.body))
        return bodies.read_form(request.body), []
    raise Malformed(f"The content type is {kind or 'missing'}: send {bodies.JSON_TYPE} or {bodies.FORM_TYPE}.")


def _check_words(number: int) -> None:
    if number > MAX_WORDS_BYTES:
        raise TooLarge(f"The body has {number} bytes beside its files; at most {MAX_WORDS_BYTES} are taken here.")


def _external_id(request: RawRequest) -> str:
    if signatures.is_signed(request.headers):
        return request.headers["webhook-id"]
    if key := request.headers.get("idempotency-key", ""):
        return _checked(key)
    return _digest(request.headers, request.trigger or "", request.body)


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise Malformed("Idempotency-Key must be 1 to 255 visible ASCII characters.")
    return f"key:{hashlib.sha256(key.encode()).hexdigest()}" if len(key) > 200 else f"key:{key}"


def _digest(headers: Mapping[str, str], trigger: str, body: bytes) -> str:
    parts = (trigger.encode(), bodies.media_type(headers).encode(), body)
    digest = hashlib.sha256(b"\n".join(parts)).hexdigest()
    return f"body:{digest}"
