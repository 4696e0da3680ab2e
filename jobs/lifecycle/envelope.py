"""The verb of an envelope that is used up: the day's or the night's work waits, and one item says so."""

import datetime

from django.db import transaction

from jobs import budget, hours
from jobs.lifecycle import alarm
from jobs.lifecycle.job import lock, open_review
from jobs.models import Day, Review
from jobs.states import ReviewKind


def used_up(job_id: int, scope: str, *, cause: str, now: datetime.datetime) -> Review | None:
    """Tell of it, once for each envelope; None where it was told. `now` is a time of the owner's clock."""
    date = (hours.night_of(now) if scope == budget.NIGHT else None) or now.date()
    with transaction.atomic():
        # The Job first, as in every verb.
        job = lock(job_id)
        day = Day.objects.select_for_update().filter(pk=date).first()
        if day is None or scope in day.told:
            return None
        Day.objects.filter(pk=date).update(told=[*day.told, scope])
        until = budget.goes_on_at(scope, now)
        return open_review(job, ReviewKind.ALARM, **alarm.spent(scope, cause=cause, until=until))
