"""The door for Notion: its handshake, then signed events, each of which may mean that somebody decided."""

import json
import logging
import os
import tempfile
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations.notion.source import NotionSource, verification_token
from integrations.views import hook as any_hook
from jobs import dispatch

_HEARD = "integrations.decisions.heard"

log = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def hook(request: HttpRequest) -> HttpResponse:
    """Accept an event as every hook does and have its row looked at; before the first, keep Notion's token."""
    if not settings.SOURCE_SECRETS.get(NotionSource.slug) and (token := verification_token(request.body)):
        _keep(token)
        return JsonResponse({"kept": True})
    response = any_hook(request, source=NotionSource.slug)
    # One whose receipt is still to come is seen at the next look at the whole board, within a minute.
    if response.status_code == 202 and (receipt := json.loads(response.content)["receipt"]):
        dispatch.call_soon(_HEARD, cluster=dispatch.DELIVERIES, receipt=receipt)
    return response


def _keep(token: str) -> None:
    """In a file of the owner's alone. It signs nothing yet: that is its owner's word, in NOTION_WEBHOOK_SECRET."""
    folder = Path(settings.VAR) / "notion"
    folder.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=folder, prefix="token.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(token)
    path = folder / "verification_token"
    Path(draft).replace(path)
    log.warning(
        "Notion sent a verification token: it lies in %s. Paste it into Notion and NOTION_WEBHOOK_SECRET", path
    )
