"""Verbs of a schedule's slot: every slot leaves a Receipt, also when nothing ran."""

import datetime
import logging

from jobs import schedules
from jobs.lifecycle.intake import Accepted, Inbound, accept, candidates
from jobs.models import Receipt, Trigger

SOURCE = "schedule"

log = logging.getLogger(__name__)


def open_due(now: datetime.datetime) -> list[Accepted]:
    """Open the slots of every schedule up to `now`: a job for the latest, a Receipt that says why for missed ones.

    Slots are unique by (rule, time), so that two schedulers or a restart open each once.
    """
    opened = []
    for trigger in candidates(SOURCE):
        try:
            due = _due(trigger, now)
        except schedules.BadSchedule:
            log.exception("the schedule %s cannot be read; mend its conditions", trigger.slug)
            continue
        opened += [_open(trigger, slot, is_latest=slot == due[-1]) for slot in due]
    return opened


def _due(trigger: Trigger, now: datetime.datetime) -> list[datetime.datetime]:
    last = Receipt.objects.filter(source=SOURCE, sender=trigger.slug).order_by("-id").first()
    after = datetime.datetime.fromisoformat(last.data["slot"]) if last else trigger.created_at
    # Owners write conditions as JSON: what is no object has no rule, and says so as a bad one.
    rule = trigger.conditions if isinstance(trigger.conditions, dict) else {}
    return schedules.slots(rule.get("cron", ""), rule.get("timezone", "UTC"), after=after, until=now)


def _open(trigger: Trigger, slot: datetime.datetime, *, is_latest: bool) -> Accepted:
    name = f"{slot:%Y-%m-%d %H:%M} UTC"
    inbound = Inbound(
        source=SOURCE,
        external_id=f"{trigger.slug}:{slot.isoformat()}",
        kind="slot" if is_latest else "slot.missed",
        body=b"",
        sender=trigger.slug,
        summary=f"{trigger.name}, {name}" if is_latest else f"{trigger.name}, {name}: missed, a later slot ran",
        data={"slot": slot.isoformat(), "text": trigger.name},
    )
    return accept(inbound, [trigger] if is_latest else [])
