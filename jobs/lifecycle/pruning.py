"""What an event said is forgotten after a while; that it came, when, from whom and what became of it stays."""

import datetime

from django.conf import settings
from django.db import transaction

from jobs import schedules
from jobs.models import Receipt

# So many in one transaction: whoever has to write beside it waits for no more.
_AT_ONCE = 500


def forget_bodies(now: datetime.datetime) -> int:
    """Empty what receipts older than settings.KEEP_BODIES said; return how many. May break off at any point."""
    old = Receipt.objects.filter(received_at__lt=now - settings.KEEP_BODIES, pruned_at__isnull=True)
    # A slot was said by nobody: its values are what it is.
    rows = old.exclude(source=schedules.SOURCE).order_by("id")
    forgotten = 0
    while some := list(rows.values_list("pk", flat=True)[:_AT_ONCE]):
        with transaction.atomic():
            forgotten += Receipt.objects.filter(pk__in=some).forget(now)
    return forgotten
