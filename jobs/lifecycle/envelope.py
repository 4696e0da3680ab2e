"""Verbs of an envelope: one that is used up is told of, and its owner changes what it may spend."""

import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import budget, dispatch, hours
from jobs.lifecycle import alarm, desk, notice
from jobs.lifecycle.moves import LostRace, move
from jobs.models import Allowance, Day, Job, Review, RuleDay, Task, Trigger
from jobs.states import JobState, ReviewKind, ReviewState, TaskState

# A worker that was refused while the owner raised the envelope puts its work off a moment later.
_SETTLES_IN = datetime.timedelta(minutes=5)


def used_up(job_id: int, scope: str, *, cause: str, now: datetime.datetime) -> Review | None:
    """Tell of it, once for each envelope; None where it was told. `now` is a time of the owner's clock."""
    if scope == budget.RULE:
        return _rule_used_up(job_id, cause=cause, now=now)
    with transaction.atomic():
        day = Day.objects.select_for_update().filter(pk=_date(scope, now)).first()
        if day is None or scope in day.told:
            return None
        Day.objects.filter(pk=day.pk).update(told=[*day.told, scope])
        until = budget.goes_on_at(scope, now)
        return desk.raise_item(alarm.spent(scope, cause=cause, until=until), priority=_priority(job_id))


def rule_may_spend_more(trigger: Trigger, *, by: str) -> None:
    """The owner raised what the rule may spend a day, or took the limit away: what waited for that goes on."""
    now = hours.here()
    with transaction.atomic():
        alarms = Review.objects.filter(kind=ReviewKind.ALARM, state=ReviewState.OPEN, payload__alarm=alarm.SPENT)
        mine = _locked(alarms.filter(payload__scope=budget.RULE, payload__trigger=trigger.pk))
        _supersede(mine, by=by, now=now)
        RuleDay.objects.filter(trigger=trigger, date=now.date()).update(told=False)
        _go_on(budget.RULE, now, trigger=trigger)


def change(scope: str, microusd: int | None, *, version: int, by: str) -> bool:
    """Let the day or the night spend so much (None: what the environment says), from the next reservation on.

    `version` is that of the Allowance which was seen, 0 where there was none. Where it may spend more than before,
    what waited for it goes on: returns whether it does. Raises LostRace if somebody else changed it meanwhile.
    """
    now = hours.here()
    with transaction.atomic():
        # The items first; then the day, then the allowance.
        open_alarms = Review.objects.filter(kind=ReviewKind.ALARM, state=ReviewState.OPEN)
        alarms = _locked(open_alarms.filter(payload__alarm=alarm.SPENT, payload__scope=scope))
        day = Day.objects.select_for_update().filter(pk=_date(scope, now)).first()
        before = budget.most(scope)
        row = _write(scope, microusd, version=version, by=by)
        after = budget.usual(scope) if microusd is None else microusd
        data = {"title": scope, "before": before, "microusd": after}
        notice.tell("allowance.changed", actor=by, noun="allowance", row=row.pk, job_id=None, data=data)
        if after <= before:
            return False
        if day and scope in day.told:
            Day.objects.filter(pk=day.pk).update(told=[one for one in day.told if one != scope])
        _supersede(alarms, by=by, now=now)
        _go_on(scope, now)
    return True


def keep(now: datetime.datetime) -> None:
    """Let go on what was put off in the very moment in which its envelope was raised."""
    for scope in Allowance.objects.filter(changed_at__gt=now - _SETTLES_IN).values_list("scope", flat=True):
        if budget.left(scope, _date(scope, hours.here(now))) > 0:
            _go_on(scope, now)


def _date(scope: str, now: datetime.datetime) -> datetime.date:
    """The Day row that holds the envelope at this moment of the owner's clock."""
    return (hours.night_of(now) if scope == budget.NIGHT else None) or now.date()


def _write(scope: str, microusd: int | None, *, version: int, by: str) -> Allowance:
    Allowance.objects.bulk_create([Allowance(scope=scope)], ignore_conflicts=True)
    seen = Allowance.objects.filter(scope=scope, version=version)
    columns = {"microusd": microusd, "changed_by": by[:150], "changed_at": timezone.now()}
    if not seen.update(version=F("version") + 1, **columns):
        raise LostRace(_("Somebody else changed this budget since you looked at it. Nothing was done; look again."))
    return Allowance.objects.get(scope=scope)


def _rule_used_up(job_id: int, *, cause: str, now: datetime.datetime) -> Review | None:
    with transaction.atomic():
        rule = budget.rule_of(job_id)
        untold = RuleDay.objects.filter(trigger=rule, date=now.date(), told=False)
        if rule is None or not untold.update(told=True):
            return None
        until = budget.goes_on_at(budget.RULE, now)
        trigger = Trigger.objects.get(pk=rule)
        return desk.raise_item(alarm.rule_spent(trigger, cause=cause, until=until), priority=_priority(job_id))


def _priority(job_id: int) -> int:
    """As urgent as the job that found it out."""
    return Job.objects.values_list("priority", flat=True).get(pk=job_id)


def _locked(alarms: QuerySet[Review]) -> list[Review]:
    return list(alarms.order_by("id").select_for_update(of=("self",)))


def _supersede(alarms: list[Review], *, by: str, now: datetime.datetime) -> None:
    note = _("There is more money now: what waited goes on.")
    for review in alarms:
        move(review, ReviewState.SUPERSEDED, event="review.superseded", by=by, note=note, decided_at=now)


def _go_on(scope: str, now: datetime.datetime, *, trigger: Trigger | None = None) -> None:
    """Everything that was put off until there is money again is ready at once; of one rule, what names it."""
    put_off = Q(ready_at__gt=now) & budget.waits_for(scope, trigger.name if trigger else "")
    tasks = Task.objects.filter(put_off, state=TaskState.PENDING).update(ready_at=now, reason="")
    jobs = Job.objects.filter(put_off, state=JobState.PENDING).update(ready_at=now, reason="")
    if tasks or jobs:
        dispatch.wake(dispatch.AGENTS)
