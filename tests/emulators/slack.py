"""Slack on loopback: its Web API with messages that stay, modals, response URLs and Socket Mode.

https://docs.slack.dev/reference/methods. Strict about tokens, scopes, content types, arguments, blocks and modals;
what it refuses is HTTP 200 with {"ok": false, "error": …}, as there. `pace` is a limit of posts to one channel.
"""

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.emulators import slack_rules
from tests.emulators.kit import Emu, Reply, Req
from tests.emulators.slack_socket import SocketServer

TOKEN = "xoxb-emulator-0001"
APP_TOKEN = "xapp-emulator-0001"
TEAM, BOT_USER, BOT, APP = "T0TEAM", "U0BOT", "B0BOT", "A0APP"
SCOPES = frozenset(
    {
        *("chat:write", "commands", "app_mentions:read"),
        *("channels:history", "channels:read", "groups:history", "groups:read"),
    }
)
TRIGGER_SECONDS = 3.0
RESPONSE_USES, RESPONSE_SECONDS = 5, 1_800.0

Json = dict[str, Any]
_CALLING = ('"type": "broadcast"', '"type": "usergroup"', '"type": "user"')
_STRUCTURED = {"blocks", "metadata", "view", "attachments"}
_POSTED = {
    *("channel", "text", "blocks", "thread_ts", "metadata", "unfurl_links", "unfurl_media"),
    *("mrkdwn", "parse", "reply_broadcast"),
}
# Method -> the scopes of which it needs one, and the arguments that it knows.
_METHODS: dict[str, tuple[set[str], set[str]]] = {
    "auth.test": (set(), set()),
    "chat.postMessage": ({"chat:write"}, _POSTED),
    "chat.update": ({"chat:write"}, {"channel", "ts", "text", "blocks", "metadata", "parse"}),
    "chat.delete": ({"chat:write"}, {"channel", "ts"}),
    "chat.postEphemeral": ({"chat:write"}, {"channel", "user", "text", "blocks", "thread_ts"}),
    "chat.getPermalink": (set(), {"channel", "message_ts"}),
    "views.open": (set(), {"trigger_id", "view"}),
    "users.conversations": (
        {"channels:read", "groups:read"},
        {"types", "exclude_archived", "limit", "cursor"},
    ),
    "conversations.info": ({"channels:read", "groups:read"}, {"channel"}),
    "conversations.history": (
        {"channels:history", "groups:history"},
        {"channel", "oldest", "latest", "inclusive", "limit", "cursor", "include_all_metadata"},
    ),
    "conversations.replies": (
        {"channels:history", "groups:history"},
        {"channel", "ts", "oldest", "latest", "inclusive", "limit", "cursor", "include_all_metadata"},
    ),
    "apps.connections.open": (set(), set()),
}


@dataclass
class Channel:
    """A conversation and what stands in it, the oldest first."""

    id: str
    member: bool = True
    archived: bool = False
    shared: bool = False  # with another workspace: Slack Connect
    messages: list[Json] = field(default_factory=list)


@dataclass
class Trigger:
    """What opens one modal, within three seconds."""

    born: float
    used: bool = False


@dataclass
class Answering:
    """A response URL: what was posted to it."""

    born: float
    posts: list[Json] = field(default_factory=list)


class SlackEmulator(Emu):
    """One workspace with one app in it; `scopes` are those of its bot token."""

    def __init__(
        self, *, token: str = TOKEN, app_token: str = APP_TOKEN, scopes: frozenset[str] = SCOPES, page: int = 200
    ) -> None:
        self.token, self.app_token, self.scopes, self.page = token, app_token, scopes, page
        self.channels: dict[str, Channel] = {}
        self.triggers: dict[str, Trigger] = {}
        self.answers: dict[str, Answering] = {}
        self.views: list[Json] = []
        self.ephemerals: list[Json] = []
        self.socket = SocketServer()
        self.now: Callable[[], float] = time.time
        self._numbers = itertools.count(1)
        super().__init__()

    def setup(self) -> None:
        """Register the routes."""
        for method in ("GET", "POST"):
            self.route(method, "/api/{name}", self._call)
        self.route("POST", "/response/{name}", self._respond)

    def stop(self) -> None:
        """The sockets too."""
        self.socket.stop()
        super().stop()

    def not_found(self, req: Req) -> Reply:
        """Asking for a path that does not exist is the product's fault."""
        self.violations.append(f"unknown route {req.method} {req.path}")
        return Reply(404, raw=b"<html>404</html>", ctype="text/html")

    @property
    def base_url(self) -> str:
        """What the SDK is given."""
        return f"{self.url}/api/"

    def add_channel(self, name: str, *, member: bool = True) -> Channel:
        """A channel, with the app in it or not."""
        self.channels[name] = Channel(name, member=member)
        return self.channels[name]

    def write(self, channel: str, text: str, *, user: str = "U1", thread_ts: str = "") -> Json:
        """A person's message."""
        return self._keep(self.channels[channel], {"user": user, "text": text}, thread_ts)

    def posts(self, channel: str) -> list[Json]:
        """What the app has in the channel, the oldest first."""
        return [one for one in self.channels[channel].messages if one.get("bot_id") == BOT]

    def new_trigger(self) -> str:
        """A trigger_id, good for three seconds and one modal."""
        with self.lock:
            name = f"{next(self._numbers)}.{time.monotonic_ns()}.trigger"
            self.triggers[name] = Trigger(time.monotonic())
            return name

    def new_response_url(self) -> str:
        """A response URL, good for five answers in half an hour."""
        with self.lock:
            name = f"r{next(self._numbers)}"
            self.answers[name] = Answering(time.monotonic())
            return f"{self.url}/response/{name}"

    def answered(self, url: str) -> list[Json]:
        """What was posted to a response URL."""
        return self.answers[url.rpartition("/")[2]].posts

    def age(self, seconds: float) -> None:
        """Let that much time pass for triggers and response URLs."""
        for trigger in self.triggers.values():
            trigger.born -= seconds
        for answering in self.answers.values():
            answering.born -= seconds

    def _call(self, req: Req, name: str) -> Reply:
        if name not in _METHODS:
            return self._error("unknown_method")
        scopes, known = _METHODS[name]
        arguments = self._arguments(req)
        self._authorise(req, arguments, name)
        if scopes and not scopes & self.scopes:
            return self._error("missing_scope", needed=",".join(sorted(scopes)), provided=",".join(self.scopes))
        if unknown := arguments.keys() - known:
            self.violations.append(f"{name} knows no {', '.join(sorted(unknown))}")
        handler: Callable[[Json], Json] = getattr(self, "_" + name.replace(".", "_"))
        return Reply(200, {"ok": True, **handler(arguments)}, {"X-OAuth-Scopes": ",".join(sorted(self.scopes))})

    def _arguments(self, req: Req) -> Json:
        query = {name: values[-1] for name, values in req.query.items()}
        kind = req.headers.get("content-type", "").partition(";")[0]
        if not req.body:
            return query
        if kind == "application/json":
            sent: Json = self._object(req.body)
            return query | sent
        if kind != "application/x-www-form-urlencoded":
            raise self._error("invalid_post_type")
        form: Json = {name: values[-1] for name, values in parse_qs(req.body.decode()).items()}
        return query | {name: self._object(form[name]) if name in _STRUCTURED else form[name] for name in form}

    def _object(self, text: bytes | str) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            raise self._error("invalid_arguments") from error

    def _authorise(self, req: Req, arguments: Json, name: str) -> None:
        given = arguments.pop("token", "") or req.headers.get("authorization", "").removeprefix("Bearer ")
        if not given:
            raise self._error("not_authed")
        if given != (self.app_token if name == "apps.connections.open" else self.token):
            is_other_kind = given in {self.token, self.app_token}
            raise self._error("not_allowed_token_type" if is_other_kind else "invalid_auth")

    def _error(self, error: str, **more: Any) -> Reply:
        return Reply(200, {"ok": False, "error": error, **more})

    def _auth_test(self, arguments: Json) -> Json:
        return {
            "url": "https://lume.slack.com/",
            "team": "Lume",
            "user": "nightdesk",
            "team_id": TEAM,
            "user_id": BOT_USER,
            "bot_id": BOT,
            "is_enterprise_install": False,
        }

    def _chat_postMessage(self, arguments: Json) -> Json:  # noqa: N802 - the method's own name
        channel = self._channel(arguments, writing=True)
        self._check_message(arguments)
        parent = arguments.get("thread_ts", "")
        if parent and not any(one["ts"] == parent for one in channel.messages):
            raise self._error("thread_not_found")
        self._check_manners(arguments)
        kept: Json = {name: arguments[name] for name in ("text", "blocks", "metadata") if name in arguments}
        message = self._keep(channel, {"bot_id": BOT, "user": BOT_USER, "app_id": APP, **kept}, parent)
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    def _chat_update(self, arguments: Json) -> Json:
        channel = self._channel(arguments, writing=True)
        message = self._own_message(channel, arguments)
        self._check_message(arguments)
        # Without metadata, what was there stays; without blocks they go.
        changed: Json = {"blocks": arguments.get("blocks", []), "text": arguments.get("text", "")}
        message |= changed | {name: arguments[name] for name in ("metadata",) if name in arguments}
        message["edited"] = {"user": BOT_USER, "ts": f"{time.time():.6f}"}
        return {"channel": channel.id, "ts": message["ts"], "text": message["text"], "message": message}

    def _chat_delete(self, arguments: Json) -> Json:
        channel = self._channel(arguments, writing=True)
        message = self._own_message(channel, arguments)
        channel.messages.remove(message)
        return {"channel": channel.id, "ts": message["ts"]}

    def _chat_postEphemeral(self, arguments: Json) -> Json:  # noqa: N802 - the method's own name
        self._channel(arguments, writing=True)
        self._check_message(arguments)
        if not arguments.get("user"):
            raise self._error("user_not_in_channel")
        self.ephemerals.append(arguments)
        return {"message_ts": self._ts()}

    def _chat_getPermalink(self, arguments: Json) -> Json:  # noqa: N802 - the method's own name
        channel = self._channel(arguments)
        if not any(one["ts"] == arguments.get("message_ts") for one in channel.messages):
            raise self._error("message_not_found")
        place = arguments["message_ts"].replace(".", "")
        return {"channel": channel.id, "permalink": f"https://lume.slack.com/archives/{channel.id}/p{place}"}

    def _views_open(self, arguments: Json) -> Json:
        trigger = self.triggers.get(str(arguments.get("trigger_id")))
        if trigger is None:
            raise self._error("invalid_trigger_id")
        if trigger.used:
            raise self._error("exchanged_trigger_id")
        if time.monotonic() - trigger.born > TRIGGER_SECONDS:
            raise self._error("expired_trigger_id")
        try:
            slack_rules.check_view(arguments.get("view"))
        except slack_rules.Refused as refused:
            raise self._error("invalid_arguments", response_metadata={"messages": [str(refused)]}) from refused
        trigger.used = True
        view = {**arguments["view"], "id": f"V{next(self._numbers)}", "hash": "h1", "team_id": TEAM}
        self.views.append(view)
        return {"view": {**view, "state": {"values": {}}}}

    def _users_conversations(self, arguments: Json) -> Json:
        """Those that the app is in, a page at a time."""
        size, start = min(self.page, int(arguments.get("limit", 100))), int(arguments.get("cursor") or 0)
        leaves_out = arguments.get("exclude_archived") in {True, "1", "true"}
        mine = [one for one in self.channels.values() if one.member and not (leaves_out and one.archived)]
        cursor = str(start + size) if len(mine) > start + size else ""
        found = [{"id": one.id, "name": one.id.lower()} for one in mine[start : start + size]]
        return {"channels": found, "response_metadata": {"next_cursor": cursor}}

    def _conversations_info(self, arguments: Json) -> Json:
        channel = self._channel(arguments)
        flags = {"is_member": channel.member, "is_archived": channel.archived, "is_channel": True}
        flags |= {"is_ext_shared": channel.shared}
        return {"channel": {"id": channel.id, "name": channel.id.lower(), **flags}}

    def _conversations_history(self, arguments: Json) -> Json:
        channel = self._channel(arguments, reading=True)
        return self._paged(
            arguments, [one for one in channel.messages if one.get("thread_ts") in {None, one["ts"]}]
        )

    def _conversations_replies(self, arguments: Json) -> Json:
        channel = self._channel(arguments, reading=True)
        parent = arguments.get("ts")
        if not any(one["ts"] == parent for one in channel.messages):
            raise self._error("thread_not_found")
        return self._paged(
            arguments, [one for one in channel.messages if parent in {one["ts"], one.get("thread_ts")}]
        )

    def _apps_connections_open(self, arguments: Json) -> Json:
        return {"url": self.socket.ticket()}

    def _paged(self, arguments: Json, messages: list[Json]) -> Json:
        """The newest first for a channel; Slack's own limit is 999, and metadata comes only to who asks for it."""
        size = min(self.page, int(arguments.get("limit", 100)))
        oldest, start = float(arguments.get("oldest") or 0), int(arguments.get("cursor") or 0)
        found = [one for one in reversed(messages) if float(one["ts"]) > oldest]
        shown, has_more = found[start : start + size], len(found) > start + size
        if arguments.get("include_all_metadata") not in {True, "1", "true"}:
            shown = [{name: value for name, value in one.items() if name != "metadata"} for one in shown]
        cursor = str(start + size) if has_more else ""
        return {"messages": shown, "has_more": has_more, "response_metadata": {"next_cursor": cursor}}

    def _channel(self, arguments: Json, *, writing: bool = False, reading: bool = False) -> Channel:
        channel = self.channels.get(str(arguments.get("channel")))
        if channel is None:
            raise self._error("channel_not_found")
        if (writing or reading) and not channel.member:
            raise self._error("not_in_channel")
        if writing and channel.archived:
            raise self._error("is_archived")
        return channel

    def _own_message(self, channel: Channel, arguments: Json) -> Json:
        message = next((one for one in channel.messages if one["ts"] == arguments.get("ts")), None)
        if message is None:
            raise self._error("message_not_found")
        if message.get("bot_id") != BOT:
            raise self._error("cant_update_message")
        return message

    def _check_message(self, arguments: Json) -> None:
        if not arguments.get("text") and not arguments.get("blocks"):
            raise self._error("no_text")
        if len(arguments.get("text", "")) > slack_rules.MAX_TEXT:
            raise self._error("msg_too_long")
        metadata = arguments.get("metadata", {})
        if metadata and not ({"event_type", "event_payload"} <= metadata.keys()):
            raise self._error("metadata_must_be_sent_from_app")
        try:
            slack_rules.check_blocks(arguments.get("blocks", []))
        except slack_rules.Refused as refused:
            raise self._error("invalid_blocks", response_metadata={"messages": [str(refused)]}) from refused

    def _check_manners(self, arguments: Json) -> None:
        """What Slack would do, and the product must not: unfurl what a model wrote, call everybody."""
        if arguments.get("unfurl_links") is not False or arguments.get("unfurl_media") is not False:
            self.violations.append("chat.postMessage would unfurl links or media")
        # In rich text, only elements of their own call anybody: its words are words.
        marked = [block for block in arguments.get("blocks", []) if block.get("type") != "rich_text"]
        said = json.dumps([arguments.get("text", ""), marked])
        if any(mention in said for mention in ("<!channel", "<!here", "<!everyone", "<!subteam")):
            self.violations.append("chat.postMessage calls everybody")
        if any(kind in json.dumps(arguments.get("blocks", [])) for kind in _CALLING):
            self.violations.append("chat.postMessage calls somebody by an element of rich text")
        if arguments.get("reply_broadcast"):
            self.violations.append("chat.postMessage broadcasts a reply")

    def _keep(self, channel: Channel, message: Json, thread_ts: str) -> Json:
        with self.lock:
            kept = {
                "type": "message",
                **message,
                "ts": self._ts(),
                **({"thread_ts": thread_ts} if thread_ts else {}),
            }
            channel.messages.append(kept)
            return kept

    def _ts(self) -> str:
        """As there: seconds with six digits, unique in its channel."""
        return f"{int(self.now())}.{next(self._numbers):06d}"

    def _respond(self, req: Req, name: str) -> Reply:
        known = self.answers.get(name)
        if known is None or len(known.posts) >= RESPONSE_USES or time.monotonic() - known.born > RESPONSE_SECONDS:
            return Reply(404, raw=b"used_url", ctype="text/plain")
        try:
            posted = req.json()
        except ValueError:
            return Reply(400, raw=b"invalid_payload", ctype="text/plain")
        known.posts.append(posted)
        return Reply(200, raw=b"ok", ctype="text/plain")
