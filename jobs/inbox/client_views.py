"""Clients: read, added, changed; what they said once, and what waits for their old addresses."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs import clients as reads
from jobs import rights
from jobs.inbox.access import permitted, person_only
from jobs.inbox.client_forms import ClientForm
from jobs.lifecycle import client as verbs
from jobs.lifecycle.moves import LostRace
from jobs.models import Client


@person_only
@require_GET
def clients(request: HttpRequest) -> HttpResponse:
    """Every client, with what is under way for them."""
    return render(request, "inbox/clients.html", {"clients": reads.all_clients(timezone.now())})


@person_only
@require_GET
def client(request: HttpRequest, client_slug: str) -> HttpResponse:
    """One client."""
    found = reads.dossier(client_slug, timezone.now())
    if found is None:
        raise Http404(_("There is no such client."))
    return render(request, "inbox/client.html", {"found": found, "client": found.client})


@permitted(rights.CHANGE_CLIENTS)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write down a new client."""
    form = ClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        slug = form.slug(form.cleaned_data["name"])
        made = verbs.add(by=request.user.get_username(), slug=slug, **form.columns())
        messages.success(request, _("“%s” is a client now.") % made.name)
        return redirect("inbox:client", client_slug=made.slug)
    return render(request, "inbox/client_edit.html", {"form": form}, status=409 if form.is_bound else 200)


@permitted(rights.CHANGE_CLIENTS)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, client_slug: str) -> HttpResponse:
    """Change a client. Other recipients ask what becomes of the messages that wait for the old ones."""
    found = _client(client_slug)
    form = ClientForm(request.POST or None, instance=_client(client_slug))
    if request.method == "GET" or not form.is_valid():
        context = {"form": form, "client": found}
        return render(request, "inbox/client_edit.html", context, status=409 if form.is_bound else 200)
    strayed = verbs.addressed_otherwise(found, form.way)
    if strayed and request.POST.get("do") not in {"anew", "leave"}:
        return render(request, "inbox/client_edit.html", {"form": form, "client": found, "strayed": strayed})
    return _keep(request, found, form)


@permitted(rights.CHANGE_CLIENTS)
@require_POST
def address_anew(request: HttpRequest, client_slug: str) -> HttpResponse:
    """Let what waits go to the present recipients."""
    _address_anew(request, _client(client_slug))
    return redirect("inbox:client", client_slug=client_slug)


@permitted(rights.CHANGE_CLIENTS)
@require_POST
def forget(request: HttpRequest, client_slug: str, answer_id: int) -> HttpResponse:
    """Have an answer asked anew."""
    found = reads.answer(client_slug, answer_id)
    if found is not None:
        verbs.forget(found, by=request.user.get_username())
    messages.success(request, _("Forgotten. It will be asked again when it matters."))
    return redirect("inbox:client", client_slug=client_slug)


def _keep(request: HttpRequest, found: Client, form: ClientForm) -> HttpResponse:
    by, as_seen = request.user.get_username(), form.cleaned_data["seen"]
    try:
        kept = verbs.change(found, by=by, as_seen=as_seen, **form.columns())
    except LostRace as refusal:
        context = {"form": form, "client": found, "refusal": str(refusal)}
        return render(request, "inbox/client_edit.html", context, status=409)
    messages.success(request, _("Kept. Agents know it from their next step on."))
    if request.POST.get("do") == "anew":
        _address_anew(request, kept)
    return redirect("inbox:client", client_slug=kept.slug)


def _address_anew(request: HttpRequest, found: Client) -> None:
    number = verbs.address_anew(found, by=request.user.get_username())
    said = ngettext("%d message is addressed anew.", "%d messages are addressed anew.", number) % number
    again = _("Read them once more in the inbox.")
    messages.success(request, f"{said} {again}" if number else said)


def _client(slug: str) -> Client:
    found = reads.client(slug)
    if found is None:
        raise Http404(_("There is no such client."))
    return found
