"""The set-up page: what is in order, what is missing and how to get it. It shows what others found."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from jobs import queries
from jobs.inbox.access import permitted
from jobs.lifecycle import checkup as verbs

# The owner's alone: it says what this house is connected to, and with which rights.
_OWNER = "jobs.change_checkup"


@permitted(_OWNER)
@require_GET
def setup(request: HttpRequest) -> HttpResponse:
    """The checklist."""
    return render(request, "inbox/setup.html", {"groups": queries.checkups()})


@permitted(_OWNER)
@require_POST
def test(request: HttpRequest, name: str) -> HttpResponse:
    """Have one row looked at now, by the process that can."""
    row = queries.checkup(name)
    if row is None:
        raise Http404("There is no such row.")
    verbs.want(row, trial=True)
    messages.success(request, f"{row.name} is being tested. The result stands in its row in a few seconds.")
    return redirect("inbox:setup")


@permitted(_OWNER)
@require_POST
def mend(request: HttpRequest, name: str) -> HttpResponse:
    """Have what is missing at a provider made, by the process that can."""
    row = queries.checkup(name)
    if row is None:
        raise Http404("There is no such row.")
    verbs.want_mended(row)
    messages.success(
        request, f"What {row.name} lacks is being made. The result stands in its row in a few seconds."
    )
    return redirect("inbox:setup")
