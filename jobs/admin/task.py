"""Tasks, to read."""

from django.contrib import admin

from jobs.admin.history import ReadOnly
from jobs.models import Task


@admin.register(Task)
class TaskAdmin(ReadOnly):
    """Read-only."""

    list_display = ("title", "agent", "state", "job", "round", "starts", "finished_at")
    list_filter = ("state", "agent")
    list_select_related = ("job",)
    ordering = ("-id",)
