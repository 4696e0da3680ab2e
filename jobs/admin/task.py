"""Tasks, to read."""

from django.contrib import admin

from jobs.admin.history import ReadOnly
from jobs.admin.words import InWords, columns
from jobs.models import Task


@admin.register(Task)
class TaskAdmin(ReadOnly):
    """Read-only."""

    list_display = columns("title", "agent", "state", "job", "round", "starts", "finished_at")
    list_filter = (("state", InWords), "agent")
    list_select_related = ("job",)
    ordering = ("-id",)
