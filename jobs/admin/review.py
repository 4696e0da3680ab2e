"""Reviews, to read; they are decided in the inbox."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from jobs.admin.history import ReadOnly
from jobs.admin.words import InWords, columns
from jobs.models import Review


@admin.register(Review)
class ReviewAdmin(ReadOnly):
    """Read-only."""

    list_display = columns("title", "kind", "state", "job", "decided_by", "decided_at", "created_at", "page")
    list_filter = (("state", InWords), ("kind", InWords))
    list_select_related = ("job", "decided_by")
    ordering = ("-id",)
    readonly_fields = ("page",)

    @admin.display(description=_("page"))
    def page(self, review: Review) -> SafeString:
        """Where it is decided."""
        return format_html('<a href="{}">inbox</a>', reverse("inbox:item", args=[review.pk]))
