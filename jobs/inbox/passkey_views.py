"""Passkeys: made and managed by their person, used to come in and as a proof. The package makes and checks them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django_otp_webauthn import exceptions, views

from jobs.inbox import account_pages, proving
from jobs.inbox.access import own_account
from jobs.lifecycle import passkey as verbs


class ProofNeeded(exceptions.OTPWebAuthnApiError):  # type: ignore[misc]  # the package has no types
    """Whoever finds a screen unlocked must not leave a key of their own behind."""

    status_code = 403
    default_code = "proof_needed"
    default_detail = gettext_lazy(
        "Please show first that it is you: log in again, or give your password on the next page."
    )


class BeginMaking(views.BeginCredentialRegistrationView):  # type: ignore[misc]  # the package has no types
    """What the browser needs to make a passkey; for a person who has just proved that it is them."""

    def check_can_register(self) -> None:
        """Raise ProofNeeded unless the last proof is fresh."""
        if not proving.is_fresh(self.request):
            raise ProofNeeded


class EndMaking(views.CompleteCredentialRegistrationView):  # type: ignore[misc]  # as above
    """A passkey that was made is kept."""


class BeginUsing(views.BeginCredentialAuthenticationView):  # type: ignore[misc]  # as above
    """What the browser needs to use one, to come in or as a proof."""


class EndUsing(views.CompleteCredentialAuthenticationView):  # type: ignore[misc]  # as above
    """A passkey that was used lets its person in, or proves that it still is them."""

    def complete_auth(self, device: Any) -> None:
        """As the package does; it counts as a proof from now on."""
        super().complete_auth(device)
        proving.note(self.request, proving.PASSKEY)


@own_account
@require_POST
def rename(request: HttpRequest, user: User, passkey_id: int) -> HttpResponse:
    """Call it by a name that its person knows."""
    if verbs.rename(user, passkey_id, request.POST.get("name", "")):
        messages.success(request, _("The passkey has its name."))
    return redirect("inbox:account")


@own_account
@require_POST
def remove(request: HttpRequest, user: User, passkey_id: int) -> HttpResponse:
    """It opens nothing any more."""
    if not proving.is_fresh(request):
        return redirect("inbox:prove")
    try:
        if verbs.remove(user, passkey_id):
            messages.success(request, _("The passkey is removed. It opens nothing any more."))
    except verbs.LastWayIn as refusal:
        context = account_pages.account(request, user, refusal=str(refusal))
        return render(request, "inbox/account.html", context, status=409)
    return redirect("inbox:account")
