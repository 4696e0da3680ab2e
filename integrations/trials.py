"""What the pages of rules ask of the sources: read a pasted event, suggest conditions, send a test event.

The lower floor names these by their paths in settings.RULE_TRIALS.
"""

import datetime
import io
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

from integrations import marks, registry
from integrations.contracts import Json, RawRequest, Refusal, Sample, Sampling, Source, Suggesting
from integrations.words import _
from jobs.lifecycle import intake
from jobs.models import Receipt, Trigger


class NoTrial(ValueError):
    """This cannot be done with that source or that event; the message says why."""


@dataclass(frozen=True)
class Heard:
    """What the sender of a test event heard."""

    status: int
    answer: dict[str, Any]
    receipt_id: int | None


def read(trigger: Trigger, pasted: str) -> intake.Inbound:
    """The event whose body was pasted, as the rule's source reads it. Raises NoTrial, or ValueError too.

    It is taken to be of the kind that the rule waits for: headers, which nobody pastes, are made up from that.
    """
    provider = _source(trigger.source)
    sample = _sample(provider, trigger, event_id="tried")
    raw = _raw({**sample.headers, "webhook-id": "tried"}, pasted.encode(), trigger)
    try:
        incoming = provider.parse(raw)
    except Refusal as refusal:
        raise NoTrial(str(refusal)) from refusal
    known: dict[str, Any] = incoming.model_dump(include={"external_id", "kind", "sender", "summary", "data"})
    return intake.Inbound(source=provider.slug, body=raw.body, **known)


def suggest(receipt: Receipt) -> Json:
    """Conditions that the receipt meets, as its source would write them; none where it has no opinion."""
    try:
        provider = _source(receipt.source)
    except (registry.UnknownProvider, registry.BrokenProvider):
        return {}
    return provider.suggest(receipt.kind, receipt.data) if isinstance(provider, Suggesting) else {}


def names(source: str, conditions: Json) -> Json:
    """The values that a template may name in an event of this source, made up from the conditions.

    Empty where no event can be made up. Values inside of others have their way as their name, as in issue.title.
    """
    try:
        provider = _source(source)
        if not isinstance(provider, Sampling):
            return {}
        sample = provider.sample(conditions, event_id="named")
        raw = RawRequest(
            method="POST", path="", headers={**sample.headers, "webhook-id": "named"}, body=sample.body
        )
        return provider.parse(raw).data
    except (registry.UnknownProvider, registry.BrokenProvider, Refusal, ValueError, LookupError):
        return {}


def send(trigger: Trigger) -> Heard:
    """Post a made-up event to the rule's own address, proven as its sender would, and return what that heard.

    The request goes through every layer of this site, but not over the network. Raises NoTrial.
    """
    provider = _source(trigger.source)
    event_id = f"test-{secrets.token_hex(12)}"
    sample = _sample(provider, trigger, event_id=event_id)
    if not isinstance(provider, Sampling):
        raise NoTrial(_("Nothing is posted to rules of the source {source}.").format(source=trigger.source))
    now = datetime.datetime.now(datetime.UTC)
    proof = provider.sign(sample, event_id=event_id, secret=_secret(provider, trigger), now=now)
    headers = {**sample.headers, **proof, marks.HEADER: marks.mark(sample.body)}
    response = _post(_path(provider, trigger), headers, sample.body)
    answer = _answer(response.content)
    return Heard(response.status_code, answer, answer.get("receipt"))


def _source(name: str) -> Source:
    return registry.source(name, settings.SOURCES.get(name))


def _sample(provider: Source, trigger: Trigger, *, event_id: str) -> Sample:
    if not isinstance(provider, Sampling):
        raise NoTrial(
            _("The source {source} has no test event: try the rule with an event that came.").format(
                source=trigger.source
            )
        )
    return provider.sample(trigger.conditions, event_id=event_id)


def _secret(provider: Source, trigger: Trigger) -> str:
    if provider.addressed:
        return intake.secrets_of(_owner(trigger))[0]
    found: list[str] = settings.SOURCE_SECRETS.get(provider.slug) or []
    if not found:
        raise NoTrial(
            _("No secret is set for {slug}: nothing from there can be believed.").format(slug=provider.slug)
        )
    return found[0]


def _owner(trigger: Trigger) -> Trigger:
    """The rule whose address it is."""
    shared = intake.candidates(trigger.source, slug=trigger.address) if trigger.address else []
    return shared[0] if shared else trigger


def _path(provider: Source, trigger: Trigger) -> str:
    return f"/hooks/{provider.slug}/" + (f"{trigger.address or trigger.slug}/" if provider.addressed else "")


def _raw(headers: Mapping[str, str], body: bytes, trigger: Trigger) -> RawRequest:
    return RawRequest(method="POST", path="", headers=headers, body=body, trigger=trigger.address or trigger.slug)


def _post(path: str, headers: Mapping[str, str], body: bytes) -> Any:
    """What this site answers to a POST to its own public address."""
    base = urlsplit(settings.BASE_URL)
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": base.hostname or "localhost",
        "SERVER_PORT": str(base.port or (443 if base.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": base.netloc,
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": base.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
    }
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    # Its own request, though no request of its own to the server: that would wait for the thread that asks.
    return WSGIHandler().get_response(WSGIRequest({**named, **environ}))


def _answer(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
