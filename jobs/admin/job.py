"""Jobs: read, with the two verbs that a person may call from here."""

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jobs import rights
from jobs.admin.history import ReadOnly, usd
from jobs.admin.words import InWords, columns
from jobs.lifecycle import job as verbs
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.models import Job

if TYPE_CHECKING:
    from collections.abc import Callable


@admin.register(Job)
class JobAdmin(ReadOnly):
    """Read-only; retry and cancel are its verbs."""

    list_display = columns("title", "state", "client", "priority", "cost", "created_at", "page")
    list_filter = (("state", InWords), "priority", "client")
    list_select_related = ("client",)
    search_fields = ("=uid", "title__startswith")
    actions = ("retry", "cancel")
    readonly_fields = ("page", "cost")
    # Money is shown as money.
    exclude = ("budget_microusd", "reserved_microusd", "spent_microusd", "estimate_microusd")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whoever may decide elsewhere."""
        return request.user.has_perm(rights.DECIDE)

    @admin.action(description=_("Start what failed again"), permissions=["decide"])
    def retry(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Call the verb for each."""
        _each(request, jobs, verbs.retry, gettext("started again"))

    @admin.action(description=_("End for good"), permissions=["decide"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Call the verb for each."""
        _each(request, jobs, verbs.cancel, gettext("ended"))

    @admin.display(description=_("cost"))
    def cost(self, job: Job) -> str:
        """What it has cost."""
        said = gettext("%(spent)s of %(most)s")
        words = {"spent": usd(job.spent_microusd), "most": usd(job.budget_microusd)}
        return (said % words).replace(" ", "\N{NO-BREAK SPACE}")

    @admin.display(description=_("page"))
    def page(self, job: Job) -> SafeString:
        """Its page, with its timeline."""
        return format_html('<a href="{}">{}</a>', reverse("inbox:job", args=[job.uid]), _("timeline"))


def _each(request: HttpRequest, jobs: QuerySet[Job], verb: "Callable[..., None]", done: str) -> None:
    for job in jobs:
        try:
            verb(job, by=request.user.get_username())
        except (IllegalMove, LostRace) as refusal:
            messages.warning(request, f"{job.title}: {refusal}")
        else:
            messages.success(request, f"{job.title}: {done}.")
