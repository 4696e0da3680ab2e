"""What people write and press in Slack: https://docs.slack.dev/apis

Any signed payload is kept; the owner's rules say which of them open a job, and only people on the list may ask.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, get_args

from pydantic import BaseModel

from integrations import bodies
from integrations.contracts import Incoming, Json, Malformed, RawRequest, Sample
from integrations.slack import samples, signing
from integrations.slack.conditions import Conditions, Kind
from integrations.slack.payloads import extract
from integrations.words import _

ANYBODY = "*"


class SlackSource:
    """Commands, events and interactions; a message has the same id in every event that tells of it.

    `users` are the ids of those who may ask for work, or "*" for the whole workspace; nobody else opens a job.
    `channel` is the one in which a message without a mention counts.
    """

    slug: ClassVar[str] = "slack"
    max_body_bytes: ClassVar[int] = 1_000_000
    addressed: ClassVar[bool] = False
    kept_headers: ClassVar[tuple[str, ...]] = (
        "x-slack-request-timestamp",
        "x-slack-retry-num",
        "x-slack-retry-reason",
    )
    conditions: ClassVar[type[BaseModel]] = Conditions

    def __init__(self, users: Collection[str] = (), channel: str = "") -> None:
        self.users = frozenset(users)
        self.channel = channel

    def verify(self, request: RawRequest, *, secrets: Sequence[str], now: datetime) -> None:
        """Return if Slack signed the raw body within the last five minutes; raises BadSignature."""
        signing.verify(request, secrets=secrets, now=now)

    def parse(self, request: RawRequest) -> Incoming:
        """The event; what no rule may open a job from says why in `ignored`."""
        incoming = extract(payload_of(request))
        if incoming.kind in get_args(Kind) and not incoming.ignored and not self._may_ask(incoming.sender):
            reason = _("{sender} may not ask for work: add them to SLACK_USERS if they should.").format(
                sender=incoming.sender
            )
            return incoming.model_copy(update={"ignored": reason})
        return incoming

    def check_conditions(self, conditions: Json) -> str:
        """Return what the rule waits for; raise ValueError naming the condition that is wrong."""
        return Conditions.read(conditions).sentence(chosen=self.channel)

    def matches(self, incoming: Incoming, conditions: Json) -> bool:
        """Whether the event meets all conditions and comes from somebody who may ask for work today."""
        wanted = Conditions.read(conditions)
        return self._may_ask(incoming.sender) and wanted.are_met_by(incoming.data, chosen=self.channel)

    def sample(self, conditions: Json, *, event_id: str) -> Sample:
        """A made-up event that meets the conditions, from the first person who may ask."""
        known = sorted(self.users - {ANYBODY})
        return samples.sample(Conditions.read(conditions), users=known, chosen=self.channel, event_id=event_id)

    def sign(self, sample: Sample, *, event_id: str, secret: str, now: datetime) -> Mapping[str, str]:
        """Slack's signature."""
        return signing.proof(sample.body, secret=secret, now=now)

    def suggest(self, kind: str, data: Json) -> Json:
        """The same kind of event in the same channel."""
        if kind not in get_args(Kind):
            return {}
        channel = data.get("channel")
        return {"kind": kind, "channel": channel} if channel else {"kind": kind}

    def _may_ask(self, user: str) -> bool:
        return bool(user) and (user in self.users or ANYBODY in self.users)


def payload_of(request: RawRequest) -> dict[str, Any]:
    """What the request says, whichever of Slack's forms it has. Raises Malformed."""
    kind = bodies.media_type(request.headers)
    if kind == bodies.JSON_TYPE:
        return bodies.read_json_object(request.body)
    if kind != bodies.FORM_TYPE:
        raise Malformed(f"The content type is {kind or 'missing'}: Slack sends JSON or a form.")
    fields = bodies.read_form(request.body)
    inside = fields.get("payload")
    return bodies.read_json_object(inside.encode()) if isinstance(inside, str) else fields
