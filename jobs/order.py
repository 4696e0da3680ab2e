"""The order of the inbox: one for its page, the terminal, the API and the boards.

Work for clients comes first; of it what has a time, the earliest first; then what other jobs wait for; then what
stands out; then the oldest. It is written with the row, so that one index serves it at any size, and neither the
clock nor what comes in moves a row past another.
"""

import datetime

from django.db.models import Q, QuerySet

from jobs.models import Review

_BY = ("priority", "due_at", "-stake", "id")


def in_order(rows: QuerySet[Review]) -> QuerySet[Review]:
    """These items, first what is decided first."""
    return rows.order_by(*_BY)


def place(row: Review) -> tuple[int, datetime.datetime, int, int]:
    """The same order for items that are read already."""
    return row.priority, row.due_at, -row.stake, row.pk


def after(rows: QuerySet[Review], last: int) -> QuerySet[Review]:
    """Those of these items that come after the one of this key, which need not be among them any more."""
    found = Review.objects.filter(pk=last).values_list("priority", "due_at", "stake", "pk").first()
    if found is None:
        return rows.none()
    priority, due_at, stake, pk = found
    lighter = Q(stake__lt=stake) | Q(stake=stake, pk__gt=pk)
    later = Q(due_at__gt=due_at) | Q(lighter, due_at=due_at)
    return rows.filter(Q(priority__gt=priority) | Q(later, priority=priority), priority__gte=priority)
