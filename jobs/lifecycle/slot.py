"""Verbs of a schedule's slot: every slot leaves a Receipt, also when nothing ran."""

import datetime
import itertools
import logging
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jobs import dispatch, schedules
from jobs.lifecycle import alarm
from jobs.lifecycle.intake import Accepted, Inbound, accept
from jobs.lifecycle.item import open_review
from jobs.lifecycle.job import open_job, tell
from jobs.lifecycle.moves import move
from jobs.models import Job, Receipt, Trigger
from jobs.states import NEVER, JobState, ReviewKind

SOURCE = schedules.SOURCE
# What templates may name of every slot.
NAMES = ("slot", "opened", "text")
# An absence raises an alarm for each of the last slots that it swallowed, the first of them for all before.
MAX_ALARMS = 12

_BY = "clock"
_AT_WORK = (JobState.PENDING, JobState.IN_PROGRESS)
# What a slot that does not run is called in the line that lists show.
_WHAT = {
    "slot.missed": gettext_noop("missed"),
    "slot.skipped": gettext_noop("skipped"),
    "slot.paused": gettext_noop("paused"),
}
_RAN, _MISSED, _SKIPPED, _PAUSED = "slot", "slot.missed", "slot.skipped", "slot.paused"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Slot:
    """One slot that is due: how late it is, whether catch-up lets it run, and the missed ones it speaks for."""

    at: datetime.datetime
    late: datetime.timedelta
    left: str  # why it is not to run; empty: it is
    missed: list[datetime.datetime]


def open_due(now: datetime.datetime) -> list[Accepted]:
    """Open the slots of every schedule up to `now`: a Receipt each, with a job or why there is none.

    Slots are unique by (rule, time), so that two schedulers, a restart or a clock that goes back open each once.
    A slot that nobody opened in time raises an alarm; whether it still runs is its rule's catch-up.
    """
    opened = []
    for trigger in Trigger.objects.filter(source=SOURCE).order_by("name", "id"):
        try:
            rule = schedules.read(trigger.conditions)
            for due in _due(trigger, rule, now):
                opened.append(_open(trigger, rule, due, now))
        except schedules.BadSchedule:
            log.exception("the schedule %s cannot be read; mend its conditions", trigger.slug)
        except DatabaseError:
            log.exception("a slot of %s could not be opened; the next minute tries again", trigger.slug)
    return opened


def test(trigger: Trigger) -> Receipt:
    """Keep the rule's next slot as a test, which opens nothing. Raises BadSchedule."""
    rule, now = schedules.read(trigger.conditions), timezone.now()
    due = _Slot(rule.following(now, 1)[0], datetime.timedelta(), "", [])
    tried = _inbound(trigger, due, now, kind=_RAN, left="")
    # Out of the order of the slots themselves, whose Receipts say which of them were opened.
    identity = f"~{trigger.slug}:{secrets.token_hex(12)}"
    return accept(replace(tried, external_id=identity, is_test=True), []).receipt


def release_queued() -> list[Job]:
    """Let the oldest waiting run of each rule begin, once no other run of the rule is at work."""
    waiting = _runs().filter(ready_at__gte=NEVER).select_related("trigger").order_by("trigger", "id")
    released = []
    for trigger_id, jobs in itertools.groupby(waiting, key=lambda job: job.trigger_id):
        first = next(jobs)
        if _runs().filter(trigger=trigger_id, ready_at__lt=NEVER).exists():
            continue
        with transaction.atomic():
            mine = Job.objects.filter(pk=first.pk, state=JobState.PENDING, ready_at__gte=NEVER)
            if mine.update(ready_at=timezone.now()):
                tell("job.resumed", first, by=_BY, data={})
                dispatch.wake(dispatch.AGENTS)
                released.append(first)
    return released


def _due(trigger: Trigger, rule: schedules.Rule, now: datetime.datetime) -> Iterator[_Slot]:
    """The slots that have come and have no Receipt, oldest first."""
    slots = rule.slots(after=_last(trigger, now), until=now)
    late = {slot: now - rule.opens_at(slot, trigger.slug) for slot in slots}
    # In their order: a slot that its jitter holds back holds those after it.
    due = list(itertools.takewhile(lambda slot: late[slot] >= datetime.timedelta(), slots))
    missed = [slot for slot in due if trigger.enabled and late[slot] > schedules.GRACE]
    speaks_for = {slot: [slot] for slot in missed[-MAX_ALARMS:]}
    if len(missed) > MAX_ALARMS:
        speaks_for[missed[-MAX_ALARMS]] = missed[: 1 - MAX_ALARMS]
    for slot in due:
        left = _left(rule, is_latest=slot == due[-1], is_late=late[slot] > schedules.GRACE)
        yield _Slot(slot, late[slot], left, speaks_for.get(slot, []))


def _last(trigger: Trigger, now: datetime.datetime) -> datetime.datetime:
    """The moment after which the rule's slots are open: its last one that has a Receipt, or its beginning."""
    begins = max(trigger.created_at, trigger.active_since or trigger.created_at)
    # By the slot, not by arrival: a clock that went ahead and came back leaves Receipts of the future.
    until = _identity(trigger, now.astimezone(datetime.UTC).replace(microsecond=0))
    known = Receipt.objects.filter(source=SOURCE, sender=trigger.slug, external_id__lte=until)
    found = known.filter(external_id__gt=f"{trigger.slug}:").order_by("-external_id")
    last = found.values_list("data", flat=True).first()
    return max(begins, datetime.datetime.fromisoformat(last["slot"])) if last else begins


def _left(rule: schedules.Rule, *, is_latest: bool, is_late: bool) -> str:
    """Why catch-up leaves a slot; empty if it runs."""
    if rule.catch_up == "all" or (is_latest and (rule.catch_up == "latest" or not is_late)):
        return ""
    return str(schedules.CATCH_UP["none"]) if rule.catch_up == "none" else _("a later slot took its place")


def _open(trigger: Trigger, rule: schedules.Rule, due: _Slot, now: datetime.datetime) -> Accepted:
    with transaction.atomic():
        is_busy = rule.overlap != "allow" and _runs().filter(trigger=trigger).exists()
        kind, left = _verdict(trigger, rule, due, is_busy=is_busy)
        wanted = [trigger] if kind == _RAN or due.missed else []
        accepted = accept(_inbound(trigger, due, now, kind=kind, left=left), wanted)
        if not accepted.is_new:
            return accepted
        if due.missed:
            _raise(trigger, due, accepted, left=left)
        if kind == _RAN and is_busy:
            Job.objects.filter(pk__in=[job.pk for job in accepted.jobs]).update(ready_at=NEVER)
    return accepted


def _verdict(trigger: Trigger, rule: schedules.Rule, due: _Slot, *, is_busy: bool) -> tuple[str, str]:
    """The kind of the slot's Receipt, and why it does not run (empty if it does)."""
    if not trigger.enabled:
        return _PAUSED, _("the rule was paused")
    if due.left:
        return _MISSED, due.left
    if is_busy and rule.overlap == "skip":
        return _SKIPPED, _("the run before was still at work")
    return _RAN, ""


def _inbound(trigger: Trigger, due: _Slot, now: datetime.datetime, *, kind: str, left: str) -> Inbound:
    summary = f"{trigger.name}, {schedules.label(due.at, trigger.conditions)}"
    what = _(_WHAT.get(kind, ""))
    data = {"slot": due.at.isoformat(), "opened": now.isoformat(), "text": trigger.name}
    if due.late > schedules.GRACE:
        data["late"] = schedules.span(due.late)
    return Inbound(
        source=SOURCE,
        external_id=_identity(trigger, due.at),
        kind=kind,
        body=b"",
        sender=trigger.slug,
        summary=f"{summary}: {what}, {left}" if left else summary,
        data=data,
    )


def _raise(trigger: Trigger, due: _Slot, accepted: Accepted, *, left: str) -> None:
    """One alarm for a missed slot. Its job, if it is not to run, waits for the person who reads the alarm."""
    summary = accepted.receipt.summary
    job = accepted.jobs[0] if accepted.jobs else _stand_in(trigger, accepted.receipt)
    columns = alarm.silent(trigger, due.missed, late=due.late, left=left)
    if left or not accepted.jobs:
        move(job, JobState.NEEDS_CLARIFICATION, event="job.missed", by=_BY, reason=summary)
    open_review(job, ReviewKind.ALARM, **columns)


def _stand_in(trigger: Trigger, receipt: Receipt) -> Job:
    """A job for an alarm whose rule cannot fill its template."""
    return open_job(
        title=receipt.summary,
        brief=trigger.name,
        by=f"trigger:{trigger.slug}",
        client_id=trigger.client_id,
        priority=trigger.priority,
        data=receipt.data,
        agents=trigger.agents,
        budget_microusd=trigger.budget_microusd,
        receipt=receipt,
        trigger=trigger,
    )


def _identity(trigger: Trigger, slot: datetime.datetime) -> str:
    """Sorts as the slots do, within one rule."""
    return f"{trigger.slug}:{slot.isoformat()}"


def _runs() -> QuerySet[Job]:
    """The runs of schedules that are at work or wait for their turn; not those that wait for a person."""
    return Job.objects.filter(trigger__source=SOURCE, state__in=_AT_WORK, after__isnull=True)
