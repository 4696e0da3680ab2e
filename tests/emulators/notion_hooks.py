"""Notion as a sender: the handshake with the verification token, then events signed with it.

https://developers.notion.com/reference/webhooks
"""

import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime
from typing import Any

from tests.emulators.notion import BOT, Page

VERIFICATION_TOKEN = "secret_emulator_0001"


def handshake(token: str = VERIFICATION_TOKEN) -> bytes:
    """The body of the first POST to a new subscription's address."""
    return json.dumps({"verification_token": token}).encode()


def event(page: Page | None, *, by: str, kind: str = "page.properties_updated", **changes: Any) -> bytes:
    """The body of an event: a signal, without what was changed to what."""
    parent = page.parent["data_source_id"] if page else str(uuid.uuid4())
    data = {"parent": {"id": parent, "type": "data_source", "data_source_id": parent}, "updated_properties": ["c2"]}
    body = {
        "id": str(uuid.uuid4()),
        "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}",
        "workspace_id": "10000000-0000-4000-8000-0000000000aa",
        "workspace_name": "Acme",
        "subscription_id": "10000000-0000-4000-8000-0000000000bb",
        "integration_id": "10000000-0000-4000-8000-0000000000cc",
        "authors": [{"id": by, "type": "bot" if by == BOT else "person"}],
        "attempt_number": 1,
        "api_version": "2026-03-11",
        "entity": {"id": page.id if page else str(uuid.uuid4()), "type": "page"},
        "type": kind,
        "data": data,
    }
    return json.dumps(body | changes).encode()


def signature(body: bytes, token: str = VERIFICATION_TOKEN) -> str:
    """The value of X-Notion-Signature."""
    return "sha256=" + hmac.new(token.encode(), body, hashlib.sha256).hexdigest()
