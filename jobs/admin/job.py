"""Jobs: read, with the two verbs that a person may call from here."""

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs.admin.history import ReadOnly, usd
from jobs.lifecycle import job as verbs
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.models import Job

if TYPE_CHECKING:
    from collections.abc import Callable


@admin.register(Job)
class JobAdmin(ReadOnly):
    """Read-only; retry and cancel are its verbs."""

    list_display = ("title", "state", "client", "priority", "cost", "created_at", "page")
    list_filter = ("state", "priority", "client")
    list_select_related = ("client",)
    search_fields = ("=uid", "title__startswith")
    actions = ("retry", "cancel")
    readonly_fields = ("page", "cost")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whoever may change jobs, though no form here does."""
        return request.user.has_perm("jobs.change_job")

    @admin.action(description="Start what failed again", permissions=["decide"])
    def retry(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Call the verb for each."""
        _each(request, jobs, verbs.retry, "started again")

    @admin.action(description="End for good", permissions=["decide"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Call the verb for each."""
        _each(request, jobs, verbs.cancel, "ended")

    @admin.display(description="cost")
    def cost(self, job: Job) -> str:
        """What it has cost."""
        return f"{usd(job.spent_microusd)} of {usd(job.budget_microusd)}".replace(" ", "\N{NO-BREAK SPACE}")

    @admin.display(description="page")
    def page(self, job: Job) -> SafeString:
        """Its page, with its timeline."""
        return format_html('<a href="{}">timeline</a>', reverse("inbox:job", args=[job.uid]))


def _each(request: HttpRequest, jobs: QuerySet[Job], verb: "Callable[..., None]", done: str) -> None:
    for job in jobs:
        try:
            verb(job, by=request.user.get_username())
        except (IllegalMove, LostRace) as refusal:
            messages.warning(request, f"{job.title}: {refusal}")
        else:
            messages.success(request, f"{job.title}: {done}.")
