"""What the work costs, and what it may cost."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from jobs import rights
from jobs.inbox import cost_forms, cost_pages
from jobs.inbox.access import permitted, person_only
from jobs.inbox.deciding import REFUSALS
from jobs.lifecycle import envelope
from jobs.models import Allowance


@person_only
@require_GET
def costs(request: HttpRequest) -> HttpResponse:
    """The days that the address names."""
    return render(request, "inbox/costs.html", cost_pages.costs(request.GET))


@permitted(rights.CHANGE_BUDGETS)
@require_POST
def budget(request: HttpRequest, scope: str) -> HttpResponse:
    """Let the day or the night spend another sum."""
    if scope not in Allowance.Scope.values:
        raise Http404(_("There is no such budget."))
    form = cost_forms.Budget(request.POST)
    try:
        goes_on = form.is_valid() and envelope.change(scope, **form.cleaned_data, by=request.user.get_username())
        refusal = form.refusal()
    except REFUSALS as refused:
        goes_on, refusal = False, str(refused)
    if refusal:
        typed = {"refusal": refusal, "refused": scope, "typed": request.POST.get("usd", "")}
        return render(request, "inbox/costs.html", cost_pages.costs(request.GET, **typed), status=409)
    messages.success(
        request, _("Kept. What waited for money goes on.") if goes_on else _("Kept. It counts at once.")
    )
    return redirect("inbox:costs")
