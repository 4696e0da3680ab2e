"""Every read that a screen needs, each with a number of queries that does not grow with its rows."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model, Prefetch, Q, QuerySet, Value
from django.utils import timezone

from jobs import schedules
from jobs.models import (
    Artifact,
    Checkup,
    Client,
    Day,
    Delivery,
    Event,
    Job,
    Receipt,
    Review,
    Run,
    Task,
    Trigger,
    Turn,
)
from jobs.states import NEVER, OPEN_JOB, DeliveryState, JobState, ReviewState, RunState, TaskState

_Row = TypeVar("_Row", bound=Model)

# More than this many items are not for one morning; the rest comes up as they are decided.
INBOX_SIZE = 100
PAGE_SIZE = 50
# Finished jobs are counted up to here: "1,000+" is read as fast at a thousand as at a million rows.
COUNT_CAP = 1000
# A process without a heartbeat for so long is not counted.
_FRESH = datetime.timedelta(seconds=30)
_ALL = 2**31 - 1
_IN_STATE = "(SELECT count(*) FROM (SELECT 1 FROM jobs_job WHERE state = %s LIMIT %s) AS counted)"
_TO_DO = [
    "(SELECT count(*) FROM jobs_task WHERE state IN ('blocked', 'pending', 'in_progress'))",
    "(SELECT count(*) FROM jobs_job WHERE state = 'pending' AND ready_at < %s)",
    "(SELECT count(*) FROM jobs_process WHERE cluster = 'agents' AND heartbeat_at >= %s)",
]
HISTORY_SIZE = 300
# Follow-ups of follow-ups are few (jobs/policy.py), and each of them may be split.
CHAIN_DEPTH = 12


@dataclass(frozen=True)
class Tally:
    """A number of jobs in a state; `is_more` when it was only counted up to the cap."""

    state: str
    number: int
    is_more: bool = False


@dataclass(frozen=True)
class Figures:
    """How many jobs stand in each state, in the order of a job's life; what is to be done, and by how many."""

    counts: list[Tally]
    tasks_to_do: int
    jobs_to_plan: int
    processes: int  # of agents, alive


@dataclass(frozen=True)
class PastSlot:
    """A slot of a schedule that has come, and what became of it in words; `job` is its run, if it has one."""

    at: datetime.datetime
    label: str
    became: str
    receipt: Receipt
    job: Job | None


def awake(now: datetime.datetime) -> QuerySet[Review]:
    """The items that wait for a person now: open, and not put off."""
    seen = Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now)
    return Review.objects.filter(seen, state=ReviewState.OPEN)


def open_reviews(now: datetime.datetime) -> list[Review]:
    """What waits for a person, most at stake first: client work, then the oldest. Snoozed items stay hidden."""
    rows = awake(now).select_related("job__client", "task")
    return list(rows.order_by("priority", "id")[:INBOX_SIZE])


def never_told(target: str) -> list[Review]:
    """Open items that this target was not told of: it was connected after they came."""
    rows = list(Review.objects.filter(state=ReviewState.OPEN).order_by("priority", "id")[:INBOX_SIZE])
    cards = [f"review:{row.pk}" for row in rows]
    told = set(Delivery.objects.filter(target=target, card__in=cards).values_list("card", flat=True))
    return [row for row, card in zip(rows, cards, strict=True) if card not in told]


def open_count(now: datetime.datetime) -> tuple[int, int]:
    """How many items are open and awake, and the id of the newest one."""
    ids = awake(now).order_by("-id").values_list("id", flat=True)
    found = list(ids[: COUNT_CAP + 1])
    return len(found), found[0] if found else 0


def snoozed_reviews(now: datetime.datetime) -> list[Review]:
    """Open items that the owner put off, the next to come back first."""
    rows = Review.objects.filter(state=ReviewState.OPEN, snoozed_until__gt=now).select_related("job__client")
    return list(rows.order_by("snoozed_until", "id")[:INBOX_SIZE])


def review(pk: int) -> Review | None:
    """One item with all that its reading pane reads; None if there is none."""
    made = Artifact.objects.select_related("task").order_by("task__position", "id")
    rows = Review.objects.select_related("job__client", "job__trigger", "task", "decided_by").prefetch_related(
        Prefetch("deliveries", Delivery.objects.order_by("id")), Prefetch("job__artifacts", made)
    )
    return rows.filter(pk=pk).first()


def delivery(pk: object) -> Delivery | None:
    """One delivery with its task; None if there is none."""
    if not isinstance(pk, int):
        return None
    return Delivery.objects.select_related("task", "job").filter(pk=pk).first()


def waiting_for(task: Task) -> list[Task]:
    """The steps that may begin once this one is completed, if they wait for no other."""
    rows = list(Task.objects.filter(job=task.job_id).order_by("position"))
    done = {row.position for row in rows if row.state == TaskState.COMPLETED} | {task.position}
    blocked = [row for row in rows if row.state == TaskState.BLOCKED and task.position in row.needs]
    return [row for row in blocked if set(row.needs) <= done]


def version_before(delivery: Delivery) -> Delivery | None:
    """The latest version of the same effect that its target has, from an earlier round of its task; or None."""
    rows = Delivery.objects.filter(task=delivery.task_id, kind=delivery.kind, target=delivery.target)
    there = rows.filter(state=DeliveryState.DELIVERED).exclude(pk=delivery.pk).order_by("-id")
    return next((row for row in there if row.shown_as == delivery.shown_as), None)


def parked(target: str) -> int:
    """How many deliveries wait until this target works again."""
    return Delivery.objects.filter(state=DeliveryState.PENDING, target=target, ready_at=NEVER).count()


def undoable(by: User, now: datetime.datetime) -> list[Delivery]:
    """What this person approved and what has not left yet, the next to leave first."""
    rows = Delivery.objects.filter(
        state=DeliveryState.PENDING, ready_at__gt=now, review__decided_by=by, review__state=ReviewState.APPROVED
    )
    return list(rows.exclude(approved_digest="").select_related("review").order_by("ready_at", "id")[:INBOX_SIZE])


def at_work() -> list[Run]:
    """What agents and the orchestrator do at this moment, the most urgent first."""
    rows = Run.objects.filter(state=RunState.RUNNING).select_related("job", "task")
    return list(rows.order_by("job__priority", "id")[:5])


def figures(now: datetime.datetime) -> Figures:
    """Every number that the list of jobs shows. One read."""
    caps = {str(state): _ALL if state in OPEN_JOB else COUNT_CAP + 1 for state in JobState}
    fresh = connection.ops.adapt_datetimefield_value(now - _FRESH)
    never = connection.ops.adapt_datetimefield_value(NEVER)
    values: list[Any] = [value for pair in caps.items() for value in pair]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join([_IN_STATE] * len(caps) + _TO_DO)}", [*values, never, fresh])
        *numbers, tasks, unplanned, processes = cursor.fetchone()
    counts = [
        Tally(state, min(number, cap - 1) if cap != _ALL else number, is_more=number == cap)
        for (state, cap), number in zip(caps.items(), numbers, strict=True)
    ]
    return Figures(counts, tasks_to_do=tasks, jobs_to_plan=unplanned, processes=processes)


def jobs_where(
    *, state: str | None, client: str | None, priority: int | None, before: int | None
) -> tuple[list[Job], int | None]:
    """A page of the jobs that meet what is given, newest first, and where the next page begins."""
    wanted = {"state": state, "client__slug": client, "priority": priority, "pk__lt": before}
    rows = Job.objects.filter(**{name: value for name, value in wanted.items() if value is not None})
    return _cut(rows.select_related("client", "trigger").order_by("-id"))


def reviews_where(*, state: str, before: int | None) -> tuple[list[Review], int | None]:
    """A page of the items in this state, newest first, and where the next page begins."""
    rows = Review.objects.filter(state=state).select_related("job", "decided_by").order_by("-id")
    return _cut(rows if before is None else rows.filter(pk__lt=before))


def events_of(job: Job, *, after: int | None) -> tuple[list[Event], int | None]:
    """A page of a job's history, oldest first, and where the next page begins."""
    return _cut(Event.objects.filter(job=job, pk__gt=after or 0).order_by("id"))


def triggers(*, after: int | None) -> tuple[list[Trigger], int | None]:
    """A page of the rules, oldest first, and where the next page begins."""
    return _cut(Trigger.objects.filter(pk__gt=after or 0).select_related("client").order_by("id"))


def clients(*, after: int | None) -> tuple[list[Client], int | None]:
    """A page of the clients, oldest first, and where the next page begins."""
    return _cut(Client.objects.filter(pk__gt=after or 0).order_by("id"))


def names() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Slug and name of every client, and of every rule. One read."""
    clients = Client.objects.order_by().annotate(noun=Value("client")).values_list("noun", "slug", "name")
    rules = Trigger.objects.order_by().annotate(noun=Value("rule")).values_list("noun", "slug", "name")
    found = list(clients.union(rules, all=True).order_by("name"))
    return [(slug, name) for noun, slug, name in found if noun == "client"], [
        (slug, name) for noun, slug, name in found if noun == "rule"
    ]


def job(uid: uuid.UUID) -> Job | None:
    """One job with its tasks, artifacts, deliveries and reviews; None if there is none."""
    rows = Job.objects.select_related("client", "trigger", "receipt", "after").filter(uid=uid)
    tasks = Task.objects.order_by("position").prefetch_related("artifacts")
    return (
        rows.prefetch_related(Prefetch("tasks", tasks))
        .prefetch_related(Prefetch("deliveries", Delivery.objects.order_by("id")))
        .prefetch_related(Prefetch("reviews", Review.objects.order_by("id")))
        .prefetch_related(Prefetch("artifacts", Artifact.objects.order_by("id")))
        .prefetch_related(Prefetch("runs", Run.objects.select_related("task").order_by("id")))
        .prefetch_related(Prefetch("runs__turns", _turns()))
        .first()
    )


def root_of(job: Job) -> int:
    """The job that a chain began with, by its key."""
    root, parent = job.pk, job.parent_id
    for _ in range(CHAIN_DEPTH):
        if parent is None:
            break
        root, parent = parent, Job.objects.values_list("parent_id", flat=True).get(pk=parent)
    return root


def chain(job: Job) -> list[Job]:
    """The job that all began with and every job that came of it, by follow-up or split; each after its parent."""
    rows = Job.objects.defer("brief", "data", "answers").order_by("id")
    found = list(rows.filter(pk=root_of(job)))
    level = [one.pk for one in found]
    for _ in range(CHAIN_DEPTH):
        if not level:
            break
        children = list(rows.filter(parent__in=level))
        found += children
        level = [child.pk for child in children]
    return found


def timeline(job_id: int) -> list[Event]:
    """The history lines of a job, oldest first; of a very long history the last ones."""
    rows = Event.objects.filter(job_id=job_id).order_by("-id")[:HISTORY_SIZE]
    return list(reversed(rows))


def stamp_of_job(uid: uuid.UUID) -> str:
    """Stays the same while nothing happened to the job: its last history line, and what it has cost."""
    event = Event.objects.filter(job__uid=uid).order_by("-id").values_list("id", flat=True).first() or 0
    spent = Job.objects.filter(uid=uid).values_list("spent_microusd", flat=True).first() or 0
    return f"{event}-{spent}"


def stamp_of_inbox(now: datetime.datetime) -> str:
    """Stays the same while nothing happened to any job and no snoozed item came back."""
    event = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    number, newest = open_count(now)
    return f"{event}-{number}-{newest}"


def received_with(job: Job) -> list[Artifact]:
    """The files that came with the event that a job was opened for; both halves of a split request have them."""
    while job.receipt_id is None and job.parent is not None and job.parent.depth == job.depth:
        job = job.parent
    return list(Artifact.objects.filter(receipt=job.receipt_id).order_by("id")) if job.receipt_id else []


def artifact(sha256: str) -> Artifact | None:
    """The newest row that names these bytes; None if there is none."""
    return Artifact.objects.filter(sha256=sha256).select_related("job").order_by("-id").first()


def next_slots(trigger: Trigger, n: int = 5, *, now: datetime.datetime | None = None) -> list[datetime.datetime]:
    """When a schedule comes next, on its own wall clock; none while it is paused, or if it cannot be read."""
    if trigger.source != schedules.SOURCE or not trigger.enabled:
        return []
    try:
        rule = schedules.read(trigger.conditions)
    except schedules.BadSchedule:
        return []
    return [slot.astimezone(rule.zone) for slot in rule.following(now or timezone.now(), n)]


def past_slots(trigger: Trigger, n: int = 20) -> list[PastSlot]:
    """The last slots of a schedule that have a Receipt, the latest first, with what became of each."""
    # The identity of a slot's Receipt sorts as the slots do.
    within = {"external_id__gt": f"{trigger.slug}:", "external_id__lt": f"{trigger.slug}:9999"}
    rows = Receipt.objects.filter(source=schedules.SOURCE, sender=trigger.slug, **within).defer("body")
    receipts = rows.order_by("-external_id").prefetch_related(Prefetch("jobs", Job.objects.order_by("id")))[:n]
    return [_past_slot(receipt, trigger) for receipt in receipts]


def checkups() -> list[tuple[str, list[Checkup]]]:
    """The rows of the set-up page: this installation, and the providers."""
    rows = list(Checkup.objects.order_by("place"))
    here, there = [row for row in rows if not row.is_provider], [row for row in rows if row.is_provider]
    return [(title, group) for title, group in (("Providers", there), ("This installation", here)) if group]


def checkup(name: str) -> Checkup | None:
    """One row of the set-up page; None if there is none."""
    return Checkup.objects.filter(name=name).first()


def spent_on(date: datetime.date) -> int:
    """What a date has cost so far, in micro-USD."""
    return Day.objects.filter(pk=date).values_list("spent_microusd", flat=True).first() or 0


def _cut(rows: QuerySet[_Row]) -> tuple[list[_Row], int | None]:
    """The first page of these rows, and the key of its last row if there are more."""
    found = list(rows[: PAGE_SIZE + 1])
    page = found[:PAGE_SIZE]
    return page, page[-1].pk if len(found) > PAGE_SIZE else None


def _past_slot(receipt: Receipt, trigger: Trigger) -> PastSlot:
    at = datetime.datetime.fromisoformat(receipt.data["slot"])
    job = next(iter(receipt.jobs.all()), None)
    return PastSlot(at, schedules.label(at, trigger.conditions), _became(receipt, job), receipt, job)


def _became(receipt: Receipt, job: Job | None) -> str:
    """What became of a slot, in words."""
    left = receipt.kind.partition(".")[2]
    late = f", {receipt.data['late']} late" if "late" in receipt.data else ""
    if job is None:
        problem = " ".join(receipt.problems.values())
        return left or f"not run: {problem or 'no job was opened'}"
    if left and job.state == JobState.NEEDS_CLARIFICATION:
        return f"{left}: waits for your word"
    if left and job.state == JobState.CANCELLED:
        return left
    state = "waits for the run before it" if job.ready_at >= NEVER and not job.finished_at else job.state
    return f"{left + ', then run: ' if left else ''}{state.replace('_', ' ')}{late}"


def _turns() -> QuerySet[Turn]:
    """Without what was asked and said: a page of a long job would be megabytes."""
    return Turn.objects.defer("request", "reply", "tool_results").order_by("id")
