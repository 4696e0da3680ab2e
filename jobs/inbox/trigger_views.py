"""The rules: read, written, switched, tried, and tested by an event of their own."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs import arrivals, rights
from jobs.inbox import rule_pages
from jobs.inbox.access import permitted, person_only
from jobs.inbox.rule_forms import PageForm, Trial
from jobs.lifecycle import pace
from jobs.lifecycle import replay as replays
from jobs.lifecycle import rule as verbs
from jobs.models import Receipt, Trigger

_CHANGE = rights.CHANGE_RULES


@person_only
@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """Every rule, with its last event and its faults."""
    return render(request, "inbox/triggers.html", rule_pages.all_rules())


@person_only
@require_GET
def rule(request: HttpRequest, slug: str) -> HttpResponse:
    """One rule; `tested` names the receipt of a test event that was just sent."""
    found = _rule(slug)
    more = rule_pages.tested(found, request.GET.get("tested", ""))
    return render(request, "inbox/trigger.html", rule_pages.rule(found, **more))


@permitted(_CHANGE)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write a rule for a source, or for an event that came, and apply it to that at once if wished."""
    receipt = _receipt(request.POST.get("receipt") or request.GET.get("receipt") or "")
    if request.method == "GET":
        source = receipt.source if receipt else request.GET.get("source", "")
        if not receipt and not rule_pages.chosen_source(source):
            return render(request, "inbox/trigger_source.html", rule_pages.choosing(None))
        return _writing(
            request, rule_pages.new_form(source, receipt, request.GET.get("template", "")), None, receipt
        )
    form = PageForm(request.POST)
    if not form.is_kept:
        return _writing(request, form, None, receipt)
    made = form.save()
    messages.success(request, _("“%(name)s” is a rule now.") % {"name": made.name})
    if receipt and request.POST.get("do") == "apply":
        _apply(request, made, receipt)
    return redirect("inbox:trigger", slug=made.slug)


@permitted(_CHANGE)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a rule anew, or choose another source for it first (`?source=`)."""
    found = _rule(slug)
    source = request.GET.get("source", found.source)
    if request.method == "GET" and source != found.source and not rule_pages.chosen_source(source):
        return render(request, "inbox/trigger_source.html", rule_pages.choosing(found))
    form = PageForm(request.POST or None, instance=found, initial={"source": source})
    if form.is_kept:
        messages.success(request, _("Kept. It counts from the next event on."))
        return redirect("inbox:trigger", slug=form.save().slug)
    return _writing(request, form, _rule(slug), None)


@permitted(_CHANGE)
@require_POST
def switch(request: HttpRequest, slug: str) -> HttpResponse:
    """On or off."""
    enabled = request.POST.get("enabled") == "on"
    verbs.set_enabled(_rule(slug), enabled=enabled)
    messages.success(request, _("The rule is on.") if enabled else _("The rule is off. What it opened goes on."))
    return redirect("inbox:trigger", slug=slug)


@permitted(_CHANGE)
@require_POST
def end_waiting(request: HttpRequest, slug: str) -> HttpResponse:
    """End what waits for its turn."""
    found = _rule(slug)
    ended, left = pace.end_waiting(found, by=request.user.get_username()), pace.waiting(found.pk)
    said = _("%(ended)d ended, %(left)d left.") if left else _("%(ended)d ended.")
    messages.success(request, said % {"ended": ended, "left": left})
    return redirect("inbox:trigger", slug=slug)


@permitted(rights.SEE_SECRETS)
@require_POST
def secrets(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the secrets once, on this answer alone; or make new ones, which ends the old. For owners."""
    found = _rule(slug)
    try:
        shown = rule_pages.secrets(found, renewed=request.POST.get("do") == "renew")
    except rule_pages.Refused as refusal:
        return _refused(request, slug, str(refusal))
    return render(request, "inbox/trigger.html", rule_pages.rule(found, secrets=shown))


@permitted(_CHANGE)
@require_POST
def attempt(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the rule would make of an event. Opens nothing, keeps nothing."""
    found, trial = _rule(slug), Trial(request.POST)
    if not trial.is_valid():
        return render(request, "inbox/trigger.html", rule_pages.rule(found, trial=trial), status=409)
    try:
        context = rule_pages.rule(found, trial=trial, prospect=rule_pages.tried(found, trial))
    except rule_pages.Refused as refusal:
        context = rule_pages.rule(found, trial=trial, trial_refusal=str(refusal))
    return render(request, "inbox/trigger.html", context)


@permitted(_CHANGE)
@require_POST
def test_event(request: HttpRequest, slug: str) -> HttpResponse:
    """Send an event to the rule's own address, signed as its sender would, and show what arrived."""
    try:
        receipt = rule_pages.test_event(_rule(slug))
    except rule_pages.Refused as refusal:
        return _refused(request, slug, str(refusal))
    messages.success(request, _("The test event arrived and its proof was believed. It opened no job."))
    page = redirect("inbox:trigger", slug=slug)
    page.headers["Location"] += f"?tested={receipt.pk}#trial"
    return page


def _writing(
    request: HttpRequest, form: PageForm, trigger: Trigger | None, receipt: Receipt | None
) -> HttpResponse:
    context = rule_pages.writing(form, trigger, receipt)
    return render(request, "inbox/trigger_edit.html", context, status=409 if form.is_wrong else 200)


def _apply(request: HttpRequest, rule: Trigger, receipt: Receipt) -> None:
    try:
        step = replays.apply(rule, receipt, by=request.user.get_username())
        messages.success(request, replays.in_words(step))
    except replays.NotReplayed as refusal:
        messages.success(request, str(refusal))


def _refused(request: HttpRequest, slug: str, refusal: str) -> HttpResponse:
    return render(request, "inbox/trigger.html", rule_pages.rule(_rule(slug), refusal=refusal), status=409)


def _rule(slug: str) -> Trigger:
    found = arrivals.rule(slug)
    if found is None:
        raise Http404(_("There is no such rule."))
    return found


def _receipt(number: str) -> Receipt | None:
    if not number:
        return None
    found = arrivals.receipt(int(number)) if number.isdecimal() and len(number) < 19 else None
    if found is None:
        raise Http404(_("There is no such event."))
    return found
