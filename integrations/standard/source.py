"""Events from anything that speaks Standard Webhooks, at the address of one trigger."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from integrations import bodies, signatures
from integrations.contracts import Frozen, Incoming, Json, Malformed, RawRequest, Sample
from integrations.words import _, either, gettext_noop

_SENDERS = ("email", "from", "sender", "source", "name")


class Conditions(Frozen):
    """Which types of event a rule is for; none named: all of them."""

    model_config = ConfigDict(
        title=gettext_noop("Standard Webhooks"),
        json_schema_extra={
            "about": gettext_noop("What another system sends, signed, to an address of the rule's own."),
            "examples": [{"types": ["order.paid"]}],
        },
    )

    types: list[str] = Field(
        default_factory=list,
        max_length=50,
        title=gettext_noop("Types of event"),
        description=gettext_noop("As the sender names them, such as order.paid. Empty: every type."),
    )


class StandardSource:
    """JSON events with `webhook-id`, `webhook-timestamp` and `webhook-signature`."""

    slug: ClassVar[str] = "standard"
    max_body_bytes: ClassVar[int] = 1_000_000
    addressed: ClassVar[bool] = True
    kept_headers: ClassVar[tuple[str, ...]] = ("webhook-id", "webhook-timestamp")
    conditions: ClassVar[type[BaseModel]] = Conditions

    def verify(self, request: RawRequest, *, secrets: Sequence[str], now: datetime) -> None:
        """Return if one of the whsec_ keys signed it; a bearer token is no proof here."""
        signatures.verify_signed(request, secrets=secrets, now=now)

    def parse(self, request: RawRequest) -> Incoming:
        """The event; its kind is the body's `type` or `event`. Templates may name its members, and `text`."""
        kind = bodies.media_type(request.headers)
        if kind != bodies.JSON_TYPE:
            raise Malformed(f"The content type is {kind or 'missing'}: send {bodies.JSON_TYPE}.")
        payload = bodies.read_json_object(request.body)
        content = _content(payload)
        kind = bodies.one_line(payload.get("type") or payload.get("event"), 80) or "event"
        subject = bodies.subject_of(content)
        return Incoming(
            external_id=request.headers["webhook-id"],
            kind=kind,
            sender=bodies.first_line_of(content, _SENDERS),
            summary=f"{kind}: {subject}" if subject else kind,
            data={**payload, "text": payload.get("text") or bodies.text_of(content)},
        )

    def check_conditions(self, conditions: Json) -> str:
        """Return which types it takes; raise ValueError for anything but {"types": ["…"]}."""
        types = bodies.read_conditions(Conditions, conditions).types
        if not types:
            return _("Every event sent to its own address.")
        return _("Events of type {types}.").format(types=either(types))

    def matches(self, incoming: Incoming, conditions: Json) -> bool:
        """Whether the event is of one of the types, where types are named."""
        types = bodies.read_conditions(Conditions, conditions).types
        return not types or incoming.kind in types

    def sample(self, conditions: Json, *, event_id: str) -> Sample:
        """An event of the first type that the rule takes."""
        types = bodies.read_conditions(Conditions, conditions).types
        said = {"name": "Test", "email": "test@example.com", "message": "A test event: nothing has to be done."}
        body = json.dumps({"type": types[0] if types else "test.event", "data": said}).encode()
        return Sample(headers={"content-type": bodies.JSON_TYPE}, body=body)

    def sign(self, sample: Sample, *, event_id: str, secret: str, now: datetime) -> Mapping[str, str]:
        """The three headers of Standard Webhooks."""
        return signatures.proof(sample.body, message_id=event_id, secret=secret, now=now)

    def suggest(self, kind: str, data: Json) -> Json:
        """Events of the same type."""
        return {} if kind == "event" else {"types": [kind]}


def _content(payload: Json) -> dict[str, Any]:
    """Where the sender put what matters: `data` of a Standard Webhooks body, else the body itself."""
    data = payload.get("data")
    return data if isinstance(data, dict) else payload
