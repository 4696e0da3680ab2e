"""The address of a form: a page for people where its rule defines fields, the webhook for programs."""

import datetime
import json
import logging
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt

from integrations import attachments, bodies, signatures, uploads, visitors
from integrations.form import fields
from integrations.form.source import MAX_WORDS_BYTES, FormSource, submission
from integrations.views import hook
from jobs import arrivals
from jobs.lifecycle import arrival, intake
from jobs.lifecycle import artifact as artifacts
from jobs.models import Trigger

MOST_AN_HOUR = 10
# Of a page with files, so much is read to find the words in it; the files are refused long before.
MOST_READ_BYTES = 50_000_000
_HOUR = datetime.timedelta(hours=1)
_PAGE_TYPES = {bodies.FORM_TYPE, "multipart/form-data"}
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_TRAPPED = "The field that people do not see was filled in: most likely a program sent this."
_TOO_MUCH = gettext_lazy("That was too much at once. Please go back, where your words still are, and send less.")
_CHOOSE_AGAIN = gettext_lazy("Please choose this again: a browser does not keep it.")
_NO_COOKIE = gettext_lazy("Please send that once more: your browser had not kept the cookie of this page.")
_TOO_OLD = gettext_lazy("This page had lain open for long. Please look it over and send it once more.")
_TOO_OFTEN = gettext_lazy("A lot came from your network within the last hour. Please send this again later.")
_SENT_BEFORE = gettext_lazy("This page was sent before, with other words. To send these too, send it once more.")
_NOT_NOW = gettext_lazy("It could not be kept just now. Please send it once more in a minute.")

log = logging.getLogger(__name__)


@dataclass
class Sent:
    """What somebody filled in on a page, what is wrong with it, both by the field's name, and the files."""

    values: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    files: list[artifacts.File] = field(default_factory=list)


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
    if declared.isdigit() and int(declared) > (MOST_READ_BYTES if asked.takes_files else MAX_WORDS_BYTES):
        return _page(request, rules[0], asked, said=str(_TOO_MUCH), status=413)
    sent = _read(request, asked)
    try:
        status, said = _refusal(request, rules[0], sent)
        if status == 200:
            status, said = _keep(request, rules, asked, sent)
    except (OperationalError, InterfaceError, intake.NotStored):
        log.exception("a submission to the form %s could not be kept", rules[0].slug)
        status, said = 503, str(_NOT_NOW)
    if status == 200:
        return HttpResponse(status=303, headers={"Location": f"{request.path}?sent"})
    return _page(request, rules[0], asked, sent=sent, said=said, status=status)


def _read(request: HttpRequest, asked: fields.Conditions) -> Sent:
    """What was filled in; of a field for files, their names. Too large a file is a problem of its field."""
    request.upload_handlers = [uploads.Basket(request)]
    chosen = {one.name: request.FILES.getlist(one.name) for one in asked.fields if one.kind == "file"}
    named = {name: ", ".join(str(file.name) for file in files) for name, files in chosen.items() if files}
    values, problems = fields.cleaned(asked.fields, {**request.POST.dict(), **named})
    together = [file for files in chosen.values() for file in files]
    too_much = attachments.problem([(str(file.name), file.size or 0) for file in together])
    problems |= dict.fromkeys(named, too_much) if too_much else {}
    if too_much:
        return Sent(values, problems)
    return Sent(values, problems, [_file(file) for file in together])


def _file(file: "UploadedFile[bytes]") -> artifacts.File:
    return artifacts.File(artifacts.RECEIVED, str(file.name), file.content_type or "", file.read())


def _refusal(request: HttpRequest, rule: Trigger, sent: Sent) -> tuple[int, str]:
    """Why it is not taken, as a status and a sentence; 200 if it is."""
    if visitors.forged(request):
        return 403, str(_NO_COOKIE)
    if not visitors.number_of(request.POST.get(fields.TOKEN, ""), rule.slug):
        return 409, str(_TOO_OLD)
    if sent.problems or not any(sent.values.values()):
        return 400, _("Please look at what is marked.") if sent.problems else _("Please fill in something.")
    if arrivals.since(visitors.origin_of(request), timezone.now() - _HOUR) >= MOST_AN_HOUR:
        return 429, str(_TOO_OFTEN)
    return 200, ""


def _keep(request: HttpRequest, rules: list[Trigger], asked: fields.Conditions, sent: Sent) -> tuple[int, str]:
    """Keep the submission, once a page; what a program fell into the trap with is kept too, and opens nothing."""
    inbound = _inbound(request, rules[0], asked, sent)
    arrived = arrival.Arrival(inbound, rules)
    if request.POST.get(fields.TRAP):
        arrived = arrival.Arrival(inbound, [], {intake.EVERY_RULE: _TRAPPED})
    kept = arrival.receive(arrived)
    if isinstance(kept, arrival.Waiting) or kept.is_new:
        return 200, ""
    is_another = bytes(kept.receipt.body) != inbound.body
    return (409, str(_SENT_BEFORE)) if is_another else (200, "")


def _inbound(request: HttpRequest, rule: Trigger, asked: fields.Conditions, sent: Sent) -> intake.Inbound:
    """What was filled in; of what the page itself added, the number alone; of files, the sums."""
    values = sent.values
    files = [{"name": file.name, "size": len(file.content), "sha256": file.sha256} for file in sent.files]
    number = visitors.number_of(request.POST.get(fields.TOKEN, ""), rule.slug)
    text = values.get("text") or fields.in_words(asked.fields, values)
    incoming = submission({**values, "text": text}, external_id=f"{rule.slug}:page:{number}")
    known: dict[str, Any] = incoming.model_dump(include={"external_id", "kind", "sender", "summary", "data"})
    return intake.Inbound(
        source=FormSource.slug,
        body=json.dumps({**values, **({"files": files} if files else {})}, ensure_ascii=False).encode(),
        headers={name.lower(): value for name, value in request.headers.items()},
        address=rule.slug,
        origin=visitors.origin_of(request),
        files=sent.files,
        **known,
    )


def _page(
    request: HttpRequest,
    rule: Trigger,
    asked: fields.Conditions,
    *,
    sent: Sent | None = None,
    said: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page with a new token, and with what was typed before."""
    rows = [_row(one, sent or Sent()) for one in asked.fields]
    context = {
        "rule": rule,
        "asked": asked,
        "rows": rows,
        "said": said,
        "token": visitors.new_token(rule.slug),
        "limits": attachments.limits(),
    }
    return _render(request, "hosted/form.html", context, status=status)


def _row(asked: fields.Field, sent: Sent) -> dict[str, Any]:
    """A field of the page with what was filled in and what is wrong with that."""
    value, problem = sent.values.get(asked.name, ""), sent.problems.get(asked.name, "")
    if asked.kind == "file" and value:
        problem = f"{problem} {_CHOOSE_AGAIN!s}".strip()
    return {"field": asked, "value": value, "problem": problem}


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
