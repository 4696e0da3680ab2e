"""Money: reserved before a call, charged after it, within the job's budget and the envelopes of the day and night.

All amounts are integer micro-USD. Each step is a conditional UPDATE, so that two workers never spend the same cent.
"""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from jobs import hours
from jobs.models import Day, Job, Run
from jobs.states import RunState

# A model without a known price: its cost stays unknown, and each call takes this much of the envelopes,
# so that the night's spending still holds.
UNPRICED_CALL_MICROUSD = 250_000

JOB, DAY, NIGHT = "job", "day", "night"


class OverBudget(Exception):
    """The amount does not fit; `scope` is "job", "day" or "night", the message says what is left and what to do."""

    def __init__(self, scope: str, message: str) -> None:
        super().__init__(message)
        self.scope = scope


class RunEnded(Exception):
    """The Run that wants to spend is not running any more."""


@dataclass(frozen=True)
class _Envelope:
    """One of the two that a Day row holds: the day's own, and that of the night which ends in its morning."""

    scope: str
    reserved: str
    spent: str
    name: str
    then: str
    setting: str

    @property
    def most(self) -> int:
        """What may be spent of it."""
        return settings.DAILY_BUDGET if self.scope == DAY else settings.NIGHT_BUDGET

    def take(self, date: datetime.date, amount: int) -> None:
        """Set the amount aside; raises OverBudget."""
        fits = Day.objects.filter(pk=date).annotate(total=F(self.spent) + F(self.reserved) + amount)
        if not fits.filter(total__lte=self.most).update(**{self.reserved: F(self.reserved) + amount}):
            spent = Day.objects.values_list(self.spent, flat=True).get(pk=date)
            raise OverBudget(
                self.scope,
                f"The next call may cost {_usd(amount)}; {self.name} of {_usd(self.most)} has {_usd(spent)} spent."
                f" It goes on {self.then}, or raise {self.setting}.",
            )

    def settle(self, date: datetime.date, held: int, spent: int) -> None:
        """Give back what was held, and count what was spent."""
        reserved = Greatest(F(self.reserved) - held, 0)
        Day.objects.filter(pk=date).update(**{self.reserved: reserved, self.spent: F(self.spent) + spent})


_DAY = _Envelope(
    DAY, "reserved_microusd", "spent_microusd", "today's envelope", "tomorrow", "NIGHTDESK_DAILY_BUDGET"
)
_NIGHT = _Envelope(
    NIGHT,
    "night_reserved_microusd",
    "night_spent_microusd",
    "tonight's envelope",
    "in the morning",
    "NIGHTDESK_NIGHT_BUDGET",
)


def reserve(run: Run, ceiling: int | None) -> None:
    """Set `ceiling` aside (None: the model has no known price). Raises OverBudget or RunEnded; then nothing is."""
    amount = UNPRICED_CALL_MICROUSD if ceiling is None else ceiling
    now = timezone.localtime()
    today, tonight = now.date(), hours.night_of(now)
    _open(today, tonight)
    with transaction.atomic():
        running = Run.objects.filter(pk=run.pk, state=RunState.RUNNING)
        if not running.update(
            reserved_microusd=F("reserved_microusd") + amount, reserved_on=today, reserved_night=tonight
        ):
            raise RunEnded
        _reserve_from_job(run.job_id, amount)
        _DAY.take(today, amount)
        if tonight:
            _NIGHT.take(tonight, amount)


def charge(run: Run, cost: int | None, *, confirmed: bool = True) -> None:
    """Turn what the Run has reserved into what the call cost (None: unknown). Call inside a transaction.

    Without an answer nobody has confirmed it: it is what the call can have cost at most.
    """
    held = Run.objects.get(pk=run.pk)
    spent = UNPRICED_CALL_MICROUSD if cost is None else cost
    unknown = {"cost_unknown": True} if cost is None else {}
    Run.objects.filter(pk=run.pk).update(
        reserved_microusd=0,
        cost_microusd=F("cost_microusd") + (cost or 0),
        unconfirmed_microusd=F("unconfirmed_microusd") + (0 if confirmed else spent),
        **unknown,
    )
    Job.objects.filter(pk=run.job_id).update(
        reserved_microusd=Greatest(F("reserved_microusd") - held.reserved_microusd, 0),
        spent_microusd=F("spent_microusd") + spent,
        **unknown,
    )
    day = held.reserved_on or timezone.localdate()
    _open(day, held.reserved_night)
    _DAY.settle(day, held.reserved_microusd, spent)
    if held.reserved_night:
        _NIGHT.settle(held.reserved_night, held.reserved_microusd, spent)


def release(run: Run, *, spent: bool) -> None:
    """Give back what a Run had reserved, or count it as spent where the call may have been billed."""
    held = Run.objects.get(pk=run.pk)
    if held.reserved_microusd:
        charge(run, held.reserved_microusd if spent else 0, confirmed=not spent)


def spent_on(date: datetime.date) -> int:
    """What a date has cost so far."""
    return Day.objects.filter(pk=date).values_list("spent_microusd", flat=True).first() or 0


def goes_on_at(scope: str, now: datetime.datetime) -> datetime.datetime:
    """When an envelope that is used up at this local time is followed by the next one."""
    night = hours.night_of(now) if scope == NIGHT else None
    if night:
        return hours.bounds(night)[1]
    tomorrow = now + datetime.timedelta(days=1)
    return tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)


def _open(day: datetime.date, night: datetime.date | None) -> None:
    dates = {day, night} - {None}
    Day.objects.bulk_create([Day(date=date) for date in dates if date], ignore_conflicts=True)


def _reserve_from_job(job_id: int, amount: int) -> None:
    fits = Job.objects.filter(pk=job_id, budget_microusd__gte=F("spent_microusd") + F("reserved_microusd") + amount)
    if not fits.update(reserved_microusd=F("reserved_microusd") + amount):
        job = Job.objects.get(pk=job_id)
        raise OverBudget(
            JOB,
            f"The next call may cost {_usd(amount)}; this job has spent {_usd(job.spent_microusd)}"
            f" of {_usd(job.budget_microusd)}. Raise its budget and retry, or end it.",
        )


def _usd(amount: int) -> str:
    return f"${amount / 1_000_000:.2f}"
