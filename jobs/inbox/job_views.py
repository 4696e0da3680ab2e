"""The queue, one job, and the bytes of an artifact."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs import queries, rights
from jobs.inbox import deciding, job_forms, job_pages, pages
from jobs.inbox.access import permitted, person_only
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


@permitted(rights.DECIDE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask for work by hand; for a client, where the address names one."""
    is_sent = request.method == "POST"
    form = job_forms.New(request.POST if is_sent else None, client=request.GET.get("client", ""))
    if not is_sent or not form.is_valid():
        return render(request, "inbox/job_new.html", {"form": form}, status=409 if is_sent else 200)
    wanted = form.wanted()
    made = verbs.open_job(
        by=request.user.get_username(), **{**wanted, "client": queries.client_of(wanted["client"])}
    )
    messages.success(request, _("Opened. You see here what becomes of it."))
    return redirect("inbox:job", uid=made.uid)


@person_only
@require_http_methods(["GET", "HEAD", "POST"])
def many(request: HttpRequest) -> HttpResponse:
    """One verb for all that a filter finds: GET says how many that are, POST does it if they still are as many."""
    context = pages.many(request.GET)
    if context["verb"] is None or not context["jobs"]:
        messages.info(request, _("There is nothing there any more to do that with."))
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
    return render(request, "inbox/job.html", _found(job_pages.job(uid)))


@person_only
@require_GET
def run(request: HttpRequest, uid: uuid.UUID, run_id: int) -> HttpResponse:
    """One attempt, word for word."""
    return render(request, "inbox/run.html", _found(job_pages.run(uid, run_id)))


@person_only
@require_GET
def versions(request: HttpRequest, uid: uuid.UUID, artifact_id: int) -> HttpResponse:
    """What changed in an artifact since the version before."""
    return render(request, "inbox/versions.html", _found(job_pages.versions(uid, artifact_id)))


@person_only
@require_POST
def retry(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Start what failed again."""
    found = _job(uid)
    try:
        verbs.retry(found, by=request.user.get_username())
    except REFUSALS as refusal:
        return _refused(request, uid, refusal=str(refusal))
    messages.success(request, _("Started again."))
    return redirect("inbox:job", uid=uid)


@person_only
@require_POST
def cancel(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """End it for good."""
    found = _job(uid)
    reason = request.POST.get("reason", "").replace("\x00", "").strip()[:2_000]
    try:
        verbs.cancel(found, by=request.user.get_username(), reason=reason or _("Ended by its owner."))
    except REFUSALS as refusal:
        return _refused(request, uid, refusal=str(refusal))
    messages.success(request, _("Ended. What had not left stays here."))
    return redirect("inbox:job", uid=uid)


@person_only
@require_POST
def due(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Change until when what it asks is to be decided."""
    found, form = _job(uid), job_forms.Due(request.POST)
    if not form.is_valid():
        return _refused(request, uid, refusal=" ".join(map(str, form.errors.get("due_at", []))))
    try:
        lifecycle_many.reschedule(found, by=request.user.get_username(), **form.cleaned_data)
    except REFUSALS as refusal:
        return _refused(request, uid, refusal=str(refusal))
    messages.success(request, _("Kept: what waits of it has its place in the inbox by that."))
    return redirect("inbox:job", uid=uid)


@person_only
@require_POST
def again(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Open it once more, with other words."""
    found, form = _job(uid), job_forms.Again(request.POST)
    try:
        made = (
            verbs.run_again(found, by=request.user.get_username(), **form.cleaned_data) if form.is_valid() else None
        )
    except verbs.BadJob as refusal:
        return _refused(request, uid, refusal=str(refusal), again=form)
    if made is None:
        return _refused(request, uid, refusal=_("Nothing was opened: see below what is wrong."), again=form)
    messages.success(request, _("Opened. The job before stays as it is."))
    return redirect("inbox:job", uid=made.uid)


@person_only
@require_GET
def artifact(request: HttpRequest, sha256: str) -> HttpResponse:
    """The bytes, as plain text where a person can read them, else as a download: never as active content."""
    row = queries.artifact(sha256)
    if row is None:
        raise Http404(_("There is no such artifact."))
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


def _refused(request: HttpRequest, uid: uuid.UUID, **said: Any) -> HttpResponse:
    """The job as it stands, and why nothing was done."""
    return render(request, "inbox/job.html", _found(job_pages.job(uid, **said)), status=409)


def _found(context: dict[str, Any] | None) -> dict[str, Any]:
    if context is None:
        raise Http404(_("That is not there."))
    return context


def _job(uid: uuid.UUID) -> Job:
    found = queries.job(uid)
    if found is None:
        raise Http404(_("There is no such job."))
    return found
