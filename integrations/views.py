"""One webhook route for every source: read with our own cap, verify the raw bytes, keep, answer."""

import datetime
import hashlib
import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations import marks, registry
from integrations.contracts import BadSignature, Incoming, RawRequest, Refusal, Source, TooLarge
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import intake
from jobs.models import Trigger

log = logging.getLogger(__name__)


class UnknownAddress(Refusal):
    """No enabled rule has this address: 404."""

    status = 404
    code = "unknown_trigger"


class Unavailable(Refusal):
    """The database or the storage cannot be reached or is full: 503, so that the sender sends it again."""

    status = 503
    code = "unavailable"


@csrf_exempt
@require_POST
def hook(request: HttpRequest, source: str, trigger: str | None = None) -> HttpResponse:
    """Accept one event: 202 with the receipt and its jobs, 200 for a repeat, else what is wrong with it."""
    return answered(source, lambda provider: _receipted(keep(provider, *proven(provider, request, trigger))))


def answered(source: str, hear: Callable[[Source], HttpResponse]) -> HttpResponse:
    """What `hear` says to an event of this source; what it refuses, and what cannot be kept now, in words."""
    try:
        return hear(registry.source(source, settings.SOURCES.get(source)))
    except Refusal as refusal:
        return _refuse(refusal)
    except (OperationalError, InterfaceError, intake.NotStored):
        log.exception("an event from %s could not be kept", source)
        return _refuse(Unavailable("It could not be kept just now: send it again."))


def proven(provider: Source, request: HttpRequest, trigger: str | None = None) -> tuple[RawRequest, list[Trigger]]:
    """The request, read with the source's cap and proof of its sender, and the rules that may take it.

    Raises Refusal.
    """
    raw = _raw(request, limit=provider.max_body_bytes, trigger=trigger)
    triggers = intake.candidates(provider.slug, slug=trigger if provider.addressed else None)
    if provider.addressed and not triggers:
        raise UnknownAddress(f"There is no enabled {provider.slug} rule named {trigger}.")
    provider.verify(raw, secrets=_secrets(provider, triggers), now=datetime.datetime.now(datetime.UTC))
    return raw, triggers


def keep(provider: Source, raw: RawRequest, triggers: list[Trigger]) -> intake.Accepted:
    """Keep an event whose sender is known, and open what the rules that it meets ask for. Raises Refusal."""
    incoming = provider.parse(raw)
    matching, problems = _matching(provider, incoming, triggers)
    return intake.accept(_inbound(provider, raw, incoming), matching, problems=problems)


def receipt_of(accepted: intake.Accepted) -> dict[str, Any]:
    """What a program is told: the receipt and its jobs."""
    return {"receipt": accepted.receipt.pk, "jobs": [job.pk for job in accepted.jobs]}


def _receipted(accepted: intake.Accepted) -> HttpResponse:
    return JsonResponse(receipt_of(accepted), status=202 if accepted.is_new else 200)


def _refuse(refusal: Refusal) -> JsonResponse:
    return JsonResponse({"error": refusal.code, "detail": str(refusal)}, status=refusal.status)


def _matching(
    provider: Source, incoming: Incoming, triggers: list[Trigger]
) -> tuple[list[Trigger], dict[str, str]]:
    """The rules that the event meets; one whose conditions cannot be read keeps no other from its event."""
    if incoming.ignored:
        return [], {intake.EVERY_RULE: incoming.ignored}
    matching, problems = [], {}
    for trigger in triggers:
        try:
            if provider.matches(incoming, trigger.conditions):
                matching.append(trigger)
        except ValueError as error:
            problems[trigger.slug] = f"The rule's conditions cannot be read: {error}"
    return matching, problems


def _secrets(provider: Source, triggers: list[Trigger]) -> list[str]:
    if provider.addressed:
        return intake.secrets_of(triggers[0])
    secrets: dict[str, list[str]] = settings.SOURCE_SECRETS
    if not secrets.get(provider.slug):
        raise BadSignature(f"No secret is set for {provider.slug}: nothing from there can be believed.")
    return secrets[provider.slug]


def _inbound(provider: Source, raw: RawRequest, incoming: Incoming) -> intake.Inbound:
    # The sender's id is theirs alone: on an address of its own it must not meet the ids of another address.
    scope = f"{raw.trigger}:" if provider.addressed else ""
    known: dict[str, Any] = incoming.model_dump(include={"kind", "sender", "summary", "data"})
    return intake.Inbound(
        source=provider.slug,
        external_id=_bounded(f"{scope}{incoming.external_id}"),
        body=raw.body,
        headers=raw.headers,
        address=raw.trigger or "",
        is_test=marks.is_marked(raw.headers, raw.body),
        files=[artifacts.File(artifacts.RECEIVED, one.name, one.media_type, one.content) for one in incoming.files],
        **known,
    )


def _bounded(external_id: str) -> str:
    """The id itself, or its sha-256 where the column could not hold it: cut short, two ids might meet."""
    return external_id if len(external_id) <= 255 else hashlib.sha256(external_id.encode()).hexdigest()


def _raw(request: HttpRequest, *, limit: int, trigger: str | None) -> RawRequest:
    return RawRequest(
        method=request.method or "",
        path=request.path,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=_read(request, limit=limit),
        trigger=trigger,
    )


def _read(request: HttpRequest, *, limit: int) -> bytes:
    """The body, at most `limit` bytes of it read; DATA_UPLOAD_MAX_MEMORY_SIZE would answer 400 to real events."""
    declared = request.headers.get("Content-Length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"The body has {declared} bytes; at most {limit} are taken here.")
    body = request.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(f"The body is over {limit} bytes, the most that is taken here.")
    return body
