"""The set-up page: what is in order, what is missing and how to get it. It shows what others found."""

from collections import Counter

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from jobs import queries, rights, terms
from jobs.inbox.access import permitted
from jobs.lifecycle import checkup as verbs

# The owner's alone: it says what this house is connected to, and with which rights.
_OWNER = rights.CHANGE_SETUP


@permitted(_OWNER)
@require_GET
def setup(request: HttpRequest) -> HttpResponse:
    """The checklist."""
    groups = queries.checkups()
    levels = Counter(row.level if row.is_connected else "off" for _title, rows in groups for row in rows)
    return render(request, "inbox/setup.html", {"groups": groups, "levels": levels})


@permitted(_OWNER)
@require_POST
def test(request: HttpRequest, name: str) -> HttpResponse:
    """Have one row looked at now, by the process that can."""
    row = queries.checkup(name)
    if row is None:
        raise Http404(_("There is no such row."))
    verbs.want(row, trial=True)
    messages.success(
        request,
        _("%(name)s is being tested. The result stands in its row in a few seconds.")
        % {"name": terms.part(row.name)},
    )
    return redirect("inbox:setup")


@permitted(_OWNER)
@require_POST
def mend(request: HttpRequest, name: str) -> HttpResponse:
    """Have what is missing at a provider made, by the process that can."""
    row = queries.checkup(name)
    if row is None:
        raise Http404(_("There is no such row."))
    verbs.want_mended(row)
    messages.success(
        request,
        _("What %(name)s lacks is being made. The result stands in its row in a few seconds.")
        % {"name": terms.part(row.name)},
    )
    return redirect("inbox:setup")
