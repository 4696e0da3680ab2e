"""In and out: the login page, and the link that lets a person in once."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language

from jobs.inbox import entry, known
from jobs.lifecycle import preference


class LogIn(LoginView):
    """By a password, or by a passkey where the house is opened by a name."""

    template_name = "inbox/login.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Let them in, and the browser know them."""
        response = super().form_valid(form)
        known.remember(response, form.get_user())
        return response

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        """Whether there are passkeys here."""
        return super().get_context_data(has_passkeys=settings.HAS_PASSKEYS, **context)


log_in = LogIn.as_view()
log_out = LogoutView.as_view(next_page="inbox:login")


@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows one button; the POST that it makes logs in and uses the link up."""
    try:
        if request.method == "POST":
            login(request, entry.redeem(token), backend="jobs.membership.ByGroup")
            return redirect("inbox:inbox")
        return render(request, "inbox/enter.html", {"person": entry.person_of(token)})
    except entry.BadLink as problem:
        return render(request, "inbox/enter.html", {"problem": str(problem)}, status=410)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """The language of all pages: for this browser, and for the person wherever they log in. Empty: as it asks."""
    answer = set_language(request)
    chosen = request.POST.get("language", "")
    if isinstance(request.user, User) and chosen in {"", *dict(settings.LANGUAGES)}:
        preference.set_language(request.user, chosen)
    if not chosen:
        answer.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    return answer
