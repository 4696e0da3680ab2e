"""Made-up events of Slack's, for a rule to be tested with."""

import json
from collections.abc import Sequence
from urllib.parse import urlencode

from integrations import bodies
from integrations.contracts import Json, Sample
from integrations.slack.conditions import Conditions

_TEXT = "A test event: nothing has to be done."
_TEAM, _OWN, _TS = "T0TEST", "U0NIGHTDESK", "1700000000"


def sample(wanted: Conditions, *, users: Sequence[str], chosen: str, event_id: str) -> Sample:
    """An event that meets the conditions, as far as one can be made up; the signature is not part of it."""
    user = next(iter([*wanted.user, *users]), "U0TEST")
    channel = next(iter([*wanted.channel, *([chosen] if chosen else [])]), "C0TEST")
    text = wanted.text[0].replace("*", "test").replace("?", "t") if wanted.text else _TEXT
    if wanted.kind[0] == "command":
        return _command(text, user, channel, event_id)
    return _event(wanted.kind[0], text, user, channel, event_id)


def _command(text: str, user: str, channel: str, event_id: str) -> Sample:
    fields = {
        "team_id": _TEAM,
        "channel_id": channel,
        "user_id": user,
        "command": "/nightdesk",
        "text": text,
        "trigger_id": event_id,
    }
    return Sample(headers={"content-type": bodies.FORM_TYPE}, body=urlencode(fields).encode())


def _event(kind: str, text: str, user: str, channel: str, event_id: str) -> Sample:
    # No message of Slack's has such a time: it meets no real one.
    event: Json = {"user": user, "text": text, "channel": channel, "ts": f"{_TS}.{event_id}"}
    event["type"] = "app_mention" if kind == "mention" else "message"
    if kind == "reply":
        event["thread_ts"] = f"{_TS}.000001"
    own = {"team_id": _TEAM, "user_id": _OWN, "is_bot": True}
    around = {"type": "event_callback", "team_id": _TEAM, "event_id": event_id, "authorizations": [own]}
    body = json.dumps({**around, "event": event}).encode()
    return Sample(headers={"content-type": bodies.JSON_TYPE}, body=body)
