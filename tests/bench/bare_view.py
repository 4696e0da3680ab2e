"""The least that a view in this house can do with a webhook: check its signature, insert one row, answer."""

import contextlib
import hashlib
import hmac
import os

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
settings.ROOT_URLCONF = __name__

from django.core.handlers.wsgi import WSGIHandler  # noqa: E402 - the settings had to be changed first
from django.db import connection, transaction  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

from integrations.signatures import key_of, sign  # noqa: E402
from jobs.lifecycle.intake import secrets_of  # noqa: E402
from jobs.models import Receipt, Trigger  # noqa: E402

_KEY = key_of(secrets_of(Trigger(slug="bench", secret_version=1))[0])


def _turn() -> contextlib.AbstractContextManager[None]:
    """On SQLite a lone INSERT polls for the lock; within a transaction it waits for its turn, which is faster."""
    return transaction.atomic() if connection.vendor == "sqlite" else contextlib.nullcontext()


@csrf_exempt
def bare(request: HttpRequest) -> HttpResponse:
    """One signature, one INSERT."""
    body = request.body
    event, stamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    if not hmac.compare_digest(sign(_KEY, event, stamp, body), request.headers["webhook-signature"]):
        return HttpResponse(status=401)
    with _turn():
        receipt = Receipt.objects.create(
            source="bare", external_id=event, kind="event", body=body, sha256=hashlib.sha256(body).hexdigest()
        )
    return JsonResponse({"receipt": receipt.pk}, status=202)


def healthz(request: HttpRequest) -> HttpResponse:
    """It answers."""
    return HttpResponse("ok")


urlpatterns = [path("hooks/standard/bench/", bare), path("healthz", healthz)]
application = WSGIHandler()
