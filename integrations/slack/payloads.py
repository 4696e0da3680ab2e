"""What a rule and a job can use of what Slack sends; the whole stays with the receipt.

Nothing of a signed payload fails for its form alone: a part that is missing or of another type is left out.
Commands: https://docs.slack.dev/interactivity/implementing-slash-commands
Events: https://docs.slack.dev/apis/events-api
Interactions: https://docs.slack.dev/reference/interaction-payloads
"""

import hashlib
from typing import Any

from integrations import bodies
from integrations.contracts import Incoming, Json, Malformed
from integrations.slack.words import plain

HANDSHAKE = "url_verification"
INTERACTIONS = frozenset({"block_actions", "view_submission", "view_closed", "shortcut", "message_action"})
# Messages that people write; every other subtype tells of a change, or of somebody who joined.
_WRITTEN = {"", "file_share", "thread_broadcast"}
_NO_JOB = "It decides an item of the inbox: it opens no job."


def extract(payload: Json) -> Incoming:
    """The event in the words that rules and templates use. Raises Malformed for what is not Slack's."""
    kind = _text(payload, "type")
    if kind == HANDSHAKE:
        return _handshake(payload)
    if kind == "event_callback":
        return _event(payload)
    if kind in INTERACTIONS:
        return _interaction(kind, payload)
    if kind == "app_rate_limited":
        return _limited(payload)
    if _text(payload, "command"):
        return _command(payload)
    raise Malformed("This is neither a command nor an event nor an interaction of Slack's.")


def _handshake(payload: Json) -> Incoming:
    challenge = _text(payload, "challenge", limit=500)
    digest = hashlib.sha256(challenge.encode()).hexdigest()
    return Incoming(
        external_id=f"challenge:{digest}",
        kind=HANDSHAKE,
        summary="Slack looks whether it is heard here",
        data={"challenge": challenge},
        ignored="Slack asked whether this address is its own.",
    )


def _limited(payload: Json) -> Incoming:
    minute = _text(payload, "minute_rate_limited") or "0"
    return Incoming(
        external_id=f"limited:{_text(payload, 'team_id')}:{minute}",
        kind="app_rate_limited",
        summary="Slack held events back: there were too many in one minute",
        ignored="Slack says that it held events back in this minute; they do not come any more.",
    )


def _command(payload: Json) -> Incoming:
    text = plain(_long(payload, "text"))
    command = _text(payload, "command")
    data = _data(
        kind="command",
        text=text,
        channel=_text(payload, "channel_id"),
        user=_text(payload, "user_id"),
        team=_text(payload, "team_id"),
        command=command,
    )
    trigger = _text(payload, "trigger_id", limit=150)
    if not trigger:
        raise Malformed("The command has no trigger_id: nothing would tell a repeat from another one.")
    return Incoming(
        external_id=f"command:{trigger}",
        kind="command",
        sender=data["user"],
        summary=bodies.one_line(text) or command,
        data=data,
        ignored="" if text else f"Nothing was said: write {command} and what should be done.",
    )


def _event(payload: Json) -> Incoming:
    event = payload.get("event")
    if not isinstance(event, dict):
        raise Malformed("The event has no content.")
    own = _own_user(payload)
    if _text(event, "type") in {"message", "app_mention"} and _text(event, "subtype") in _WRITTEN:
        return _message(payload, event, own)
    name = ".".join(part for part in (_text(event, "type"), _text(event, "subtype")) if part) or "event"
    return Incoming(
        external_id=_event_id(payload),
        kind=name[:80],
        sender=_text(event, "user"),
        summary=f"Slack: {name}"[:200],
        data=_data(kind=name[:80], channel=_text(event, "channel"), team=_text(payload, "team_id")),
        ignored="Only commands, mentions and new messages of people open jobs.",
    )


def _message(payload: Json, event: Json, own: str) -> Incoming:
    """A message. That it mentions the app is told by two events: both are this one, whichever comes first."""
    written, channel, ts = _long(event, "text"), _text(event, "channel"), _text(event, "ts")
    thread = _text(event, "thread_ts")
    is_mention = _text(event, "type") == "app_mention" or _text(event, "channel_type") == "im"
    kind = "mention" if is_mention or (own and f"<@{own}" in written) else "reply" if thread not in {"", ts} else ""
    data = _data(
        kind=kind or "message",
        text=plain(written, own=own),
        channel=channel,
        user=_text(event, "user"),
        team=_text(payload, "team_id"),
        ts=ts,
        thread=thread or ts,
    )
    return Incoming(
        external_id=f"message:{channel}:{ts}" if channel and ts else _event_id(payload),
        kind=data["kind"],
        sender=data["user"],
        summary=bodies.one_line(data["text"]) or "A message without words",
        data=data,
        ignored=_why_not(event, own, data),
    )


def _why_not(event: Json, own: str, data: Json) -> str:
    if own and data["user"] == own:
        return "Nightdesk wrote it itself."
    if event.get("bot_id") or event.get("bot_profile") or not data["user"]:
        return "A bot wrote it."
    return "" if data["text"] else "Nothing was said."


def _interaction(kind: str, payload: Json) -> Incoming:
    user = _text(payload.get("user"), "id")
    trigger = _text(payload, "trigger_id", limit=150)
    whole = trigger or hashlib.sha256(repr(sorted(payload.items())).encode()).hexdigest()
    actions = payload.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else {}
    pressed = _text(first, "action_id") or _text(payload.get("view"), "callback_id") or kind
    return Incoming(
        external_id=f"interaction:{whole}",
        kind=kind,
        sender=user,
        summary=f"{user} pressed {pressed}"[:200],
        data=_data(kind=kind, user=user, team=_text(payload.get("team"), "id")),
        ignored=_NO_JOB,
    )


def _data(**known: str) -> Json:
    """The same names for every kind, so that a template never misses one."""
    names = ("kind", "text", "channel", "user", "team", "ts", "thread", "command")
    return {name: known.get(name, "") for name in names}


def _own_user(payload: Json) -> str:
    """The app's own user in this workspace."""
    authorizations = payload.get("authorizations")
    for one in authorizations if isinstance(authorizations, list) else []:
        if isinstance(one, dict) and one.get("is_bot"):
            return _text(one, "user_id")
    return ""


def _event_id(payload: Json) -> str:
    found = _text(payload, "event_id")
    if not found:
        raise Malformed("The event has no event_id: nothing would tell a repeat from another one.")
    return f"event:{found}"


def _text(holder: Any, name: str, *, limit: int = 100) -> str:
    """A short value; empty for anything but text and numbers."""
    return bodies.one_line(holder.get(name), limit) if isinstance(holder, dict) else ""


def _long(holder: Json, name: str) -> str:
    value = holder.get(name)
    return bodies.bounded(value) if isinstance(value, str) else ""
