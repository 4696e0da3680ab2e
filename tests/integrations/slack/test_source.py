"""Slack keeps what every source has to keep; what is its own stands in its parts' tests."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier

from integrations.contracts import Malformed, RawRequest
from integrations.slack import signing
from integrations.slack.source import SlackSource
from tests.integrations.source_contract import NOW, SourceContract

TEXT = "Please look at the autumn menu"


def envelope(event: dict[str, Any], event_id: str = "Ev1") -> dict[str, Any]:
    """What is around an event."""
    own = {"team_id": "T1", "user_id": "U0BOT", "is_bot": True}
    return {
        "type": "event_callback",
        "team_id": "T1",
        "event_id": event_id,
        "event": event,
        "authorizations": [own],
    }


def message(**changes: Any) -> dict[str, Any]:
    """A person's message in the chosen channel."""
    return {"type": "message", "channel": "C1", "user": "U1", "text": TEXT, "ts": "1764000000.000100", **changes}


def source(**options: Any) -> SlackSource:
    """Where U1 and U2 may ask, and messages count in C1."""
    return SlackSource(**{"users": ["U1", "U2"], "channel": "C1", **options})


class TestSlack(SourceContract):
    source = SlackSource(users=["U1"], channel="C1")
    limit = 1_000_000
    secrets = ["a signing secret", "another signing secret"]
    proof = ("x-slack-request-timestamp", "x-slack-signature")
    good_body = b""
    wrong_schemes = [("x-slack-signature", "v1={proof}"), ("x-slack-signature", "{proof}")]

    def request(
        self, body: bytes | None = None, *, event: str = "evt-1", at: datetime = NOW, secret: str | None = None
    ) -> RawRequest:
        if body is None:
            body = json.dumps(envelope(message(ts=f"1764000000.{event}"), event)).encode()
        proof = signing.proof(body, secret=self.secrets[0] if secret is None else secret, now=at)
        headers = {"content-type": "application/json", **proof}
        return RawRequest(method="POST", path="/hooks/slack/events/", headers=headers, body=body)

    def test_the_sdk_believes_what_we_sign(self) -> None:
        class Clock:
            def now(self) -> float:
                return NOW.timestamp()

        request = self.request()
        verifier = SignatureVerifier(self.secrets[0], Clock())  # type: ignore[arg-type]  # all that it asks for
        assert verifier.is_valid_request(request.body, dict(request.headers))


def form(fields: dict[str, str]) -> RawRequest:
    """Fields as Slack posts them."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return RawRequest(method="POST", path="", headers=headers, body=urlencode(fields).encode())


def test_an_interaction_is_read_from_its_form() -> None:
    payload = {"type": "block_actions", "user": {"id": "U1"}, "trigger_id": "1.2", "actions": [{"action_id": "go"}]}
    incoming = source().parse(form({"payload": json.dumps(payload)}))
    assert (incoming.external_id, incoming.kind, incoming.sender) == ("interaction:1.2", "block_actions", "U1")
    assert incoming.summary == "U1 pressed go"
    assert "decides" in incoming.ignored


def test_a_body_of_another_kind_is_refused() -> None:
    for headers, body in (({}, b"text=a"), ({"content-type": "text/plain"}, b"text=a")):
        with pytest.raises(Malformed, match="JSON or a form"):
            source().parse(RawRequest(method="POST", path="", headers=headers, body=body))
    with pytest.raises(Malformed, match="not valid JSON"):
        source().parse(form({"payload": "{"}))
    with pytest.raises(Malformed, match="neither a command"):
        source().parse(form({"text": "hello"}))


@pytest.mark.parametrize(
    ("users", "user", "may"),
    [
        (["U1"], "U1", True),
        (["U1"], "U3", False),
        ([], "U1", False),
        (["*"], "U9", True),
        (["*"], "", False),
        (["U1"], "u1", False),
    ],
)
def test_only_people_on_the_list_may_ask(users: list[str], user: str, may: bool) -> None:
    desk = source(users=users)
    fields = {"command": "/nightdesk", "text": "do it", "user_id": user, "channel_id": "C1", "trigger_id": "1.2"}
    incoming = desk.parse(form(fields))
    assert (not incoming.ignored) is may
    assert desk.matches(incoming, {}) is may
    assert may or "SLACK_USERS" in incoming.ignored


def test_a_suggestion_is_met_by_what_it_was_made_from() -> None:
    desk = source()
    incoming = desk.parse(
        form({"command": "/n", "text": "x", "user_id": "U1", "channel_id": "C7", "trigger_id": "1"})
    )
    suggested = desk.suggest(incoming.kind, incoming.data)
    assert suggested == {"kind": "command", "channel": "C7"}
    assert desk.matches(incoming, suggested)
    assert desk.suggest("reaction_added", {"channel": "C7"}) == {}
