"""What stands in a channel, with the marks that our messages bear in their metadata, and the link to one."""

import contextlib
from collections.abc import Iterator
from typing import Any

from integrations.contracts import DeliveryError, Json, Landed
from integrations.slack.client import SlackApi
from integrations.words import _

_PAGES, _PAGE = 20, 200


def messages(
    api: SlackApi, channel: str, *, oldest: float, thread: str = "", to_the_end: bool = False
) -> Iterator[Json]:
    """What was written there since, the newest first, or below a message; `to_the_end`: all, or DeliveryError.

    https://docs.slack.dev/reference/methods/conversations.history and conversations.replies
    """
    method = "conversations.replies" if thread else "conversations.history"
    arguments: Json = {"channel": channel, "limit": _PAGE, "include_all_metadata": "true"}
    arguments |= {"ts": thread} if thread else {"oldest": f"{oldest:.6f}"}
    for _page in range(_PAGES):
        page = api.read(method, **arguments)
        yield from page.get("messages") or []
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return
        arguments["cursor"] = cursor
    if to_the_end:
        raise DeliveryError(_("There are more messages in the channel than can be listed."), permanent=False)


def mark(message: Json, event_type: str) -> dict[str, Any]:
    """What a message of ours bears; empty of any other."""
    metadata = message.get("metadata") or {}
    return metadata.get("event_payload") or {} if metadata.get("event_type") == event_type else {}


def landed(api: SlackApi, channel: str, ts: str) -> Landed:
    """Proof of the message, with its link where Slack gives one: the message is there, a link is a kindness."""
    link = ""
    with contextlib.suppress(DeliveryError):
        link = str(api.read("chat.getPermalink", channel=channel, message_ts=ts).get("permalink") or "")
    return Landed(external_id=f"{channel}:{ts}", url=link)
