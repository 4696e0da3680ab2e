"""The webhooks of e-mail providers: each mail in them is kept before the answer."""

import datetime
from dataclasses import replace
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from integrations import reception, registry
from integrations.contracts import RawRequest, Source
from integrations.mail import esp as providers
from integrations.mail import tracking
from integrations.mail.fetching import Unfetched
from integrations.mail.sns import Unreachable
from integrations.mail.source import MailSource
from integrations.views import Unavailable, UnknownAddress, answered, raw_request
from jobs.lifecycle import arrival, intake


@csrf_exempt
@require_http_methods(["HEAD", "POST"])
def door(request: HttpRequest, esp: str, *, tracks: bool = False) -> HttpResponse:
    """Keep every mail of the request, or what it tells of mail that was sent.

    202, 200 if all were known, else what is wrong; never 403 or 406: those two end a provider's retries: https://postmarkapp.com/developer/user-guide/inbound/parse-an-email
    """
    if request.method == "HEAD":  # how some look whether anybody is there
        return HttpResponse()
    response = answered(MailSource.slug, lambda source: _answer(_accept(source, request, esp, tracks=tracks)))
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        # Amazon SNS sends the password only when it is asked for it.
        response.headers["WWW-Authenticate"] = 'Basic realm="Nightdesk"'
    return response


def _accept(
    source: Source, request: HttpRequest, esp: str, *, tracks: bool
) -> list[intake.Accepted | arrival.Waiting]:
    if esp not in providers.PROVIDERS:
        raise UnknownAddress(f"There is no provider {esp}; there are: {', '.join(providers.PROVIDERS)}.")
    if not isinstance(source, MailSource):
        raise registry.BrokenProvider("The source of mail is another than this address is made for.")
    raw = raw_request(request, limit=source.max_body_bytes)
    posting = providers.Posting(esp, raw, tracks=tracks)
    try:
        posting.verify(now=datetime.datetime.now(datetime.UTC))
        return [_keep(source, raw, esp, one) for one in posting.contents()]
    except (Unfetched, Unreachable) as error:
        raise Unavailable(f"{error} Send it again.") from error


def _keep(
    source: MailSource, raw: RawRequest, esp: str, one: providers.Posted | providers.Told
) -> intake.Accepted | arrival.Waiting:
    if isinstance(one, providers.Told):
        incoming = tracking.read(one.event, esp, sender=settings.MAIL_FROM)
    elif one.problem:
        incoming = source.unreadable(one.raw, one.problem)
    else:
        incoming = source.read(one.message, one.envelope, raw=one.raw)
    if incoming.returned and reception.is_too_early(incoming.returned):
        raise Unavailable("A mail is being sent just now, and it may be that one. Send it again.")
    return reception.receive(source, replace(raw, body=one.raw), incoming)


def _answer(kept: list[intake.Accepted | arrival.Waiting]) -> JsonResponse:
    """The first receipt, as everywhere; all of them where there are more."""
    accepted = [one for one in kept if isinstance(one, intake.Accepted)]
    receipts = [one.receipt.pk for one in accepted]
    body: dict[str, object] = {
        "receipt": receipts[0] if receipts else None,
        "jobs": [job.pk for one in accepted for job in one.jobs],
    }
    if len(receipts) > 1:
        body["receipts"] = receipts
    is_new = len(accepted) < len(kept) or any(one.is_new for one in accepted)
    return JsonResponse(body, status=202 if is_new else 200)
