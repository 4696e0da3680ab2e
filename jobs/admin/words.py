"""How the engine room calls its rows, their columns and its filters, in the language of whoever reads."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from jobs import terms
from jobs.admin.fields import put_into_words

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
    _Chosen = admin.ChoicesFieldListFilter
else:
    _Admin = admin.ModelAdmin
    _Chosen = admin.ChoicesFieldListFilter

_COLUMNS: dict[str, Any] = {
    "actor": _("by"),
    "agent": _("agent"),
    "at": _("at"),
    "attempts": _("attempts"),
    "client": _("client"),
    "created_at": _("created"),
    "decided_at": _("decided"),
    "decided_by": _("decided by"),
    "delivered_at": _("delivered"),
    "enabled": _("switched on"),
    "external_id": _("its own id"),
    "finished_at": _("ended"),
    "id": _("number"),
    "job": _("job"),
    "key": _("key"),
    "kind": _("kind"),
    "last_used_at": _("last used"),
    "made_by": _("made by"),
    "model": _("model"),
    "name": _("name"),
    "noun": _("of what"),
    "number": _("number"),
    "priority": _("priority"),
    "received_at": _("received"),
    "revoked_at": _("revoked"),
    "round": _("round"),
    "row": _("its number"),
    "run": _("run"),
    "sender": _("sender"),
    "size": _("size"),
    "source": _("from"),
    "started_at": _("began"),
    "starts": _("starts"),
    "state": _("state"),
    "stop_reason": _("ended by"),
    "summary": _("summary"),
    "target": _("target"),
    "task": _("task"),
    "title": _("title"),
    "to": pgettext_lazy("a state", "to"),
    "tone": _("tone"),
    "user": _("person"),
    "version": _("version"),
}
_YES_NO = {"enabled"}


def columns(*names: str) -> tuple[Any, ...]:
    """The columns of a list, with their words; what has none is a method of the list's own."""
    return tuple(_column(name) if name in _COLUMNS else name for name in names)


def _column(name: str) -> Callable[[Any], object]:
    def show(row: Any) -> object:
        value = getattr(row, name)
        if name == "state":
            return format_html('<span class="badge state-{}">{}</span>', value, terms.state(value))
        return value

    show.__name__ = name
    is_mark = True if name in _YES_NO else None
    return admin.display(description=_COLUMNS[name], ordering=name, boolean=is_mark)(show)


class InWords(_Chosen):
    """A filter by state or kind, with the words that people read elsewhere."""

    def __init__(self, field: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(field, *args, **kwargs)
        self.title = _COLUMNS.get(field.name, field.verbose_name)

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Each with its word; the first is no choice."""
        for choice in super().choices(changelist):
            known = str(choice["display"])
            yield {**choice, "display": terms.kind(known) if known in terms.KINDS else terms.state(known)}


class Titled(_Admin):
    """A list is headed by what its rows are called, and a row's fields are called as people call them."""

    def __init__(self, model: Any, admin_site: Any) -> None:
        super().__init__(model, admin_site)
        put_into_words(self.opts)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """As Django makes it."""
        title = terms.TABLES.get(self.model.__name__, self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})
