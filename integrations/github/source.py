"""Webhooks from GitHub: https://docs.github.com/en/webhooks/webhook-events-and-payloads

Any signed event is kept; the owner's rules say which of them open a job.
"""

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel

from integrations import bodies
from integrations.contracts import BadSignature, Incoming, Json, Malformed, News, RawRequest, RuleTemplate, Sample
from integrations.github import samples
from integrations.github.conditions import Conditions
from integrations.github.news import EVENTS, news
from integrations.github.payloads import extract
from integrations.github.rules import TEMPLATES

# A push may list thousands of commits, each with its files.
MAX_VALUES = 1_000_000

_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_EVENT = re.compile(r"[a-z0-9_]{1,60}")
_DELIVERY = re.compile(r"[0-9A-Za-z-]{1,100}")


class GitHubSource:
    """One address for all of GitHub; `X-GitHub-Delivery` is the same on every redelivery.

    What one of `own_logins`, the accounts that Nightdesk itself writes with, has caused opens nothing. What
    `reviewers` of the project say of a branch of ours may steer it.
    """

    slug: ClassVar[str] = "github"
    max_body_bytes: ClassVar[int] = 25_000_000
    addressed: ClassVar[bool] = False
    kept_headers: ClassVar[tuple[str, ...]] = ("x-github-event", "x-github-delivery")
    conditions: ClassVar[type[BaseModel]] = Conditions
    rule_templates: ClassVar[tuple[RuleTemplate, ...]] = TEMPLATES

    def __init__(self, own_logins: Collection[str] = (), reviewers: Collection[str] = ()) -> None:
        self.own_logins = frozenset(own_logins)
        self.reviewers = frozenset(reviewers)

    def verify(self, request: RawRequest, *, secrets: Sequence[str], now: datetime) -> None:
        """Return if X-Hub-Signature-256 fits the raw body and one of `secrets`.

        https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
        GitHub sends no timestamp: only the delivery's id keeps a repeat from counting twice.
        """
        given = request.headers.get("x-hub-signature-256", "")
        if not _SIGNATURE.fullmatch(given):
            raise BadSignature("X-Hub-Signature-256 is missing or is not sha256=<64 hex digits>.")
        expected = [_sign(secret, request.body) for secret in secrets if secret]
        if not sum(hmac.compare_digest(given.encode(), one.encode()) for one in expected):
            raise BadSignature("X-Hub-Signature-256 does not fit the body: compare the secret on both sides.")

    def parse(self, request: RawRequest) -> Incoming:
        """The event as `<event>.<action>`, with the parts of its payload that a rule and a brief can use."""
        event = _header(request, "x-github-event", _EVENT)
        delivery = _header(request, "x-github-delivery", _DELIVERY)
        if bodies.media_type(request.headers) != bodies.JSON_TYPE:
            raise Malformed("Set the webhook's content type to application/json in the repository's settings.")
        payload = bodies.read_json_object(request.body, max_values=MAX_VALUES)
        return extract(event, delivery, payload, own_logins=self.own_logins)

    def news(self, request: RawRequest) -> News | None:
        """What the event says of a branch that was pushed from here: checks, remarks, its end."""
        event = request.headers.get("x-github-event", "")
        if event not in EVENTS:
            return None
        payload = bodies.read_json_object(request.body, max_values=MAX_VALUES)
        return news(event, payload, own_logins=self.own_logins, reviewers=self.reviewers)

    def check_conditions(self, conditions: Json) -> str:
        """Return what the rule waits for; raise ValueError naming the condition that is wrong and what there is."""
        return Conditions.read(conditions).sentence()

    def matches(self, incoming: Incoming, conditions: Json) -> bool:
        """Whether the event meets all conditions and was not caused by Nightdesk itself."""
        wanted = Conditions.read(conditions)
        return not incoming.data.get("own") and wanted.are_met_by(incoming.data)

    def sample(self, conditions: Json, *, event_id: str) -> Sample:
        """A made-up event that meets the conditions, as far as such can be made up."""
        return samples.sample(Conditions.read(conditions), delivery=event_id)

    def sign(self, sample: Sample, *, event_id: str, secret: str, now: datetime) -> Mapping[str, str]:
        """GitHub's signature, which knows no time."""
        return {"x-hub-signature-256": _sign(secret, sample.body)}

    def suggest(self, kind: str, data: Json) -> Json:
        """The same event in the same repository, with the same label and outcome if it has them."""
        found = {"event": kind, **{name: data.get(name) for name in ("repository", "label", "conclusion")}}
        return {name: value for name, value in found.items() if value}


def _header(request: RawRequest, name: str, pattern: re.Pattern[str]) -> str:
    value = request.headers.get(name, "")
    if not pattern.fullmatch(value):
        raise Malformed(f"The header {name} is missing or unreadable: this is not a delivery of GitHub's.")
    return value


def _sign(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
