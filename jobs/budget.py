"""Money: reserved before a call, charged after it, within the budget of the job and the rule, of day and night.

All amounts are integer micro-USD. Each step is a conditional UPDATE, so that two workers never spend the same cent.
"""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, F, Q, Subquery, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jobs import hours
from jobs.models import Allowance, Day, Job, RuleDay, Run
from jobs.states import RunState

# A model without a known price: its cost stays unknown, and each call takes this much of the envelopes,
# so that the night's spending still holds.
UNPRICED_CALL_MICROUSD = 250_000

JOB, RULE, DAY, NIGHT = "job", "rule", "day", "night"


class OverBudget(Exception):
    """The amount does not fit; `scope` is "job", "rule", "day" or "night", the message says what to do."""

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

    def take(self, date: datetime.date, amount: int) -> None:
        """Set the amount aside; raises OverBudget."""
        fits = Day.objects.filter(pk=date).annotate(total=F(self.spent) + F(self.reserved) + amount)
        if not fits.filter(total__lte=_most(self.scope)).update(**{self.reserved: F(self.reserved) + amount}):
            spent = Day.objects.values_list(self.spent, flat=True).get(pk=date)
            words = {
                "cost": _usd(amount),
                "name": _(self.name),
                "most": _usd(most(self.scope)),
                "spent": _usd(spent),
            }
            said = _("The next call may cost %(cost)s; %(name)s of %(most)s has %(spent)s spent.")
            raise OverBudget(self.scope, f"{said % words} {_(self.then)}")

    def settle(self, date: datetime.date, held: int, spent: int) -> None:
        """Give back what was held, and count what was spent."""
        reserved = Greatest(F(self.reserved) - held, 0)
        Day.objects.filter(pk=date).update(**{self.reserved: reserved, self.spent: F(self.spent) + spent})


# How an envelope is called in the reason of what waits for it: `waits_for` looks for these words.
_NAMES = {
    DAY: gettext_noop("today's envelope"),
    NIGHT: gettext_noop("tonight's envelope"),
    RULE: gettext_noop("the envelope of its rule"),
}
_DAY = _Envelope(
    DAY,
    "reserved_microusd",
    "spent_microusd",
    _NAMES[DAY],
    gettext_noop("It goes on tomorrow, or raise it on the page of costs."),
)
_NIGHT = _Envelope(
    NIGHT,
    "night_reserved_microusd",
    "night_spent_microusd",
    _NAMES[NIGHT],
    gettext_noop("It goes on in the morning, or raise it on the page of costs."),
)


def most(scope: str) -> int:
    """What the envelope "day" or "night" may spend: the owner's word, else the environment's."""
    said = Allowance.objects.filter(scope=scope).values_list("microusd", flat=True).first()
    return usual(scope) if said is None else said


def left(scope: str, date: datetime.date) -> int:
    """What this envelope of the date may still spend; below zero where its owner lowered it under what is spent."""
    envelope = _DAY if scope == DAY else _NIGHT
    taken = Day.objects.filter(pk=date).values_list(F(envelope.reserved) + F(envelope.spent), flat=True).first()
    return most(scope) - (taken or 0)


def usual(scope: str) -> int:
    """What the environment says that this envelope may spend."""
    return settings.DAILY_BUDGET if scope == DAY else settings.NIGHT_BUDGET


def waits_for(scope: str, rule: str = "") -> Q:
    """What finds the Jobs and Tasks that were put off because this envelope, of the rule so named, was used up.

    In whichever language that was written: the house may have changed its own since.
    """
    found = Q(pk__in=[])
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            name = f"{_(_NAMES[scope])} “{rule}”," if scope == RULE else _(_NAMES[scope])
        found |= Q(reason__contains=name)
    return found


def reserve(run: Run, ceiling: int | None) -> None:
    """Set `ceiling` aside (None: the model has no known price). Raises OverBudget or RunEnded; then nothing is."""
    amount = UNPRICED_CALL_MICROUSD if ceiling is None else ceiling
    now = hours.here()
    today, tonight = now.date(), hours.night_of(now)
    rule = rule_of(run.job_id)
    _open(today, tonight, rule)
    with transaction.atomic():
        running = Run.objects.filter(pk=run.pk, state=RunState.RUNNING)
        if not running.update(
            reserved_microusd=F("reserved_microusd") + amount, reserved_on=today, reserved_night=tonight
        ):
            raise RunEnded
        _reserve_from_job(run.job_id, amount)
        if rule:
            _reserve_from_rule(rule, today, amount)
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
    rule = rule_of(run.job_id)
    _open(day, held.reserved_night, rule)
    if rule:
        _settle_rule(rule, day, held.reserved_microusd, spent)
    _DAY.settle(day, held.reserved_microusd, spent)
    if held.reserved_night:
        _NIGHT.settle(held.reserved_night, held.reserved_microusd, spent)


def release(run: Run, *, spent: bool) -> None:
    """Give back what a Run had reserved, or count it as spent where the call may have been billed."""
    held = Run.objects.get(pk=run.pk)
    if held.reserved_microusd:
        charge(run, held.reserved_microusd if spent else 0, confirmed=not spent)


def rule_of(job_id: int) -> int | None:
    """The rule whose envelope pays: of what agents and splits opened, the rule of the first job."""
    above: int | None = job_id
    rule = None
    while above is not None:
        above, rule = Job.objects.values_list("parent_id", "trigger_id").get(pk=above)
    return rule


def spent_by(rule: int) -> int:
    """What the jobs of this rule have cost today."""
    row = RuleDay.objects.filter(trigger=rule, date=timezone.localdate())
    return row.values_list("spent_microusd", flat=True).first() or 0


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


def _most(scope: str) -> Coalesce:
    """As `most`, read by the very statement that sets money aside: what the owner changed counts from then on."""
    said = Allowance.objects.filter(scope=scope).values("microusd")
    return Coalesce(Subquery(said), Value(usual(scope), BigIntegerField()))


def _open(day: datetime.date, night: datetime.date | None, rule: int | None) -> None:
    """Have the rows of the envelopes there, whatever becomes of the reservation."""
    if rule:
        RuleDay.objects.bulk_create([RuleDay(trigger_id=rule, date=day)], ignore_conflicts=True)
    dates = {day, night} - {None}
    Day.objects.bulk_create([Day(date=date) for date in dates if date], ignore_conflicts=True)


def _reserve_from_job(job_id: int, amount: int) -> None:
    fits = Job.objects.filter(pk=job_id, budget_microusd__gte=F("spent_microusd") + F("reserved_microusd") + amount)
    if not fits.update(reserved_microusd=F("reserved_microusd") + amount):
        job = Job.objects.get(pk=job_id)
        words = {"cost": _usd(amount), "spent": _usd(job.spent_microusd), "most": _usd(job.budget_microusd)}
        raise OverBudget(
            JOB,
            _("The next call may cost %(cost)s; this job has spent %(spent)s of %(most)s.") % words
            + " "
            + _("Raise its budget and retry, or end it."),
        )


def _reserve_from_rule(rule: int, date: datetime.date, amount: int) -> None:
    row = RuleDay.objects.filter(trigger=rule, date=date)
    total = F("spent_microusd") + F("reserved_microusd") + amount
    fits = Q(trigger__daily_microusd__isnull=True) | Q(trigger__daily_microusd__gte=total)
    if not row.filter(fits).update(reserved_microusd=F("reserved_microusd") + amount):
        held = row.select_related("trigger").get()
        named = f"{_(_NAMES[RULE])} “{held.trigger.name}”"
        words = {
            "cost": _usd(amount),
            "name": named,
            "most": _usd(held.trigger.daily_microusd or 0),
            "spent": _usd(held.spent_microusd),
        }
        said = _("The next call may cost %(cost)s; %(name)s, %(most)s a day, has %(spent)s spent.") % words
        then = _("It goes on tomorrow, or raise it on the page of the rule.")
        raise OverBudget(RULE, f"{said} {then}")


def _settle_rule(rule: int, date: datetime.date, held: int, spent: int) -> None:
    reserved = Greatest(F("reserved_microusd") - held, 0)
    RuleDay.objects.filter(trigger=rule, date=date).update(
        reserved_microusd=reserved, spent_microusd=F("spent_microusd") + spent
    )


def _usd(amount: int) -> str:
    return f"${amount / 1_000_000:.2f}"
