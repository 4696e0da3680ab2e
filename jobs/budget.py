"""Money: reserved before a call, charged after it, within the job's budget and the day's envelope.

All amounts are integer micro-USD. Each step is a conditional UPDATE, so that two workers never spend the same cent.
"""

import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from jobs.models import Day, Job, Run
from jobs.states import RunState

# A model without a known price: its cost stays unknown, and each call takes this much of the envelopes,
# so that the night's spending still holds.
UNPRICED_CALL_MICROUSD = 250_000


class OverBudget(Exception):
    """The amount does not fit; `scope` is "job" or "day", the message says what is left and what to do."""

    def __init__(self, scope: str, message: str) -> None:
        super().__init__(message)
        self.scope = scope


class RunEnded(Exception):
    """The Run that wants to spend is not running any more."""


def reserve(run: Run, ceiling: int | None) -> None:
    """Set `ceiling` aside (None: the model has no known price). Raises OverBudget or RunEnded; then nothing is."""
    amount = UNPRICED_CALL_MICROUSD if ceiling is None else ceiling
    today = timezone.localdate()
    Day.objects.bulk_create([Day(date=today)], ignore_conflicts=True)
    with transaction.atomic():
        running = Run.objects.filter(pk=run.pk, state=RunState.RUNNING)
        if not running.update(reserved_microusd=F("reserved_microusd") + amount, reserved_on=today):
            raise RunEnded
        _reserve_from_job(run.job_id, amount)
        _reserve_from_day(today, amount)


def charge(run: Run, cost: int | None) -> None:
    """Turn what the Run has reserved into what the call cost (None: unknown). Call inside a transaction."""
    held = Run.objects.get(pk=run.pk)
    spent = UNPRICED_CALL_MICROUSD if cost is None else cost
    unknown = {"cost_unknown": True} if cost is None else {}
    Run.objects.filter(pk=run.pk).update(
        reserved_microusd=0, cost_microusd=F("cost_microusd") + (cost or 0), **unknown
    )
    Job.objects.filter(pk=run.job_id).update(
        reserved_microusd=Greatest(F("reserved_microusd") - held.reserved_microusd, 0),
        spent_microusd=F("spent_microusd") + spent,
        **unknown,
    )
    day = held.reserved_on or timezone.localdate()
    Day.objects.bulk_create([Day(date=day)], ignore_conflicts=True)
    Day.objects.filter(pk=day).update(
        reserved_microusd=Greatest(F("reserved_microusd") - held.reserved_microusd, 0),
        spent_microusd=F("spent_microusd") + spent,
    )


def release(run: Run, *, spent: bool) -> None:
    """Give back what a Run had reserved, or count it as spent where the call may have been billed."""
    held = Run.objects.get(pk=run.pk)
    if held.reserved_microusd:
        charge(run, held.reserved_microusd if spent else 0)


def spent_on(date: datetime.date) -> int:
    """What a date has cost so far."""
    return Day.objects.filter(pk=date).values_list("spent_microusd", flat=True).first() or 0


def _reserve_from_job(job_id: int, amount: int) -> None:
    fits = Job.objects.filter(pk=job_id, budget_microusd__gte=F("spent_microusd") + F("reserved_microusd") + amount)
    if not fits.update(reserved_microusd=F("reserved_microusd") + amount):
        job = Job.objects.get(pk=job_id)
        raise OverBudget(
            "job",
            f"The next call may cost {_usd(amount)}; this job has spent {_usd(job.spent_microusd)}"
            f" of {_usd(job.budget_microusd)}. Raise its budget and retry, or end it.",
        )


def _reserve_from_day(today: datetime.date, amount: int) -> None:
    fits = Day.objects.filter(pk=today).annotate(total=F("spent_microusd") + F("reserved_microusd") + amount)
    if not fits.filter(total__lte=settings.DAILY_BUDGET).update(reserved_microusd=F("reserved_microusd") + amount):
        raise OverBudget(
            "day",
            f"The next call may cost {_usd(amount)}; today's envelope of {_usd(settings.DAILY_BUDGET)} has"
            f" {_usd(spent_on(today))} spent. It goes on tomorrow, or raise NIGHTDESK_DAILY_BUDGET.",
        )


def _usd(amount: int) -> str:
    return f"${amount / 1_000_000:.2f}"
