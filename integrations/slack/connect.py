"""Client messages in a channel that is shared with the client (Slack Connect): as approved, once, in that channel.

Slack posts as often as it is asked, so each message bears its key, is looked for by it before it is posted, and
again when an answer was lost.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from integrations.bodies import one_line
from integrations.contracts import DeliveryError, Json, Landed, Marked, OutcomeUnknown, Outgoing
from integrations.slack import history
from integrations.slack.client import BASE_URL, SlackApi
from integrations.slack.conditions import is_channel
from integrations.slack.words import escaped
from integrations.slack.writing import rich_text
from integrations.words import _

# Not that of the cards: what is listed there and here are two lists.
EVENT_TYPE = "nightdesk_message"
# What one message takes is not documented for rich text; this much is taken by its Markdown block.
MAX_CHARS = 12_000
_BACK = timedelta(minutes=10)  # clocks differ
_PAGES = 20


class SlackConnectTarget:
    """Posts to the one channel that a message names, never to `inbox`, where decisions are made."""

    slug: ClassVar[str] = "slack_connect"
    kinds: ClassVar[frozenset[str]] = frozenset({"client_message"})
    lag_seconds: ClassVar[float] = 2.0

    def __init__(self, token: str, inbox: str = "", base_url: str = BASE_URL) -> None:
        self._api = SlackApi(token, base_url)
        self._inbox = inbox

    def deliver(self, outgoing: Outgoing) -> Landed:
        """Post it, if it is not there. Raises DeliveryError or OutcomeUnknown."""
        channel, message = self._channel(outgoing), _message(outgoing)
        if found := self._found(outgoing, channel):
            return found
        quiet = {"unfurl_links": False, "unfurl_media": False}
        posted = self._api.act("chat.postMessage", channel=channel, **message, **quiet)
        return history.landed(self._api, channel, str(posted["ts"]))

    def find(self, outgoing: Outgoing) -> Landed | None:
        """The message with this key; raises OutcomeUnknown if Slack cannot be asked."""
        try:
            return self._found(outgoing, self._channel(outgoing))
        except DeliveryError as error:
            raise OutcomeUnknown(str(error)) from error

    def listing(self, since: datetime) -> list[Marked]:
        """Every message of ours to clients since then, in every channel the app is in. Raises DeliveryError."""
        found = [
            (float(message["ts"]), Marked(key=str(key), external_id=f"{channel}:{message['ts']}"))
            for channel in self._channels()
            for message in history.messages(self._api, channel, oldest=since.timestamp(), to_the_end=True)
            if (key := history.mark(message, EVENT_TYPE).get("key"))
        ]
        return [marked for _, marked in sorted(found, key=lambda one: one[0])]

    def _channels(self) -> Iterator[str]:
        """Where the app is: https://docs.slack.dev/reference/methods/users.conversations"""
        arguments: Json = {"types": "public_channel,private_channel", "exclude_archived": "true", "limit": 200}
        for _page in range(_PAGES):
            page = self._api.read("users.conversations", **arguments)
            yield from (str(one["id"]) for one in page.get("channels") or [])
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
            arguments["cursor"] = cursor
        raise DeliveryError(_("The app is in more channels than can be listed."), permanent=False)

    def _channel(self, outgoing: Outgoing) -> str:
        to = outgoing.fields.get("to")
        if outgoing.kind not in self.kinds:
            raise _refused(
                _("A client's channel takes messages to clients, not a {kind}.").format(kind=outgoing.kind)
            )
        if not isinstance(to, list) or len(to) != 1 or not is_channel(str(to[0])):
            raise _refused(_("It names no channel: write the id of the client's channel, as in C0123ABCD."))
        if to[0] == self._inbox:
            raise _refused(_("It would go to the channel of the inbox: give the client a channel of their own."))
        return str(to[0])

    def _found(self, outgoing: Outgoing, channel: str) -> Landed | None:
        since = (outgoing.created_at - _BACK).timestamp()
        for message in history.messages(self._api, channel, oldest=since, to_the_end=True):
            if history.mark(message, EVENT_TYPE).get("key") == outgoing.key:
                return history.landed(self._api, channel, str(message["ts"]))
        return None


def _message(outgoing: Outgoing) -> Json:
    """What is posted. Raises DeliveryError (permanent) for what does not fit there whole, or says nothing."""
    if outgoing.files[1:]:
        raise _refused(_("It has attachments, which a message in Slack does not take: send it by mail."))
    subject, text = one_line(outgoing.fields.get("subject"), 300), _text(outgoing)
    if len(subject) + len(text) > MAX_CHARS:
        raise _refused(
            _("It is longer than the {max_chars} characters of a message in Slack: have it shortened.").format(
                max_chars=f"{MAX_CHARS:,}"
            )
        )
    mark = {"event_type": EVENT_TYPE, "event_payload": {"key": outgoing.key}}
    # The text alone is what a notification shows; in it, unlike in the block, marks are read.
    return {"text": escaped(subject or text[:200]), "blocks": [rich_text(subject, text)], "metadata": mark}


def _text(outgoing: Outgoing) -> str:
    try:
        text = outgoing.files[0].content.decode("utf-8") if outgoing.files else ""
    except UnicodeDecodeError as error:
        raise _refused(_("Its text is no UTF-8: edit it, then approve it anew.")) from error
    if not text.strip():
        raise _refused(_("There is nothing to say: the message is empty."))
    return text


def _refused(reason: str) -> DeliveryError:
    return DeliveryError(reason, permanent=True)
