"""The address of a form: a page for people where its rule defines fields, the webhook for programs."""

import datetime
import json
import logging
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from integrations import bodies, signatures, visitors
from integrations.form import fields
from integrations.form.source import FormSource, submission
from integrations.views import hook
from jobs import arrivals
from jobs.lifecycle import intake
from jobs.models import Trigger

MOST_AN_HOUR = 10
_HOUR = datetime.timedelta(hours=1)
_PAGE_TYPES = {bodies.FORM_TYPE, "multipart/form-data"}
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_TRAPPED = "The field that people do not see was filled in: most likely a program sent this."
_TOO_MUCH = "That was too much at once. Please send less."
_NO_COOKIE = "Please send that once more: your browser had not kept the cookie of this page."
_TOO_OLD = "This page had lain open for long. Please look it over and send it once more."
_TOO_OFTEN = "A lot came from your network within the last hour. Please send this again later."
_SENT_BEFORE = "This page was sent before, with other words. To send these too, send it once more."
_NOT_NOW = "It could not be kept just now. Please send it once more in a minute."

log = logging.getLogger(__name__)


@csrf_exempt
def door(request: HttpRequest, trigger: str) -> HttpResponse:
    """The page, what was filled in on it, or what a program posts; a rule without fields has no page."""
    if request.method in {"GET", "HEAD"} or _is_from_page(request):
        rules = intake.candidates(FormSource.slug, slug=trigger)
        if rules and (asked := _asked(rules[0])):
            return _taken(request, rules, asked) if request.method == "POST" else _shown(request, rules[0], asked)
    return hook(request, FormSource.slug, trigger)


def _shown(request: HttpRequest, rule: Trigger, asked: fields.Conditions) -> HttpResponse:
    if "sent" in request.GET:
        return _render(request, "hosted/thanks.html", {"rule": rule, "asked": asked})
    return _page(request, rule, asked)


def _taken(request: HttpRequest, rules: list[Trigger], asked: fields.Conditions) -> HttpResponse:
    """Keep what was filled in, then thank; else show the page again, with what was typed and what is wrong."""
    declared = request.headers.get("Content-Length", "")
    if declared.isdigit() and int(declared) > FormSource.max_body_bytes:
        return _page(request, rules[0], asked, said=_TOO_MUCH, status=413)
    values, problems = fields.cleaned(asked.fields, request.POST)
    try:
        status, said = _refusal(request, rules[0], values, problems)
        if status == 200:
            status, said = _keep(request, rules, asked, values)
    except (OperationalError, InterfaceError):
        log.exception("a submission to the form %s could not be kept", rules[0].slug)
        status, said = 503, _NOT_NOW
    if status == 200:
        return HttpResponse(status=303, headers={"Location": f"{request.path}?sent"})
    return _page(request, rules[0], asked, values=values, problems=problems, said=said, status=status)


def _refusal(
    request: HttpRequest, rule: Trigger, values: dict[str, str], problems: dict[str, str]
) -> tuple[int, str]:
    """Why it is not taken, as a status and a sentence; 200 if it is."""
    if visitors.forged(request):
        return 403, _NO_COOKIE
    if not visitors.number_of(request.POST.get(fields.TOKEN, ""), rule.slug):
        return 409, _TOO_OLD
    if problems or not any(values.values()):
        return 400, "Please look at what is marked." if problems else "Please fill in something."
    if arrivals.since(visitors.origin_of(request), timezone.now() - _HOUR) >= MOST_AN_HOUR:
        return 429, _TOO_OFTEN
    return 200, ""


def _keep(
    request: HttpRequest, rules: list[Trigger], asked: fields.Conditions, values: dict[str, str]
) -> tuple[int, str]:
    """Keep the submission, once a page; what a program fell into the trap with is kept too, and opens nothing."""
    inbound = _inbound(request, rules[0], asked, values)
    trapped = bool(request.POST.get(fields.TRAP))
    if trapped:
        accepted = intake.accept(inbound, [], problems={intake.EVERY_RULE: _TRAPPED})
    else:
        accepted = intake.accept(inbound, rules)
    is_another = not accepted.is_new and bytes(accepted.receipt.body) != inbound.body
    return (409, _SENT_BEFORE) if is_another else (200, "")


def _inbound(
    request: HttpRequest, rule: Trigger, asked: fields.Conditions, values: dict[str, str]
) -> intake.Inbound:
    """What was filled in; of what the page itself added, the number alone."""
    number = visitors.number_of(request.POST.get(fields.TOKEN, ""), rule.slug)
    text = values.get("text") or fields.in_words(asked.fields, values)
    incoming = submission({**values, "text": text}, external_id=f"{rule.slug}:page:{number}")
    known: dict[str, Any] = incoming.model_dump(include={"external_id", "kind", "sender", "summary", "data"})
    return intake.Inbound(
        source=FormSource.slug,
        body=json.dumps(values, ensure_ascii=False).encode(),
        headers={name.lower(): value for name, value in request.headers.items()},
        address=rule.slug,
        origin=visitors.origin_of(request),
        **known,
    )


def _page(
    request: HttpRequest,
    rule: Trigger,
    asked: fields.Conditions,
    *,
    values: dict[str, str] | None = None,
    problems: dict[str, str] | None = None,
    said: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page with a new token, and with what was typed before."""
    given, wrong = values or {}, problems or {}
    rows = [
        {"field": field, "value": given.get(field.name, ""), "problem": wrong.get(field.name, "")}
        for field in asked.fields
    ]
    context = {"rule": rule, "asked": asked, "rows": rows, "said": said, "token": visitors.new_token(rule.slug)}
    return _render(request, "hosted/form.html", context, status=status)


def _render(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    response = render(request, template, context, status=status)
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _is_from_page(request: HttpRequest) -> bool:
    """Whether a browser sent it: a program brings its proof with it."""
    has_proof = signatures.is_signed({name.lower(): value for name, value in request.headers.items()})
    return (
        request.method == "POST"
        and not has_proof
        and "Authorization" not in request.headers
        and (request.content_type or "") in _PAGE_TYPES
    )


def _asked(rule: Trigger) -> fields.Conditions | None:
    """What the page of this rule asks for; None if it has no page."""
    try:
        asked = fields.read(rule.conditions)
    except ValueError:
        return None
    return asked if asked.fields else None
