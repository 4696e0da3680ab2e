"""The webhooks of e-mail providers: each mail in them is kept before the answer."""

import datetime
import logging
from dataclasses import replace

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from integrations import reception, registry
from integrations.contracts import RawRequest, Refusal
from integrations.mail import esp as providers
from integrations.mail.fetching import Unfetched
from integrations.mail.sns import Unreachable
from integrations.mail.source import MailSource
from integrations.views import Unavailable, UnknownAddress, raw_request, refuse
from jobs.lifecycle import intake

log = logging.getLogger(__name__)


@csrf_exempt
@require_http_methods(["HEAD", "POST"])
def door(request: HttpRequest, esp: str) -> HttpResponse:
    """Keep every mail of the request: 202, 200 if all were known, else what is wrong; never 403 or 406.

    Those two end a provider's retries: https://postmarkapp.com/developer/user-guide/inbound/parse-an-email
    """
    if request.method == "HEAD":  # how some look whether anybody is there
        return HttpResponse()
    try:
        accepted = _accept(request, esp)
    except Refusal as refusal:
        return _refused(refusal)
    except (Unfetched, Unreachable) as error:
        return refuse(Unavailable(f"{error} Send it again."))
    except (OperationalError, InterfaceError, intake.NotStored):
        log.exception("mail by %s could not be kept", esp)
        return refuse(Unavailable("It could not be kept just now: send it again."))
    return _answer(accepted)


def _accept(request: HttpRequest, esp: str) -> list[intake.Accepted]:
    if esp not in providers.PROVIDERS:
        raise UnknownAddress(f"There is no provider {esp}; there are: {', '.join(providers.PROVIDERS)}.")
    raw = raw_request(request, limit=MailSource.max_body_bytes)
    posting = providers.Posting(esp, raw)
    posting.verify(now=datetime.datetime.now(datetime.UTC))
    return [_keep(raw, mail) for mail in posting.mails()]


def _keep(raw: RawRequest, mail: providers.Posted) -> intake.Accepted:
    source = registry.source(MailSource.slug, settings.SOURCES.get(MailSource.slug))
    if not isinstance(source, MailSource):
        raise registry.BrokenProvider("The source of mail is another than this address is made for.")
    if mail.problem:
        incoming = source.unreadable(mail.raw, mail.problem)
    else:
        incoming = source.read(mail.message, mail.envelope, raw=mail.raw)
    return reception.keep(source, replace(raw, body=mail.raw), incoming)


def _answer(accepted: list[intake.Accepted]) -> JsonResponse:
    """The first receipt, as everywhere; all of them where there are more."""
    receipts = [one.receipt.pk for one in accepted]
    body: dict[str, object] = {
        "receipt": receipts[0] if receipts else None,
        "jobs": [job.pk for one in accepted for job in one.jobs],
    }
    if len(receipts) > 1:
        body["receipts"] = receipts
    return JsonResponse(body, status=202 if any(one.is_new for one in accepted) else 200)


def _refused(refusal: Refusal) -> JsonResponse:
    response = refuse(refusal)
    if refusal.status == 401:
        # Amazon SNS sends the password only when it is asked for it.
        response.headers["WWW-Authenticate"] = 'Basic realm="Nightdesk"'
    return response
