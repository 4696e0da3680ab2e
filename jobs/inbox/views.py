"""The inbox: one list, one reading pane, one POST address a verb. GET decides nothing."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_GET, require_POST

from jobs import queries
from jobs.inbox import deciding, forms, pages, proving
from jobs.inbox.access import person_only
from jobs.lifecycle import review as reviews
from jobs.models import Review


@person_only
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """The list with its first item open."""
    return render(request, "inbox/desk.html", pages.desk(_person(request)))


@person_only
@require_GET
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """The list with this item open, whatever has become of it."""
    context = pages.desk(_person(request), pk=pk, show=request.GET.get("show", ""))
    if context["chosen"] is None:
        raise Http404(_("There is no such item."))
    return render(request, "inbox/desk.html", context)


@person_only
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Yes to exactly what was shown; before a merge the person shows once more that it is them."""
    if proving.is_missing(request, _review(pk)):
        return redirect(proving.door(pk))
    return _decide(request, pk, forms.Approval, reviews.approve, _("Accepted: {title}."), show="")


@person_only
@require_POST
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the person's own words, and show them as they would leave: approving is the next step."""
    review = _review(pk)
    form = forms.Edit(request.POST)
    try:
        deciding.decide(review, form, reviews.edit, by=_person(request))
    except deciding.Refused as refusal:
        return _refused(request, pk, refusal, show="edit")
    messages.success(request, _("Your version is kept. Read it once more, then approve it."))
    return redirect("inbox:item", pk=pk)


@person_only
@require_POST
def revise(request: HttpRequest, pk: int) -> HttpResponse:
    """Back to its agent with a note."""
    said = _("Sent back with your note: {title}. The next version comes as a new item.")
    return _decide(request, pk, forms.Revision, reviews.revise, said, show="revise")


@person_only
@require_POST
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """No: nothing of it leaves."""
    return _decide(request, pk, forms.Refusal, reviews.decline, _("Declined: {title}."), show="decline")


@person_only
@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The answer that a job waits for."""
    said = _("Answered: {title} The job is planned again.")
    return _decide(request, pk, forms.Answer, reviews.answer, said, show="answer")


@person_only
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Once more."""
    return _decide(request, pk, forms.Retry, reviews.retry, _("Started again: {title}."), show="retry")


@person_only
@require_POST
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """A person knows whether it arrived."""
    return _decide(request, pk, forms.Resolution, reviews.resolve_unknown, _("Settled: {title}."), show="resolve")


@person_only
@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """An alarm is known, and nothing more is done about it."""
    return _decide(request, pk, forms.Seen, reviews.acknowledge, _("Noted: {title}."), show="")


@person_only
@require_POST
def run_now(request: HttpRequest, pk: int) -> HttpResponse:
    """The slot of an alarm runs after all."""
    return _decide(request, pk, forms.Seen, reviews.run_now, _("It runs now. Noted: {title}."), show="")


@person_only
@require_POST
def snooze(request: HttpRequest, pk: int) -> HttpResponse:
    """Later."""
    return _decide(request, pk, forms.Snooze, reviews.snooze, _("Put off: {title}."), show="snooze")


@person_only
@require_POST
def together(request: HttpRequest) -> HttpResponse:
    """One decision for several items: the safe ones are approved, any may be put off."""
    said = deciding.together(forms.Together(request.POST), by=_person(request))
    return deciding.go_on(request, None, said)


@person_only
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an approval back while nothing has left."""
    review = _review(pk)
    try:
        reviews.undo(review, by=_person(request))
    except deciding.REFUSALS as refusal:
        context = pages.desk(_person(request), _review(pk), refusal=str(refusal))
        return render(request, "inbox/desk.html", context, status=409)
    messages.success(request, _("Taken back: %(title)s. Nothing was sent.") % {"title": review.title})
    return redirect("inbox:item", pk=pk)


@person_only
@require_POST
def view(request: HttpRequest, pk: int) -> HttpResponse:
    """How this person reads diffs until they log out: side by side where there is room, or one below the other."""
    request.session["side_by_side"] = request.POST.get("view") == "sides"
    return redirect(f"{reverse('inbox:item', args=[pk])}#files")


def _stamp(request: HttpRequest) -> str:
    return f'"{pages.stamp(request.GET.get("job", ""))}"' if request.user.is_authenticated else ""


@person_only
@require_GET
@condition(etag_func=_stamp)
def pulse(request: HttpRequest) -> HttpResponse:
    """Whether anything is new: 304 while nothing is."""
    return JsonResponse(pages.pulse(request.GET.get("job", "")))


def _decide(
    request: HttpRequest, pk: int, form: type[forms.Seen], verb: Callable[..., Any], said: str, *, show: str
) -> HttpResponse:
    """Call the verb and go on to the next item; a refusal shows the item as it stands, with what was typed."""
    review = _review(pk)
    following = deciding.next_after(review)
    try:
        leaves_at = deciding.decide(review, form(request.POST), verb, by=_person(request))
    except deciding.Refused as refusal:
        return _refused(request, pk, refusal, show=show)
    return deciding.go_on(request, following, "" if leaves_at else said.format(title=review.title))


def _refused(request: HttpRequest, pk: int, refusal: deciding.Refused, *, show: str) -> HttpResponse:
    """The item as it stands now, why nothing was done, and the form with the words that were typed."""
    context = pages.desk(_person(request), _review(pk), show=show, refusal=str(refusal), form=refusal.form)
    return render(request, "inbox/desk.html", context, status=409)


def _review(pk: int) -> Review:
    found = queries.review(pk)
    if found is None:
        raise Http404(_("There is no such item."))
    return found


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404(_("Only people decide."))
    return request.user
