"""People in front of Slack: what they type and press reaches the receiver as Slack sends it, signed, within 3 s.

`send` brings a request to the receiver; without one it goes over HTTP to `receiver`. A slow answer is an error.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.emulators.slack import APP, BOT_USER, TEAM, Json, SlackEmulator

SECRET = "a signing secret of the emulator"
PATIENCE = 3.0
_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


@dataclass(frozen=True)
class Heard:
    """What Slack heard, and after how many seconds."""

    status: int
    body: bytes
    seconds: float

    def json(self) -> Any:
        """The answer, parsed; None for an empty one."""
        return json.loads(self.body) if self.body else None


Send = Callable[[str, bytes, dict[str, str]], tuple[int, bytes]]


class People:
    """Whoever is in the workspace of `slack`."""

    def __init__(
        self, slack: SlackEmulator, *, receiver: str = "", secret: str = SECRET, send: Send | None = None
    ) -> None:
        self.slack, self.secret, self.receiver = slack, secret, receiver
        self._send = send or self._over_http

    def slash(self, text: str, *, user: str = "U1", channel: str = "C1", **options: Any) -> Heard:
        """Type `/nightdesk text`."""
        return self.post("commands", urlencode(self.command(text, user=user, channel=channel)).encode(), **options)

    def command(self, text: str, *, user: str = "U1", channel: str = "C1") -> dict[str, str]:
        """The fields of a slash command."""
        return {
            "token": "deprecated",
            "team_id": TEAM,
            "team_domain": "lume",
            "channel_id": channel,
            "channel_name": "desk",
            "user_id": user,
            "user_name": user.lower(),
            "command": "/nightdesk",
            "text": text,
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": self.slack.new_response_url(),
            "trigger_id": self.slack.new_trigger(),
        }

    def say(
        self, text: str, *, user: str = "U1", channel: str = "C1", thread_ts: str = "", **options: Any
    ) -> Heard:
        """Write a message, of which the app is told; also as a mention, if it is one."""
        message = self.slack.write(channel, text, user=user, thread_ts=thread_ts)
        if f"<@{BOT_USER}>" in text:
            self.event(mention(message, channel), **options)
        return self.event({**message, "channel": channel, "channel_type": "channel"}, **options)

    def event(self, event: Json, *, event_id: str = "", **options: Any) -> Heard:
        """One event of the Events API."""
        return self.post("events", json.dumps(envelope(event, event_id)).encode(), **options)

    def click(
        self, message: Json, action_id: str, *, user: str = "U1", channel: str = "C1", **options: Any
    ) -> Heard:
        """Press a button of a message."""
        return self.interact(self.pressed(message, action_id, user=user, channel=channel), **options)

    def pressed(self, message: Json, action_id: str, *, user: str = "U1", channel: str = "C1") -> Json:
        """What Slack says of a button that was pressed: the one in the message, with its value."""
        pairs = [
            (block.get("block_id", ""), one) for block in message["blocks"] for one in block.get("elements", [])
        ]
        block_id, button = next((at, one) for at, one in pairs if one.get("action_id") == action_id)
        action = {**button, "block_id": block_id, "action_ts": f"{time.time():.6f}"}
        return {
            "type": "block_actions",
            "user": {"id": user, "username": user.lower(), "team_id": TEAM},
            "api_app_id": APP,
            "team": {"id": TEAM, "domain": "lume"},
            "channel": {"id": channel, "name": "desk"},
            "container": {"type": "message", "message_ts": message["ts"], "channel_id": channel},
            "message": message,
            "trigger_id": self.slack.new_trigger(),
            "response_url": self.slack.new_response_url(),
            "actions": [action],
        }

    def submit(self, view: Json, values: dict[str, str], *, user: str = "U1", **options: Any) -> Heard:
        """Send a modal off; `values` are the texts by the action_id of their inputs."""
        return self.interact(self.submitted(view, values, user=user), **options)

    def submitted(self, view: Json, values: dict[str, str], *, user: str = "U1") -> Json:
        """What Slack says of a modal that was sent off."""
        state: Json = {}
        for block in view["blocks"]:
            if block["type"] == "input":
                name = block["element"]["action_id"]
                state[block["block_id"]] = {name: {"type": "plain_text_input", "value": values[name]}}
        return {
            "type": "view_submission",
            "user": {"id": user, "username": user.lower(), "team_id": TEAM},
            "team": {"id": TEAM, "domain": "lume"},
            "api_app_id": APP,
            "trigger_id": self.slack.new_trigger(),
            "view": {**view, "state": {"values": state}},
            "response_urls": [],
        }

    def interact(self, payload: Json, **options: Any) -> Heard:
        """One interaction."""
        return self.post("interactions", urlencode({"payload": json.dumps(payload)}).encode(), **options)

    def post(
        self, kind: str, body: bytes, *, at: float | None = None, retry: int = 0, tampered: bytes | None = None
    ) -> Heard:
        """A signed request; `at` is its time, `tampered` the body that arrives in place of the signed one."""
        content = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
        headers = {"content-type": content, "user-agent": _AGENT, **signed(body, self.secret, at)}
        if retry:
            headers |= {"x-slack-retry-num": str(retry), "x-slack-retry-reason": "http_timeout"}
        begun = time.monotonic()
        status, answer = self._send(f"/hooks/slack/{kind}/", body if tampered is None else tampered, headers)
        taken = time.monotonic() - begun
        assert taken < PATIENCE, f"Slack has given up: the answer took {taken:.1f} s"
        return Heard(status, answer, taken)

    def _over_http(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = HTTPConnection(urlsplit(self.receiver).netloc, timeout=PATIENCE)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def mention(message: Json, channel: str) -> Json:
    """The event that tells of a mention in this message."""
    return {**message, "type": "app_mention", "channel": channel}


def envelope(event: Json, event_id: str = "") -> Json:
    """What is around every event."""
    return {
        "token": "deprecated",
        "team_id": TEAM,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": event_id or f"Ev{time.monotonic_ns()}",
        "event_time": int(time.time()),
        "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True, "is_enterprise_install": False}],
    }


def signed(body: bytes, secret: str, at: float | None = None) -> dict[str, str]:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}"}
