"""Clients: whom work is for, and the only addresses that a message for them can go to."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from jobs.models import Client, KnownAnswer

if TYPE_CHECKING:
    from django.contrib.admin.options import InlineModelAdmin

    _Admin = admin.ModelAdmin[Client]
    _Inline = admin.TabularInline[KnownAnswer, Client]
else:
    _Admin = admin.ModelAdmin
    _Inline = admin.TabularInline


class KnownAnswers(_Inline):
    """What was said once and is not asked again: to be corrected, or removed so that it is asked anew."""

    model = KnownAnswer
    fields = ("question", "answer", "said_by", "said_at")
    readonly_fields = ("question", "said_by", "said_at")
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Client | None = None) -> bool:
        """Nobody: an answer comes from a question in the inbox."""
        return False


@admin.register(Client)
class ClientAdmin(_Admin):
    """Editable."""

    list_display = ("name", "addresses", "tone")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}
    show_full_result_count = False

    def get_inlines(self, request: HttpRequest, obj: Client | None) -> list["type[InlineModelAdmin[Any, Any]]"]:
        """A client that is being made has said nothing yet."""
        return [KnownAnswers] if obj else []

    @admin.display(description="recipients")
    def addresses(self, client: Client) -> str:
        """The trusted addresses."""
        return ", ".join(client.recipients) or "none: nothing can be sent"
