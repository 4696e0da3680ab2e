"""All claiming: what is most urgent, who has it, for how long, and who has let go.

A claim is one conditional write: FOR UPDATE SKIP LOCKED on PostgreSQL; on SQLite the transaction has the write lock
from its start. Every claim takes priority 1 first, then the client whose turn it is, then the oldest; partial
indexes keep its cost the same at a thousand and at a million rows. Leases run on the database's clock.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from jobs import events, turns
from jobs.holder import Holder, this_process
from jobs.models import Breaker, Delivery, Job, Run, Task
from jobs.states import NEVER, PLANNER, DeliveryState, JobState, Priority, RunState, TaskState

_ANY = max(Priority.ALL)
# The end of this millisecond: SQLite's clock counts whole ones, and what was made ready just now would not be yet.
_BY_NOW = Now() + timedelta(milliseconds=1)
_HELD = (RunState.RUNNING, DeliveryState.SENDING)

# The two literals let the planner use the partial index.
_NEXT = "SELECT id FROM {table} WHERE state = 'pending' AND priority = {priority} AND ready_at <= {now}"
_TAKE = """
UPDATE {table} SET state = '{to}', {counter} = {counter} + 1{also}
WHERE id = ({next} ORDER BY ready_at, id LIMIT 1{lock}) AND state = 'pending' RETURNING id
"""


def claim_run(priority: int = _ANY) -> Run | None:
    """A new Run for the most urgent Task, else for planning the most urgent Job; None when nothing is ready.

    `priority` is the least urgent one to take. Of equal urgency clients take turns; of a client's work, what was
    begun goes before what has to be planned.
    """
    for urgency in range(Priority.CLIENT, priority + 1):
        if urgency == Priority.INTERNAL and (resumed := _claim_parked()):
            return resumed
        if run := _claim_in_turn(urgency):
            return run
    return None


def claim_delivery(priority: int = _ANY) -> Delivery | None:
    """The most urgent Delivery, now `sending` and held by this process; None when nothing is due."""
    for urgency in range(Priority.CLIENT, priority + 1):
        for turn in _turns(turns.EFFECTS, urgency):
            with transaction.atomic():
                following = _next(turns.EFFECTS, turn, urgency)
                pk = _take(turn.table, following, to=DeliveryState.SENDING, counter="attempts")
                if pk is not None:
                    return _held(pk)
    return None


def claim_lookup() -> Delivery | None:
    """An `unknown` Delivery whose time to be looked up has come, held by this process; its state stays."""
    peace = Breaker.objects.filter(target=OuterRef("target"), until__isnull=False)
    candidate = _lookups().exclude(Exists(peace)).values_list("pk", flat=True).first()
    return _look_up(candidate) if candidate else None


def claim_probe(priority: int = _ANY) -> Delivery | None:
    """One Delivery of a target whose pause is over, to see whether it is back; None when there is none.

    A look-up is tried first, for it changes nothing; else what was tried least, so that one that never succeeds
    keeps no other from showing that the target works.
    """
    breaker = _probes(priority).first()
    if breaker is None:
        return None
    with transaction.atomic():
        # Whoever moves the pause on has the probe. Should it die with it, the next one comes after the lease.
        mine = Breaker.objects.filter(pk=breaker.pk, until=breaker.until, probe=breaker.probe)
        if not mine.update(until=Now() + settings.LEASE):
            return None
        delivery = _probe(breaker.target, priority)
        if delivery:
            Breaker.objects.filter(pk=breaker.pk).update(probe=delivery.pk)
        return delivery


def extend(run_ids: Sequence[int]) -> set[int]:
    """Renew the leases of these Runs; return those that are still running. The rest are lost."""
    mine = Run.objects.filter(pk__in=run_ids, state=RunState.RUNNING)
    mine.update(lease_until=Now() + settings.LEASE)
    return set(mine.values_list("pk", flat=True))


def keep(deliveries: Mapping[int, int]) -> None:
    """Renew the leases of these Deliveries, number -> attempt, where this process still holds that attempt."""
    held = Q(state=DeliveryState.SENDING) | Q(state=DeliveryState.UNKNOWN, lease_until__isnull=False)
    mine = Delivery.objects.filter(held, pk__in=deliveries, **_columns(this_process()))
    for pk, attempts in mine.values_list("pk", "attempts"):
        if deliveries[pk] == attempts:
            mine.filter(pk=pk, attempts=attempts).update(lease_until=Now() + settings.LEASE)


def let_go(row: Run | Delivery) -> None:
    """Give up what this process holds but did not bring to its end: no successor has to end the process first."""
    mine = {"state__in": _HELD, **_columns(this_process())}
    if isinstance(row, Delivery):
        mine["attempts"] = row.attempts
    nobody = Holder(host="", pid=0, started="")
    type(row).objects.filter(pk=row.pk, **mine).update(lease_until=Now(), **_columns(nobody))


def expired() -> list[Run]:
    """Running Runs whose holder is dead on this host, or whose lease has passed."""
    here = this_process().host
    maybe = Run.objects.filter(Q(host=here) | Q(lease_until__lte=Now()), state=RunState.RUNNING)
    late = set(maybe.filter(lease_until__lte=Now()).values_list("pk", flat=True))
    return [run for run in maybe.select_related("job", "task") if run.pk in late or holder_of(run).is_dead()]


def stranded() -> list[Delivery]:
    """Deliveries being sent whose holder is dead on this host, or whose lease has passed."""
    here = this_process().host
    maybe = Delivery.objects.filter(Q(host=here) | Q(lease_until__lte=Now()), state=DeliveryState.SENDING)
    late = set(maybe.filter(lease_until__lte=Now()).values_list("pk", flat=True))
    return [row for row in maybe.select_related("job", "task") if row.pk in late or holder_of(row).is_dead()]


def free_lookups() -> int:
    """Let go of look-ups whose process is dead on this host, without waiting for their lease; return how many.

    A look-up changes nothing, so another one may begin at once.
    """
    held = Delivery.objects.filter(host=this_process().host, state=DeliveryState.UNKNOWN, lease_until__gt=Now())
    dead = [row for row in held if holder_of(row).is_dead()]
    return sum(
        Delivery.objects.filter(pk=row.pk, state=DeliveryState.UNKNOWN, attempts=row.attempts).update(
            lease_until=None
        )
        for row in dead
    )


def holder_of(row: Run | Delivery) -> Holder:
    """The process that holds the row."""
    return Holder(host=row.host, pid=row.pid, started=row.pid_started)


def due(cluster: str) -> bool:
    """Whether this cluster has anything to claim now. One read."""
    if cluster == "agents":
        ready = any(turns.is_anything_ready(turns.WORK, urgency, _now()) for urgency in Priority.ALL)
        return ready or _parked().exists()
    if any(turns.is_anything_ready(turns.EFFECTS, urgency, _now()) for urgency in Priority.ALL):
        return True
    peace = Breaker.objects.filter(target=OuterRef("target"), until__isnull=False)
    return _lookups().exclude(Exists(peace)).exists() or _probes(_ANY).exists()


def _parked() -> QuerySet[Run]:
    return Run.objects.filter(state=RunState.PARKED, ready_at__lte=_BY_NOW).order_by("ready_at", "id")


def _claim_parked() -> Run | None:
    """A parked Run whose answer is there, held by this process from now on. Only internal work is ever parked."""
    pk = _parked().values_list("pk", flat=True).first()
    if pk is None:
        return None
    with transaction.atomic():
        mine = {**_columns(this_process()), "lease_until": Now() + settings.LEASE}
        if not Run.objects.filter(pk=pk, state=RunState.PARKED).update_state(state=RunState.RUNNING, **mine):
            return None
        run = Run.objects.select_related("job", "job__client", "task").get(pk=pk)
        events.append(
            "run.resumed",
            actor="queue",
            noun="run",
            row=pk,
            job_id=run.job_id,
            source=RunState.PARKED,
            to=RunState.RUNNING,
        )
        return run


def _claim_in_turn(priority: int) -> Run | None:
    for turn in _turns(turns.WORK, priority):
        following = _next(turns.WORK, turn, priority)
        run = _claim_task(following) if turn.table == "jobs_task" else _claim_job(following)
        if run:
            return run
    return None


def _turns(ring: turns.Ring, priority: int) -> Iterator[turns.Turn]:
    """The client whose turn it is; then the next one, where another process was faster: each once."""
    tried: set[int] = set()
    while (turn := turns.take(ring, priority, _now())) and turn.client not in tried:
        tried.add(turn.client)
        yield turn


def _claim_task(following: str) -> Run | None:
    with transaction.atomic():
        pk = _take("jobs_task", following, to=TaskState.IN_PROGRESS, counter="starts")
        if pk is None:
            return None
        task = Task.objects.select_related("job", "job__client").get(pk=pk)
        run = _start(job_id=task.job_id, task=task, round=task.round)
        _tell("task.started", task, source=TaskState.PENDING, to=TaskState.IN_PROGRESS, run=run.pk)
        return run


def _claim_job(following: str) -> Run | None:
    with transaction.atomic():
        pk = _take("jobs_job", following, to=JobState.IN_PROGRESS, counter="starts", also=", reason = ''")
        if pk is None:
            return None
        run = _start(job_id=pk, task=None, round=None)
        _tell("job.planning", run.job, source=JobState.PENDING, to=JobState.IN_PROGRESS, run=run.pk)
        return run


def _lookups() -> QuerySet[Delivery]:
    """What has to be looked up and is held by nobody, the longest due first."""
    free = Q(lease_until=None) | Q(lease_until__lte=Now())
    return Delivery.objects.filter(free, state=DeliveryState.UNKNOWN, ready_at__lte=_BY_NOW).order_by(
        "ready_at", "id"
    )


def _waiting(priority: int) -> QuerySet[Delivery]:
    """What would go out now but for its target: due, or parked."""
    due = Q(ready_at__lte=_BY_NOW) | Q(ready_at=NEVER)
    return Delivery.objects.filter(due, state=DeliveryState.PENDING, priority__lte=priority)


def _probes(priority: int) -> QuerySet[Breaker]:
    """Targets whose pause is over and for which something waits."""
    lookup = Exists(_lookups().filter(target=OuterRef("target")))
    waiting = Exists(_waiting(priority).filter(target=OuterRef("target")))
    return Breaker.objects.filter(lookup | waiting, until__lte=_BY_NOW).order_by("until", "target")


def _probe(target: str, priority: int) -> Delivery | None:
    unknown = _lookups().filter(target=target).values_list("pk", flat=True).first()
    if unknown:
        return _look_up(unknown)
    rows = _waiting(priority).filter(target=target).order_by("attempts", "priority", "id")
    pk = rows.values_list("pk", flat=True).first()
    if pk is None:
        return None
    still = Delivery.objects.filter(pk=pk, state=DeliveryState.PENDING)
    return _held(pk) if still.update_state(state=DeliveryState.SENDING, attempts=F("attempts") + 1) else None


def _look_up(pk: int) -> Delivery | None:
    mine = {"lease_until": Now() + settings.LEASE, "attempts": F("attempts") + 1, **_columns(this_process())}
    return _whole(pk) if _lookups().order_by().filter(pk=pk).update(**mine) else None


def _held(pk: int) -> Delivery:
    """The Delivery that was just taken to be sent, now held by this process."""
    Delivery.objects.filter(pk=pk).update(lease_until=Now() + settings.LEASE, **_columns(this_process()))
    delivery = _whole(pk)
    _tell("delivery.sending", delivery, source=DeliveryState.PENDING, to=DeliveryState.SENDING)
    return delivery


def _whole(pk: int) -> Delivery:
    return Delivery.objects.select_related("job", "job__client", "task").get(pk=pk)


def _start(*, job_id: int, task: Task | None, round: int | None) -> Run:  # noqa: A002 - the field's name
    run = Run(job_id=job_id, task=task, **_columns(this_process()), lease_until=Now() + settings.LEASE)
    run.round = run.job.round if round is None else round
    run.agent, run.client_id = (task.agent, task.client_id) if task else (PLANNER, run.job.client_id)
    run.save(force_insert=True)
    return run


def _take(table: str, following: str, *, to: str, counter: str, also: str = "") -> int | None:
    lock = " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    statement = _TAKE.format(table=table, to=to, counter=counter, also=also, next=following, lock=lock)
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    return row[0] if row else None


def _next(ring: turns.Ring, turn: turns.Turn, priority: int) -> str:
    """The row to take next of the client whose turn it is."""
    following = _NEXT.format(table=turn.table, priority=priority, now=_now())
    return f"{following} AND {turns.CLIENT} = {turn.client}{ring.also}"


def _now() -> str:
    """The database's clock at this statement, as Django's Now(), in the form in which times are stored there.

    SQLite's counts whole milliseconds: the end of this one, else what was made ready just now would not be yet.
    """
    if connection.vendor == "postgresql":
        return "statement_timestamp()"
    return "STRFTIME('%Y-%m-%d %H:%M:%f', 'now', '+0.001 seconds')"


def _columns(holder: Holder) -> dict[str, str | int]:
    return {"host": holder.host, "pid": holder.pid, "pid_started": holder.started}


def _tell(name: str, row: Job | Task | Delivery, *, source: str, to: str, run: int | None = None) -> None:
    events.append(
        name,
        actor="queue",
        noun=row.NOUN,
        row=row.pk,
        job_id=events.job_id_of(row),
        source=source,
        to=to,
        data={"run": run} if run else {},
    )
