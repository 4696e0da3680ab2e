"""Artifacts, to read."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from jobs.admin.history import ReadOnly
from jobs.admin.words import columns
from jobs.models import Artifact


@admin.register(Artifact)
class ArtifactAdmin(ReadOnly):
    """Read-only."""

    list_display = columns("name", "version", "kind", "job", "made_by", "size", "created_at", "content")
    list_filter = ("kind",)
    list_select_related = ("job",)
    search_fields = ("=sha256",)
    ordering = ("-id",)
    readonly_fields = ("content",)

    @admin.display(description=_("content"))
    def content(self, artifact: Artifact) -> SafeString:
        """Where its bytes can be read."""
        return format_html('<a href="{}">open</a>', reverse("inbox:artifact", args=[artifact.sha256]))
