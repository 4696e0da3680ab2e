"""Clients: whom work is for, and the only addresses that a message for them can go to."""

from typing import TYPE_CHECKING

from django.contrib import admin

from jobs.models import Client

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Client]
else:
    _Admin = admin.ModelAdmin


@admin.register(Client)
class ClientAdmin(_Admin):
    """Editable."""

    list_display = ("name", "addresses", "tone")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}
    show_full_result_count = False

    @admin.display(description="recipients")
    def addresses(self, client: Client) -> str:
        """The trusted addresses."""
        return ", ".join(client.recipients) or "none: nothing can be sent"
