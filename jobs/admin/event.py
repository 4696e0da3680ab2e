"""The history, to read."""

from django.contrib import admin

from jobs.admin.history import ReadOnly
from jobs.admin.words import columns
from jobs.models import Event


@admin.register(Event)
class EventAdmin(ReadOnly):
    """Read-only."""

    list_display = columns("at", "name", "actor", "job", "noun", "row", "source", "to")
    list_filter = ("noun",)
    search_fields = ("=name", "=actor")
    list_select_related = ("job",)
    ordering = ("-id",)
