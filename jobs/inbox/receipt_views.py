"""What came in: all of it, what met no rule, and one receipt with its replay."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from jobs import arrivals, rights
from jobs.inbox import rule_pages
from jobs.inbox.access import permitted, person_only
from jobs.lifecycle import replay as verbs
from jobs.models import Receipt


@person_only
@require_GET
def receipts(request: HttpRequest) -> HttpResponse:
    """What came in, newest first."""
    context = rule_pages.receipts(request.GET.get("show", ""), request.GET.get("before", ""))
    return render(request, "inbox/receipts.html", context)


@person_only
@require_GET
def receipt(request: HttpRequest, receipt_id: int) -> HttpResponse:
    """One event: what it said and what became of it."""
    return render(request, "inbox/receipt.html", rule_pages.receipt(_receipt(receipt_id)))


@permitted(rights.CHANGE_RULES)
@require_POST
def replay(request: HttpRequest, receipt_id: int) -> HttpResponse:
    """Run it through the rules of today."""
    try:
        steps = verbs.replay(_receipt(receipt_id), by=request.user.get_username())
    except verbs.NotReplayed as refusal:
        context = rule_pages.receipt(_receipt(receipt_id), refusal=str(refusal))
        return render(request, "inbox/receipt.html", context, status=409)
    for step in steps:
        messages.success(request, verbs.in_words(step))
    if not steps:
        messages.success(request, _("It meets no rule that is on: nothing was opened."))
    return redirect("inbox:receipt", receipt_id=receipt_id)


def _receipt(receipt_id: int) -> Receipt:
    found = arrivals.receipt(receipt_id) if receipt_id < 2**63 else None
    if found is None:
        raise Http404(_("There is no such event."))
    return found
