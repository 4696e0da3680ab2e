"""The webhooks of e-mail providers: each mail in them is kept before the answer."""

import datetime
from dataclasses import replace
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from integrations import reception, registry
from integrations.contracts import RawRequest, Source
from integrations.mail import esp as providers
from integrations.mail.fetching import Unfetched
from integrations.mail.sns import Unreachable
from integrations.mail.source import MailSource
from integrations.views import Unavailable, UnknownAddress, answered, raw_request
from jobs.lifecycle import intake


@csrf_exempt
@require_http_methods(["HEAD", "POST"])
def door(request: HttpRequest, esp: str) -> HttpResponse:
    """Keep every mail of the request: 202, 200 if all were known, else what is wrong; never 403 or 406.

    Those two end a provider's retries: https://postmarkapp.com/developer/user-guide/inbound/parse-an-email
    """
    if request.method == "HEAD":  # how some look whether anybody is there
        return HttpResponse()
    response = answered(MailSource.slug, lambda source: _answer(_accept(source, request, esp)))
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        # Amazon SNS sends the password only when it is asked for it.
        response.headers["WWW-Authenticate"] = 'Basic realm="Nightdesk"'
    return response


def _accept(source: Source, request: HttpRequest, esp: str) -> list[intake.Accepted]:
    if esp not in providers.PROVIDERS:
        raise UnknownAddress(f"There is no provider {esp}; there are: {', '.join(providers.PROVIDERS)}.")
    if not isinstance(source, MailSource):
        raise registry.BrokenProvider("The source of mail is another than this address is made for.")
    raw = raw_request(request, limit=source.max_body_bytes)
    posting = providers.Posting(esp, raw)
    try:
        posting.verify(now=datetime.datetime.now(datetime.UTC))
        return [_keep(source, raw, mail) for mail in posting.mails()]
    except (Unfetched, Unreachable) as error:
        raise Unavailable(f"{error} Send it again.") from error


def _keep(source: MailSource, raw: RawRequest, mail: providers.Posted) -> intake.Accepted:
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
