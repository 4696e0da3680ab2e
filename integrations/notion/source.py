"""Webhooks from Notion: https://developers.notion.com/reference/webhooks

An event is a signal: it says that a page was changed, and by whom, not to what.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from integrations import bodies
from integrations.contracts import BadSignature, Incoming, Json, Malformed, RawRequest

_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{10,200}")


class Conditions(BaseModel):
    """Which events a rule waits for."""

    model_config = ConfigDict(extra="forbid")

    event: str = ""
    data_source: str = ""


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
        return Incoming(
            external_id=bodies.one_line(event.id, 200),
            kind=bodies.one_line(event.type, 80),
            sender=bodies.one_line(event.authors[0].id, 80) if event.authors else "",
            summary=bodies.one_line(f"{event.type} of a {event.entity.type or 'page'}"),
            data={
                "page": bodies.one_line(event.entity.id, 80),
                "data_source": bodies.one_line(event.data.parent.data_source_id, 80),
                "by_people": by_people,
            },
            ignored="" if by_people else "No person did this: it is Nightdesk's own doing, or another program's.",
        )

    def check_conditions(self, conditions: Json) -> str:
        """Return what the rule waits for; raise ValueError naming what is wrong."""
        wanted = bodies.read_conditions(Conditions, conditions)
        what = wanted.event or "any event"
        return f"{what} in the data source {wanted.data_source}" if wanted.data_source else f"{what} of Notion's"

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
