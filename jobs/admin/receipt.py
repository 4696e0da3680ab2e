"""Receipts, to read: what came in, with its raw bytes."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from jobs.admin.history import ReadOnly
from jobs.admin.words import columns
from jobs.models import Receipt

_SHOWN = 20_000


@admin.register(Receipt)
class ReceiptAdmin(ReadOnly):
    """Read-only."""

    list_display = columns("id", "source", "kind", "sender", "summary", "received_at", "has_problem")
    list_filter = ("source",)
    search_fields = ("=external_id",)
    readonly_fields = ("raw",)

    @admin.display(description=_("problem"), boolean=True)
    def has_problem(self, receipt: Receipt) -> bool:
        """Whether a rule could not open its job."""
        return bool(receipt.problems)

    @admin.display(description=_("raw bytes"))
    def raw(self, receipt: Receipt) -> str:
        """The beginning of the body, as text."""
        return bytes(receipt.body)[:_SHOWN].decode("utf-8", errors="replace")
