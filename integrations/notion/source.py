"""Webhooks from Notion: https://developers.notion.com/reference/webhooks

An event is a signal: it says that a page was changed, and by whom, not to what.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from integrations import bodies
from integrations.contracts import BadSignature, Incoming, Json, Malformed, RawRequest, Sample
from integrations.words import _, gettext_noop

_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{10,200}")


class Conditions(BaseModel):
    """Which events a rule waits for."""

    model_config = ConfigDict(
        extra="forbid",
        title="Notion",
        json_schema_extra={
            "about": gettext_noop("A page in Notion that a person changed."),
            "examples": [{"event": "page.created", "data_source": "1f2e3d4c-0000-4000-8000-000000000000"}],
        },
    )

    event: str = Field(
        default="",
        title=gettext_noop("Event"),
        description=gettext_noop("As Notion names it, such as page.created. Empty: any."),
    )
    data_source: str = Field(
        default="",
        title=gettext_noop("Data source"),
        description=gettext_noop("The id of the one whose pages count. Empty: all that Notion tells of."),
    )


class _Named(BaseModel):
    id: str = ""
    type: str = ""


class _Parent(BaseModel):
    data_source_id: str = ""


class _Data(BaseModel):
    parent: _Parent = _Parent()


class _Event(BaseModel):
    id: str
    type: str
    entity: _Named
    authors: list[_Named] = []
    data: _Data = _Data()


class NotionSource:
    """One address for all of Notion; an event's id stays the same. What no person did opens nothing."""

    slug: ClassVar[str] = "notion"
    max_body_bytes: ClassVar[int] = 1_000_000
    addressed: ClassVar[bool] = False
    kept_headers: ClassVar[tuple[str, ...]] = ()
    conditions: ClassVar[type[BaseModel]] = Conditions

    def verify(self, request: RawRequest, *, secrets: Sequence[str], now: datetime) -> None:
        """Return if X-Notion-Signature fits the raw body and a verification token.

        Notion sends no timestamp: only the event's id keeps a repeat from counting twice.
        """
        given = request.headers.get("x-notion-signature", "")
        if not _SIGNATURE.fullmatch(given):
            raise BadSignature("X-Notion-Signature is missing or is not sha256=<64 hex digits>.")
        expected = [_sign(secret, request.body) for secret in secrets if secret]
        if not sum(hmac.compare_digest(given.encode(), one.encode()) for one in expected):
            raise BadSignature(
                "X-Notion-Signature does not fit the body: compare NOTION_WEBHOOK_SECRET with Notion."
            )

    def parse(self, request: RawRequest) -> Incoming:
        """The event with the page that it is about."""
        body = bodies.read_json_object(request.body)
        try:
            event = _Event.model_validate(body)
        except ValidationError as error:
            raise Malformed("This is not an event of Notion's: it lacks its id, type or entity.") from error
        by_people = any(author.type == "person" for author in event.authors)
        says = bodies.one_line(f"{event.type} of a {event.entity.type or 'page'}")
        return Incoming(
            external_id=bodies.one_line(event.id, 200),
            kind=bodies.one_line(event.type, 80),
            sender=bodies.one_line(event.authors[0].id, 80) if event.authors else "",
            summary=says,
            data={
                "text": says,
                "page": bodies.one_line(event.entity.id, 80),
                "data_source": bodies.one_line(event.data.parent.data_source_id, 80),
                "by_people": by_people,
            },
            ignored="" if by_people else "No person did this: it is Nightdesk's own doing, or another program's.",
        )

    def sample(self, conditions: Json, *, event_id: str) -> Sample:
        """An event as Notion would send it of a page that a person changed."""
        wanted = bodies.read_conditions(Conditions, conditions)
        nobody = "00000000-0000-4000-8000-000000000000"
        event = {
            "id": event_id,
            "type": wanted.event or "page.properties_updated",
            "entity": {"id": nobody, "type": "page"},
            "authors": [{"id": nobody, "type": "person"}],
            "data": {"parent": {"data_source_id": wanted.data_source or nobody}},
        }
        return Sample(headers={"content-type": bodies.JSON_TYPE}, body=json.dumps(event).encode())

    def sign(self, sample: Sample, *, event_id: str, secret: str, now: datetime) -> Mapping[str, str]:
        """The header that proves knowledge of the verification token."""
        return {"x-notion-signature": _sign(secret, sample.body)}

    def check_conditions(self, conditions: Json) -> str:
        """Return what the rule waits for; raise ValueError naming what is wrong."""
        wanted = bodies.read_conditions(Conditions, conditions)
        what = wanted.event or _("any event")
        if wanted.data_source:
            return _("{event} in the data source {source}").format(event=what, source=wanted.data_source)
        return _("{event} of Notion's").format(event=what)

    def matches(self, incoming: Incoming, conditions: Json) -> bool:
        """Whether the event is of the kind, and in the data source, that the rule names."""
        wanted = bodies.read_conditions(Conditions, conditions)
        return (wanted.event or incoming.kind) == incoming.kind and (
            wanted.data_source or incoming.data["data_source"]
        ) == incoming.data["data_source"]


def verification_token(body: bytes) -> str:
    """The token that Notion sends to a new subscription's address, unsigned; empty if the body brings none.

    Its owner pastes it into Notion, and into NOTION_WEBHOOK_SECRET: every event is signed with it.
    """
    try:
        said = bodies.read_json_object(body)
    except Malformed:
        return ""
    token = said.get("verification_token")
    is_one = set(said) == {"verification_token"} and isinstance(token, str) and _TOKEN.fullmatch(token)
    return str(token) if is_one else ""


def _sign(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
