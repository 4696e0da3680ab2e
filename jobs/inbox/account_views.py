"""A person's own account: who they are here, their password, and the proof that it still is them."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs.inbox import account_pages, proving
from jobs.inbox.access import own_account
from jobs.inbox.account_forms import Proof, Zone
from jobs.lifecycle import preference as verbs


@own_account
@require_GET
def account(request: HttpRequest, user: User) -> HttpResponse:
    """All of it on one page."""
    return render(request, "inbox/account.html", account_pages.account(request, user))


@own_account
@require_POST
def zone(request: HttpRequest, user: User) -> HttpResponse:
    """Times are shown in this zone from now on; a guess of the browser's counts once."""
    form = Zone(request.POST)
    if not form.is_valid():
        context = account_pages.account(request, user, zone=form)
        return render(request, "inbox/account.html", context, status=409)
    if verbs.set_zone(user, form.cleaned_data["zone"], is_guess=form.cleaned_data["guess"]):
        messages.success(request, _("Times are shown in {zone}.").format(zone=form.cleaned_data["zone"]))
    return redirect("inbox:account")


@own_account
@require_POST
def password(request: HttpRequest, user: User) -> HttpResponse:
    """Another password; every other login of this person ends with the old one."""
    if not user.has_usable_password() and not proving.is_fresh(request):
        return redirect("inbox:prove")
    form = account_pages.password_form(user, request.POST)
    if not form.is_valid():
        context = account_pages.account(request, user, password=form)
        return render(request, "inbox/account.html", context, status=409)
    update_session_auth_hash(request, form.save())
    proving.note(request, proving.PASSWORD)
    messages.success(request, _("Your password is changed. You are logged out everywhere else."))
    return redirect("inbox:account")


@own_account
@require_http_methods(["GET", "POST"])
def prove(request: HttpRequest, user: User) -> HttpResponse:
    """The password, or the passkey, once more; then back to what was to be done."""
    onward = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()}):
        onward = ""
    form = Proof(request, user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        proving.note(request, proving.PASSWORD)
        return redirect(onward or "inbox:account")
    context = {**account_pages.proof(request, user), "form": form, "next": onward}
    return render(request, "inbox/prove.html", context, status=409 if form.is_bound else 200)
