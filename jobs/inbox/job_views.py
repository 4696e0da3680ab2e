"""The queue, one job, and the bytes of an artifact."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs import queries
from jobs.inbox import deciding, pages
from jobs.inbox.access import person_only
from jobs.inbox.deciding import REFUSALS
from jobs.lifecycle import artifact as artifacts
from jobs.lifecycle import job as verbs
from jobs.lifecycle import many as lifecycle_many
from jobs.models import Job

# What a browser may show; everything else is for the disk.
_READABLE = (".md", ".txt", ".patch", ".diff", ".json", ".log", ".csv")


@person_only
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """The jobs of a state, newest first, narrowed as the address says."""
    return render(request, "inbox/queue.html", pages.queue(request.GET))


@person_only
@require_http_methods(["GET", "HEAD", "POST"])
def many(request: HttpRequest) -> HttpResponse:
    """One verb for all that a filter finds: GET says how many that are, POST does it if they still are as many."""
    context = pages.many(request.GET)
    if context["verb"] is None or not context["jobs"]:
        messages.info(request, "There is nothing there any more to do that with.")
        return redirect(f"{reverse('inbox:queue')}?{context['here']}")
    if request.method != "POST" or request.POST.get("number") != str(len(context["jobs"])):
        return render(request, "inbox/many.html", {**context, "has_changed": request.method == "POST"})
    outcome = lifecycle_many.each(context["jobs"], context["verb"].act, by=request.user.get_username())
    messages.success(request, deciding.told(context["verb"].label, outcome))
    return redirect(f"{reverse('inbox:queue')}?{context['here']}")


@person_only
@require_GET
def job(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One job from its brief to its cost."""
    return render(request, "inbox/job.html", pages.job(_job(uid)))


@person_only
@require_POST
def retry(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Start what failed again."""
    found = _job(uid)
    try:
        verbs.retry(found, by=request.user.get_username())
    except REFUSALS as refusal:
        return render(request, "inbox/job.html", pages.job(_job(uid), refusal=str(refusal)), status=409)
    messages.success(request, "Started again.")
    return redirect("inbox:job", uid=uid)


@person_only
@require_POST
def cancel(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """End it for good."""
    found = _job(uid)
    reason = request.POST.get("reason", "").replace("\x00", "").strip()[:2_000]
    try:
        verbs.cancel(found, by=request.user.get_username(), reason=reason or "Ended by its owner.")
    except REFUSALS as refusal:
        return render(request, "inbox/job.html", pages.job(_job(uid), refusal=str(refusal)), status=409)
    messages.success(request, "Ended. What had not left stays here.")
    return redirect("inbox:job", uid=uid)


@person_only
@require_GET
def artifact(request: HttpRequest, sha256: str) -> HttpResponse:
    """The bytes, as plain text where a person can read them, else as a download: never as active content."""
    row = queries.artifact(sha256)
    if row is None:
        raise Http404("There is no such artifact.")
    try:
        content = artifacts.load(row.sha256)
    except (artifacts.Corrupt, FileNotFoundError) as error:
        raise Http404(str(error)) from error
    is_text = row.name.lower().endswith(_READABLE) and "download" not in request.GET
    response = HttpResponse(
        content, content_type="text/plain; charset=utf-8" if is_text else "application/octet-stream"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    name = "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in row.name)
    response.headers["Content-Disposition"] = f'{"inline" if is_text else "attachment"}; filename="{name}"'
    return response


def _job(uid: uuid.UUID) -> Job:
    found = queries.job(uid)
    if found is None:
        raise Http404("There is no such job.")
    return found
