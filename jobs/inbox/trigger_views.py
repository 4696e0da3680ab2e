"""The rules: read, written, switched, tried, and tested by an event of their own."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs import arrivals
from jobs.inbox import rule_pages
from jobs.inbox.access import permitted, person_only
from jobs.inbox.rule_forms import PageForm, Trial
from jobs.lifecycle import pace
from jobs.lifecycle import replay as replays
from jobs.lifecycle import rule as verbs
from jobs.models import Receipt, Trigger

_CHANGE = "jobs.change_trigger"


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
    """Write a rule, from nothing or for an event that came, and apply it to that at once if wished."""
    receipt = _receipt(request.POST.get("receipt") or request.GET.get("receipt") or "")
    if request.method == "GET":
        form = PageForm(initial=rule_pages.first_values(receipt))
        return render(request, "inbox/trigger_edit.html", rule_pages.writing(form, None, receipt))
    form = PageForm(request.POST)
    if not form.is_valid():
        context = rule_pages.writing(form, None, receipt)
        return render(request, "inbox/trigger_edit.html", context, status=409)
    made = form.save()
    messages.success(request, f"“{made.name}” is a rule now.")
    if receipt and request.POST.get("do") == "apply":
        _apply(request, made, receipt)
    return redirect("inbox:trigger", slug=made.slug)


@permitted(_CHANGE)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a rule anew."""
    found = _rule(slug)
    form = PageForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        messages.success(request, "Kept. It counts from the next event on.")
        return redirect("inbox:trigger", slug=form.save().slug)
    context = rule_pages.writing(form, _rule(slug), None)
    return render(request, "inbox/trigger_edit.html", context, status=409 if form.is_bound else 200)


@permitted(_CHANGE)
@require_POST
def switch(request: HttpRequest, slug: str) -> HttpResponse:
    """On or off."""
    enabled = request.POST.get("enabled") == "on"
    verbs.set_enabled(_rule(slug), enabled=enabled)
    messages.success(request, "The rule is on." if enabled else "The rule is off. What it opened goes on.")
    return redirect("inbox:trigger", slug=slug)


@permitted(_CHANGE)
@require_POST
def end_waiting(request: HttpRequest, slug: str) -> HttpResponse:
    """End what waits for its turn."""
    found = _rule(slug)
    ended, left = pace.end_waiting(found, by=request.user.get_username()), pace.waiting(found)
    messages.success(request, f"{ended} ended{f', {left} left' if left else ''}.")
    return redirect("inbox:trigger", slug=slug)


@permitted(_CHANGE)
@require_POST
def secrets(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the secrets once, on this answer alone; or make new ones, which ends the old. For superusers."""
    if not request.user.is_superuser:
        raise PermissionDenied("Only a superuser sees the secrets of rules.")
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
    messages.success(request, "The test event arrived and its proof was believed. It opened no job.")
    page = redirect("inbox:trigger", slug=slug)
    page.headers["Location"] += f"?tested={receipt.pk}#trial"
    return page


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
        raise Http404("There is no such rule.")
    return found


def _receipt(number: str) -> Receipt | None:
    if not number:
        return None
    found = arrivals.receipt(int(number)) if number.isdecimal() and len(number) < 19 else None
    if found is None:
        raise Http404("There is no such event.")
    return found
