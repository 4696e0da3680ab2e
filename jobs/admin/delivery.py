"""Deliveries, to read."""

from django.contrib import admin

from jobs.admin.history import ReadOnly
from jobs.admin.words import InWords, columns
from jobs.models import Delivery


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    """Read-only."""

    list_display = columns("key", "kind", "target", "state", "attempts", "job", "created_at", "delivered_at")
    list_filter = (("state", InWords), "kind", "target")
    list_select_related = ("job",)
    search_fields = ("=key", "=external_id")
    ordering = ("-id",)
