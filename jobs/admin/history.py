"""What all history has in common: it is read, never written, and its lists stay fast at any length."""

from typing import Any

from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext

from jobs.admin.words import Titled

_COUNTED = 10_000


class CappedPaginator(Paginator[Any]):
    """Counts up to a cap: nobody turns ten thousand pages, and counting a million rows takes too long."""

    @cached_property
    def count(self) -> int:
        """The number of rows, at most the cap."""
        rows = self.object_list
        return rows.order_by()[:_COUNTED].count() if isinstance(rows, models.QuerySet) else len(rows)


class ReadOnly(Titled):
    """A noun of the history: no add, no change, no delete."""

    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nobody: states change through verbs."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nobody: whole jobs go by `manage.py prune`."""
        return False


def usd(microusd: int | None) -> str:
    """Micro-USD as money."""
    return gettext("unknown") if microusd is None else f"${microusd / 1_000_000:,.3f}"
