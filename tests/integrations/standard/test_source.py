"""Events of anything that speaks Standard Webhooks."""

import json
from datetime import datetime
from typing import Any

import pytest

from integrations.contracts import Malformed, RawRequest
from integrations.signatures import key_of, sign
from integrations.standard.source import StandardSource
from tests.integrations.source_contract import NOW, SourceContract

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOKEN = "nd_4pXbJ0p3k1oQz8mVd2rT7yLw5nHcS9aE"
PAYLOAD: dict[str, Any] = {
    "type": "contact.created",
    "timestamp": "2026-11-23T06:29:58Z",
    "data": {"name": "Marta Lume", "email": "marta@example.com", "message": "Please call."},
}


class TestStandard(SourceContract):
    source = StandardSource()
    limit = 1_000_000
    secrets = [KEY, TOKEN]
    proof = ("webhook-id", "webhook-timestamp", "webhook-signature")
    good_body = json.dumps(PAYLOAD).encode()
    wrong_schemes = [("webhook-signature", f"{scheme},{{proof}}") for scheme in ("v0", "v1a", "v2", "V1")]

    def request(
        self, body: bytes | None = None, *, event: str = "evt-1", at: datetime = NOW, secret: str | None = None
    ) -> RawRequest:
        content = self.good_body if body is None else body
        stamp = str(int(at.timestamp()))
        headers = {
            "content-type": "application/json",
            "webhook-id": event,
            "webhook-timestamp": stamp,
            "webhook-signature": sign(key_of(secret or KEY), event, stamp, content),
        }
        return RawRequest("POST", "/hooks/standard/crm/", headers, content, "crm")

    def test_a_token_is_no_proof(self) -> None:
        headers = {"content-type": "application/json", "authorization": f"Bearer {TOKEN}"}
        assert not self.accepts(RawRequest("POST", "/hooks/standard/crm/", headers, self.good_body, "crm"))

    def test_the_event_is_read(self) -> None:
        incoming = self.source.parse(self.request())
        assert incoming.external_id == "evt-1"
        assert incoming.kind == "contact.created"
        assert incoming.sender == "marta@example.com"
        assert incoming.summary == "contact.created: Marta Lume"
        assert incoming.data == {**PAYLOAD, "text": "Please call."}

    @pytest.mark.parametrize(
        ("body", "kind"),
        [({"event": "build.done"}, "build.done"), ({"x": 1}, "event"), ({"type": 7}, "7"), ({"type": []}, "event")],
    )
    def test_the_kind_comes_from_type_or_event(self, body: dict[str, Any], kind: str) -> None:
        assert self.source.parse(self.request(json.dumps(body).encode())).kind == kind

    def test_form_bodies_are_refused(self) -> None:
        request = self.request(b"text=hello")
        headers = {**request.headers, "content-type": "application/x-www-form-urlencoded"}
        with pytest.raises(Malformed, match="application/json"):
            self.source.parse(RawRequest("POST", request.path, headers, request.body, "crm"))

    def test_conditions_choose_by_type(self) -> None:
        incoming = self.source.parse(self.request())
        assert self.source.check_conditions({}) == "Every event sent to its own address."
        assert self.source.check_conditions({"types": ["a", "b"]}) == "Events of type a or b."
        assert self.source.matches(incoming, {})
        assert self.source.matches(incoming, {"types": ["contact.created"]})
        assert not self.source.matches(incoming, {"types": ["contact.deleted"]})
        with pytest.raises(ValueError, match="types"):
            self.source.check_conditions({"types": "contact.created"})
