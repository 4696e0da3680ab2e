"""The only door to django-q2: ring a cluster's bell, answer it, keep the schedules in step with the settings.

A message says only that a cluster has work. One outstanding bell a cluster is enough: who is woken claims the
most urgent row of the table and goes on until none is left. A lost bell costs seconds (the sweep rings again).
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task

from jobs.models import Cluster

AGENTS = "agents"
DELIVERIES = "deliveries"
# A bell that nobody answered for so long and that lies in no queue is lost: its message died with a process.
_LOST_AFTER = timedelta(seconds=5)

log = logging.getLogger(__name__)


def wake(cluster: str) -> None:
    """Ring once the present transaction commits; nothing if a bell is outstanding. Call inside the transaction.

    With the ORM broker the message is part of the transaction; with Redis it follows the commit.
    """
    if settings.REDIS_URL:
        transaction.on_commit(lambda: ring(cluster), robust=True)
    elif not ring(cluster):
        # The bell seen outstanding may be answered before this transaction commits: then the claim saw
        # nothing of it, and the bell is rung here again.
        transaction.on_commit(lambda: ring(cluster), robust=True)


def order(cluster: str, function: str) -> None:
    """Have this cluster call a function once the present transaction commits. Call inside the transaction."""
    if settings.REDIS_URL:
        transaction.on_commit(lambda: async_task(function, cluster=cluster), robust=True)
    else:
        async_task(function, cluster=cluster)


def ring(cluster: str, *, lost_after: timedelta = _LOST_AFTER) -> bool:
    """Ring now unless a bell is outstanding; return whether it rang."""
    now = timezone.now()
    if _is_outstanding(cluster, since=now - lost_after):
        return False
    row = Cluster.objects.filter(pk=cluster).first()
    if row is None:
        Cluster.objects.bulk_create([Cluster(pk=cluster)], ignore_conflicts=True)
    elif row.bell_at is not None and row.bell_at > now - lost_after:
        return False  # rung between the two looks
    seen = row.bell_at if row else None
    if not Cluster.objects.filter(pk=cluster, bell_at=seen).update(bell_at=now):
        return False
    if seen is not None and get_broker(list_key=cluster).queue_size():
        return False  # not lost: it lies there, since all who could answer are at work and look by themselves
    async_task(settings.WORKERS[cluster], cluster=cluster)
    return True


def call_soon(function: str, *, cluster: str, **given: int) -> None:
    """Have a cluster call this function of a worker once, without a promise: a schedule calls its like as well."""
    async_task(function, cluster=cluster, **given)


def _is_outstanding(cluster: str, *, since: datetime) -> bool:
    """Whether it was rung after that moment and not answered yet. Plain SQL: every urgent job asks it twice."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM jobs_cluster WHERE name = %s AND bell_at > %s",
            [cluster, connection.ops.adapt_datetimefield_value(since)],
        )
        return cursor.fetchone() is not None


def answer(cluster: str) -> None:
    """Take the bell off: whoever commits work from now on rings again."""
    Cluster.objects.filter(pk=cluster, bell_at__isnull=False).update(bell_at=None)


def sync_schedules() -> None:
    """Make django-q2's schedules equal to settings.SCHEDULES; safe to repeat and to run on many hosts."""
    for name, entry in settings.SCHEDULES.items():
        Schedule.objects.update_or_create(
            name=name,
            defaults={
                "func": entry["func"],
                "cluster": entry["cluster"],
                "schedule_type": Schedule.MINUTES,
                "minutes": entry["minutes"],
                "repeats": -1,
                **({"next_run": timezone.now()} if entry.get("at_start") else {}),
            },
        )
    Schedule.objects.exclude(name__in=settings.SCHEDULES).delete()


def forget_lost_messages() -> int:
    """Delete bells that a dead process took with it (the ORM broker keeps them locked); return how many."""
    deleted, _ = OrmQ.objects.filter(lock__gt=timezone.now() + timedelta(seconds=60)).delete()
    return int(deleted)
