"""One webhook route for every source: read with our own cap, verify the raw bytes, keep, answer."""

import datetime
import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations import reception, registry
from integrations.contracts import BadSignature, RawRequest, Refusal, Source, TooLarge
from jobs.lifecycle import arrival, intake
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
    return answered(source, lambda provider: _receipted(receive(provider, *proven(provider, request, trigger))))


def answered(source: str, hear: Callable[[Source], HttpResponse]) -> HttpResponse:
    """What `hear` says to an event of this source; what it refuses, and what cannot be kept now, in words."""
    try:
        return hear(registry.source(source, settings.SOURCES.get(source)))
    except Refusal as refusal:
        return refuse(refusal)
    except (OperationalError, InterfaceError, intake.NotStored):
        log.exception("an event from %s could not be kept", source)
        return refuse(Unavailable("It could not be kept just now: send it again."))


def refuse(refusal: Refusal) -> JsonResponse:
    """What the sender of a refused event hears."""
    return JsonResponse({"error": refusal.code, "detail": str(refusal)}, status=refusal.status)


def proven(provider: Source, request: HttpRequest, trigger: str | None = None) -> tuple[RawRequest, list[Trigger]]:
    """The request, read with the source's cap and proof of its sender, and the rules that may take it.

    Raises Refusal.
    """
    raw = raw_request(request, limit=provider.max_body_bytes, trigger=trigger)
    triggers = intake.candidates(provider.slug, slug=trigger if provider.addressed else None)
    if provider.addressed and not triggers:
        raise UnknownAddress(f"There is no enabled {provider.slug} rule named {trigger}.")
    provider.verify(raw, secrets=_secrets(provider, triggers), now=datetime.datetime.now(datetime.UTC))
    return raw, triggers


def receive(provider: Source, raw: RawRequest, triggers: list[Trigger]) -> intake.Accepted | arrival.Waiting:
    """Keep an event whose sender is known, and open what the rules that it meets ask for. Raises Refusal."""
    return reception.receive(provider, raw, provider.parse(raw), triggers)


def receipt_of(kept: intake.Accepted | arrival.Waiting) -> dict[str, Any]:
    """What a program is told: the receipt and its jobs, or that they are still to come."""
    if isinstance(kept, arrival.Waiting):
        return {"receipt": None, "jobs": [], "detail": "It is kept; its receipt follows in a moment."}
    return {"receipt": kept.receipt.pk, "jobs": [job.pk for job in kept.jobs]}


def _receipted(kept: intake.Accepted | arrival.Waiting) -> HttpResponse:
    is_new = isinstance(kept, arrival.Waiting) or kept.is_new
    return JsonResponse(receipt_of(kept), status=202 if is_new else 200)


def _secrets(provider: Source, triggers: list[Trigger]) -> list[str]:
    if provider.addressed:
        return intake.secrets_of(triggers[0])
    secrets: dict[str, list[str]] = settings.SOURCE_SECRETS
    if not secrets.get(provider.slug):
        raise BadSignature(f"No secret is set for {provider.slug}: nothing from there can be believed.")
    return secrets[provider.slug]


def raw_request(request: HttpRequest, *, limit: int, trigger: str | None = None) -> RawRequest:
    """The request as it came, its body read up to `limit` bytes and no further. Raises TooLarge."""
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
