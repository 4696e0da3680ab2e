"""Clients: whom work is for, and the only addresses that a message for them can go to."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from jobs.admin.fields import put_into_words
from jobs.admin.words import Titled, columns
from jobs.lifecycle import client as clients
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
    verbose_name_plural = _("Remembered answers")

    def __init__(self, parent_model: Any, admin_site: Any) -> None:
        super().__init__(parent_model, admin_site)
        put_into_words(self.opts)

    def has_add_permission(self, request: HttpRequest, obj: Client | None = None) -> bool:
        """Nobody: an answer comes from a question in the inbox."""
        return False


@admin.register(Client)
class ClientAdmin(Titled):
    """Editable."""

    list_display = columns("name", "addresses", "tone")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}
    show_full_result_count = False

    def get_inlines(self, request: HttpRequest, obj: Client | None) -> list["type[InlineModelAdmin[Any, Any]]"]:
        """A client that is being made has said nothing yet."""
        return [KnownAnswers] if obj else []

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: bool) -> None:
        """By the verbs of the client's own page, so that the history has it; its slug can be changed here alone."""
        by = request.user.get_username()
        columns = {name: getattr(obj, name) for name in clients.COLUMNS}
        if not change:
            obj.pk = clients.add(by=by, slug=obj.slug, **columns).pk
            return
        present = Client.objects.get(pk=obj.pk)
        clients.change(present, by=by, as_seen=clients.seen(present), **columns)
        obj.save(update_fields=["slug"])

    @admin.display(description=_("recipients"))
    def addresses(self, client: Client) -> str:
        """Where messages go: the trusted addresses, or the channel."""
        return ", ".join(client.way[1]) or str(_("none: nothing can be sent"))
