"""What django-q2 and the supervisor may call on this floor. Each is safe to run twice and at the same time."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from jobs import digest as digests
from jobs import dispatch, queue
from jobs.backups import archive
from jobs.backups.databases import Unusable
from jobs.lifecycle import (
    arrival,
    breaker,
    envelope,
    feedback,
    notice,
    overdue,
    pace,
    planning,
    pruning,
    question,
    slot,
)
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle import run as runs
from jobs.lifecycle import task as tasks
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.models import Delivery, Process, Reply, Run

_BY = "sweep"
# Longer than any target's read-your-writes lag (each Target names its own; this is for one that died mid-way).
_RESCUE_LAG_SECONDS = 5.0
# So long, the same call of the API again changes nothing.
_REPLIES_KEPT = timedelta(days=1)

log = logging.getLogger(__name__)


def sweep() -> None:
    """Take up what a dead or stalled process left, and ring again for everything that lost its doorbell.

    Events that were accepted while nobody could write come first.
    """
    arrival.take_in()
    for run in queue.expired():
        _rescue_run(run)
    for delivery in queue.stranded():
        _rescue_delivery(delivery)
    queue.free_lookups()
    breaker.tidy()
    envelope.keep(timezone.now())
    for cluster in settings.WORKERS:
        if queue.due(cluster):
            dispatch.ring(cluster)


def cycle() -> None:
    """The orchestrator's cycle: internal work is looked at now. The rows say themselves when they are ready."""
    dispatch.ring(dispatch.AGENTS)


def open_due_slots() -> None:
    """Do what the clock asks for: open the slots of schedules, raise alarms for what did not come or does not end,
    let stated defaults count where nobody answered in time, and let in what waits for its turn.
    """
    now = timezone.now()
    question.apply_defaults(now)
    feedback.revise_due(now)
    slot.open_due(now)
    slot.release_queued()
    pace.keep()
    overdue.check(now)


def digest() -> None:
    """At the owner's hour, the night in a message to each target that wants it: once a date."""
    date = digests.due(timezone.now())
    wanted = [target for target, wish in settings.NOTICES.items() if wish.get("digest")] if date else []
    keys = {f"digest:{target}:{date}": target for target in wanted}
    sent = set(Delivery.objects.filter(key__in=keys).values_list("key", flat=True))
    if date is None or sent >= keys.keys():
        return
    fields = digests.compose(date, now=timezone.now()).as_fields()
    with transaction.atomic():
        for key, target in keys.items():
            notice.enter(target, key=key, fields=fields)


def backup() -> None:
    """Once a night, where the owner named a folder: a backup, read again, the latest kept."""
    if settings.BACKUP_NIGHTLY and archive.is_due(settings.BACKUPS, timezone.now()):
        try:
            path, _ = archive.write(settings.BACKUPS)
            log.info("backup written: %s", path)
        except (Unusable, OSError) as error:
            log.error("no backup was written: %s", error)


def prune() -> None:
    """Forget what nobody needs: rows of processes gone, messages that died with theirs, old answers, old words."""
    Process.objects.filter(heartbeat_at__lt=timezone.now() - timedelta(hours=1)).delete()
    Reply.objects.filter(created_at__lt=timezone.now() - _REPLIES_KEPT).delete()
    dispatch.forget_lost_messages()
    pruning.forget_bodies(timezone.now())


def _rescue_run(run: Run) -> None:
    if not runs.make_way(run):
        return
    try:
        if run.task_id:
            tasks.rescue(run, by=_BY)
        else:
            planning.rescue(run, by=_BY)
        log.warning("run %s was taken from a dead process", run.pk)
    except (LostRace, IllegalMove):
        log.info("run %s ended by itself", run.pk)
    except DatabaseError:
        log.exception("run %s could not be rescued; the next sweep tries again", run.pk)


def _rescue_delivery(delivery: Delivery) -> None:
    holder = queue.holder_of(delivery)
    if holder.is_here() and not holder.is_dead() and not holder.kill():
        return
    try:
        with transaction.atomic():
            deliveries.rescue(delivery, lag_seconds=_RESCUE_LAG_SECONDS, by=_BY)
        log.warning("delivery %s was left by a dead process; it is looked up", delivery.key)
    except (LostRace, IllegalMove):
        log.info("delivery %s ended by itself", delivery.key)
    except DatabaseError:
        log.exception("delivery %s could not be rescued; the next sweep tries again", delivery.key)
