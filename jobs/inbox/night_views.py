"""The nights, and one of them in full."""

import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from jobs import hours
from jobs.inbox import pages
from jobs.inbox.access import person_only


@person_only
@require_GET
def nights(request: HttpRequest) -> HttpResponse:
    """The last two weeks, a line a night."""
    return render(request, "inbox/nights.html", pages.nights_page(timezone.now()))


@person_only
@require_GET
def night(request: HttpRequest, date: datetime.date) -> HttpResponse:
    """The night before this morning."""
    now = timezone.now()
    if not datetime.date(2000, 1, 1) < date <= hours.here(now).date():
        raise Http404(_("That night has not been yet."))
    return render(request, "inbox/night.html", pages.night(date, now))
