"""Webhooks from GitHub: https://docs.github.com/en/webhooks/webhook-events-and-payloads

Rules may wait for `issues.labeled` and `pull_request.opened`; any other signed event is kept and opens no job.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from integrations import bodies
from integrations.contracts import BadSignature, Frozen, Incoming, Json, Malformed, RawRequest, Sample
from integrations.github import samples
from integrations.github.payloads import Payload, extract

# Branches that Nightdesk pushes: what it opened itself must not open the next job.
OWN_BRANCHES = "agent/"

_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_EVENT = re.compile(r"[a-z_]{1,60}")
_DELIVERY = re.compile(r"[0-9A-Za-z-]{1,100}")

Association = Literal[
    "OWNER", "MEMBER", "COLLABORATOR", "CONTRIBUTOR", "FIRST_TIME_CONTRIBUTOR", "FIRST_TIMER", "MANNEQUIN", "NONE"
]

_INSIDERS: list[Association] = ["OWNER", "MEMBER", "COLLABORATOR"]


class Conditions(Frozen):
    """Which events a rule is for. Whoever is not of the project opens nothing unless the rule says so."""

    event: Literal["issues.labeled", "pull_request.opened"]
    label: str = Field(default="", max_length=100)
    repository: str = Field(default="", max_length=200, pattern=r"^(|[A-Za-z0-9._-]+/[A-Za-z0-9._-]+)$")
    author_association: list[Association] = Field(default=_INSIDERS, min_length=1)


class GitHubSource:
    """One address for all of GitHub; `X-GitHub-Delivery` is the same on every redelivery."""

    slug: ClassVar[str] = "github"
    max_body_bytes: ClassVar[int] = 25_000_000
    addressed: ClassVar[bool] = False

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
        """The event as `<event>.<action>`, with the parts of its payload that a brief can use."""
        event = _header(request, "x-github-event", _EVENT)
        delivery = _header(request, "x-github-delivery", _DELIVERY)
        if bodies.media_type(request.headers) != bodies.JSON_TYPE:
            raise Malformed("Set the webhook's content type to application/json in the repository's settings.")
        payload = bodies.read_model(Payload, bodies.read_json_object(request.body))
        return extract(event, delivery, payload)

    def check_conditions(self, conditions: Json) -> str:
        """Return what the rule waits for; raise ValueError naming the condition that is wrong."""
        wanted = bodies.read_conditions(Conditions, conditions)
        what = "A pull request is opened" if wanted.event == "pull_request.opened" else "An issue gets a label"
        if wanted.label:
            what = (
                f"A pull request is opened with the label {wanted.label}"
                if wanted.event == "pull_request.opened"
                else f"An issue gets the label {wanted.label}"
            )
        where = wanted.repository or "any repository"
        who = ", ".join(name.replace("_", " ").lower() for name in wanted.author_association)
        return f"{what} in {where}, written by: {who}."

    def matches(self, incoming: Incoming, conditions: Json) -> bool:
        """Whether the event meets all conditions and was not made by Nightdesk itself."""
        wanted = bodies.read_conditions(Conditions, conditions)
        data = incoming.data
        return (
            incoming.kind == wanted.event
            and _has_label(data, wanted.label)
            and wanted.repository.lower() in ("", str(data["repository"]).lower())
            and data["author_association"] in wanted.author_association
            and not str(data.get("head_branch", "")).startswith(OWN_BRANCHES)
        )

    def sample(self, conditions: Json, *, event_id: str) -> Sample:
        """An issue or a pull request of nobody's, in the repository and with the label that the rule waits for."""
        return samples.sample(conditions, delivery=event_id)

    def sign(self, sample: Sample, *, event_id: str, secret: str, now: datetime) -> Mapping[str, str]:
        """GitHub's signature, which knows no time."""
        return {"x-hub-signature-256": _sign(secret, sample.body)}

    def suggest(self, kind: str, data: Json) -> Json:
        """The same event in the same repository, with the same label if it has one."""
        found = {"event": kind, "repository": data.get("repository"), "label": data.get("label")}
        return {name: value for name, value in found.items() if value}


def _has_label(data: Json, label: str) -> bool:
    """Labels of GitHub differ by more than case, so case does not count."""
    present = [data["label"]] if data.get("label") else data.get("labels", [])
    return not label or label.lower() in [name.lower() for name in present]


def _header(request: RawRequest, name: str, pattern: re.Pattern[str]) -> str:
    value = request.headers.get(name, "")
    if not pattern.fullmatch(value):
        raise Malformed(f"The header {name} is missing or unreadable: this is not a delivery of GitHub's.")
    return value


def _sign(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
