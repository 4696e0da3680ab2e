"""Runs and their turns, to read."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from jobs.admin.history import ReadOnly, usd
from jobs.admin.words import InWords, columns
from jobs.models import Run, Turn


@admin.register(Run)
class RunAdmin(ReadOnly):
    """Read-only."""

    list_display = columns("id", "job", "task", "state", "model", "cost", "started_at", "finished_at")
    list_filter = (("state", InWords), "model")
    list_select_related = ("job", "task")
    ordering = ("-id",)
    readonly_fields = ("cost",)
    exclude = ("reserved_microusd", "cost_microusd", "unconfirmed_microusd")

    @admin.display(description=_("cost"))
    def cost(self, run: Run) -> str:
        """What its calls cost."""
        return usd(run.cost_microusd)


@admin.register(Turn)
class TurnAdmin(ReadOnly):
    """Read-only: what was asked and what was said."""

    list_display = columns("id", "job", "run", "number", "model", "stop_reason", "cost", "created_at")
    list_select_related = ("job", "run")
    ordering = ("-id",)
    readonly_fields = ("cost",)
    exclude = ("cost_microusd", "cache_saved_microusd", "batch_saved_microusd")

    @admin.display(description=_("cost"))
    def cost(self, turn: Turn) -> str:
        """What the call cost."""
        return usd(turn.cost_microusd)
