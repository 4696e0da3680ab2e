"""The site of the engine room: for owners, and for staff whom one of them let in. It has no login of its own."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import rights, terms


class EngineRoom(AdminSite):
    """Everybody comes in by the one door of the house, with its limits and its passkeys."""

    site_header = gettext_lazy("Nightdesk engine room")
    site_title = "Nightdesk"
    index_title = gettext_lazy("Engine room")
    site_url = "/inbox/"
    # The house's own navigation stands above; the width is for the rows.
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Owners, and staff; nobody whose account is closed."""
        user = request.user
        return user.is_active and (user.has_perm(rights.ENTER_ROOM) or bool(getattr(user, "is_staff", False)))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Our own tables first, with the words that their lists are headed by."""
        found = sorted(super().get_app_list(request, app_label), key=lambda app: app["app_label"] != "jobs")
        for app in found:
            for model in app["models"]:
                model["name"] = terms.TABLES.get(model["object_name"], model["name"])
        return found

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the login of the house; who has logged in and may not enter is told so."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied(_("Your account may not enter the engine room."))
        return redirect_to_login(request.GET.get("next", reverse("admin:index")))
