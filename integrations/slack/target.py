"""Messages in Slack: one for each job and each decision, brought up to date in place.

Slack posts as often as it is asked: https://docs.slack.dev/reference/methods/chat.postMessage
So each message has a mark in its metadata, and is looked for by it before it is posted and when an answer was lost.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from integrations.contracts import DeliveryError, Json, Landed, Marked, OutcomeUnknown, Outgoing
from integrations.slack import blocks, history, job_card, night_card, review_card
from integrations.slack.client import BASE_URL, Refused, SlackApi
from integrations.slack.words import escaped
from integrations.words import _

EVENT_TYPE = "nightdesk"
# How far back a message is looked for: an attempt is never looked up later than that.
_BACK = timedelta(days=2)
_GONE = {"message_not_found", "cant_update_message"}


@dataclass(frozen=True)
class Place:
    """Where a card stands: in a channel, or in the thread below a message there."""

    channel: str
    thread: str = ""


class SlackTarget:
    """Posts to `channel`, and follows a job that was asked for in a thread right there."""

    slug: ClassVar[str] = "slack"
    kinds: ClassVar[frozenset[str]] = frozenset({"notice"})
    lag_seconds: ClassVar[float] = 2.0

    def __init__(self, token: str, channel: str, base_url: str = BASE_URL) -> None:
        self._api = SlackApi(token, base_url)
        self._channel = channel

    def deliver(self, outgoing: Outgoing) -> Landed:
        """Bring the card up to date, or post it if it is not there. Raises DeliveryError or OutcomeUnknown."""
        place = self._place(outgoing)
        message = _message(outgoing, among_others=place.channel != self._channel)
        previous = outgoing.previous
        if previous and (landed := self._changed(*_parts(previous.external_id), message, previous.url)):
            return landed
        found = self._found(outgoing, place)
        if found and (landed := self._changed(place.channel, str(found["ts"]), message, "")):
            return landed
        return self._posted(place, message)

    def find(self, outgoing: Outgoing) -> Landed | None:
        """The card, if it shows what this notice says; raises OutcomeUnknown if Slack cannot be asked."""
        place = self._place(outgoing)
        try:
            found = self._found(outgoing, place)
        except DeliveryError as error:
            raise OutcomeUnknown(str(error)) from error
        if found is None or history.mark(found, EVENT_TYPE).get("key") != outgoing.key:
            return None
        return history.landed(self._api, place.channel, str(found["ts"]))

    def listing(self, since: datetime) -> list[Marked]:
        """Every message of ours in the channel since then; what stands in threads elsewhere is not among it.

        Raises DeliveryError where not all of it can be read.
        """
        found = [
            Marked(key=str(key), external_id=f"{self._channel}:{message['ts']}")
            for message in history.messages(self._api, self._channel, oldest=since.timestamp(), to_the_end=True)
            if (key := history.mark(message, EVENT_TYPE).get("key"))
        ]
        return found[::-1]

    def _place(self, outgoing: Outgoing) -> Place:
        """Decisions are made in the chosen channel; a job is followed where it was asked for."""
        job, data = outgoing.fields.get("job") or {}, (outgoing.fields.get("job") or {}).get("data") or {}
        if outgoing.card.startswith("job:") and job.get("source") == "slack" and data.get("thread"):
            return Place(str(data["channel"]), str(data["thread"]))
        return Place(self._channel)

    def _posted(self, place: Place, message: Json) -> Landed:
        thread = {"thread_ts": place.thread} if place.thread else {}
        quiet = {"unfurl_links": False, "unfurl_media": False}
        answer = self._api.act("chat.postMessage", channel=place.channel, **message, **thread, **quiet)
        return history.landed(self._api, place.channel, str(answer["ts"]))

    def _changed(self, channel: str, ts: str, message: Json, url: str) -> Landed | None:
        """https://docs.slack.dev/reference/methods/chat.update; None if a person has taken the message away."""
        try:
            self._api.act("chat.update", channel=channel, ts=ts, **message)
        except Refused as refusal:
            if refusal.code in _GONE:
                return None
            raise
        return Landed(external_id=f"{channel}:{ts}", url=url) if url else history.landed(self._api, channel, ts)

    def _found(self, outgoing: Outgoing, place: Place) -> Json | None:
        """The message with this card's mark."""
        since = (outgoing.created_at - _BACK).timestamp()
        for message in history.messages(self._api, place.channel, oldest=since, thread=place.thread):
            if history.mark(message, EVENT_TYPE).get("card") == (outgoing.card or outgoing.key):
                return message
        return None


def _message(outgoing: Outgoing, *, among_others: bool) -> Json:
    """What the card says now. Raises DeliveryError (permanent) for what is no notice or says nothing."""
    if outgoing.kind != "notice":
        raise DeliveryError(_("Slack takes no {kind} here.").format(kind=outgoing.kind), permanent=True)
    text, shown = _shown(outgoing, among_others=among_others)
    mark = {"card": outgoing.card or outgoing.key, "key": outgoing.key}
    return {"text": text, "blocks": shown, "metadata": {"event_type": EVENT_TYPE, "event_payload": mark}}


def _shown(outgoing: Outgoing, *, among_others: bool) -> tuple[str, list[blocks.Block]]:
    fields = outgoing.fields
    if review := fields.get("review"):
        return review_card.show(review, outgoing.files, about=outgoing.job_title or str(review.get("about", "")))
    if job := fields.get("job"):
        return job_card.show(job, among_others=among_others)
    if digest := fields.get("digest"):
        return night_card.show(digest)
    text = str(fields.get("text") or "").strip()
    if not text:
        raise DeliveryError(_("There is nothing to say: the notice has no text."), permanent=True)
    parts = blocks.pieces(text)[:_MOST_BLOCKS]
    return escaped(text)[:_MOST_TEXT], [blocks.literal(part) for part in parts if part.strip()]


_MOST_BLOCKS, _MOST_TEXT = 40, 3_000


def _parts(external_id: str) -> tuple[str, str]:
    channel, _, ts = external_id.partition(":")
    return channel, ts
