"""In and out: the login page, and the link that lets a person in once."""

from django.contrib.auth import login
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from jobs.inbox import entry

log_in = LoginView.as_view(template_name="inbox/login.html", redirect_authenticated_user=True)
log_out = LogoutView.as_view(next_page="inbox:login")


@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows one button; the POST that it makes logs in and uses the link up."""
    try:
        if request.method == "POST":
            login(request, entry.redeem(token), backend="django.contrib.auth.backends.ModelBackend")
            return redirect("inbox:inbox")
        return render(request, "inbox/enter.html", {"person": entry.person_of(token)})
    except entry.BadLink as problem:
        return render(request, "inbox/enter.html", {"problem": str(problem)}, status=410)
