"""Every read that a screen needs, each with a number of queries that does not grow with its rows."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth.models import User
from django.db.models import (
    Count,
    Model,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from jobs import order, schedules, terms
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
from jobs.states import NEVER, DeliveryState, JobState, ReviewState, RunState, TaskState

_Row = TypeVar("_Row", bound=Model)

# More than this many items are not for one morning; the rest comes up as they are decided.
INBOX_SIZE = 100
PAGE_SIZE = 50
# Finished jobs are counted up to here: "1,000+" is read as fast at a thousand as at a million rows.
COUNT_CAP = 1000
HISTORY_SIZE = 300
# Follow-ups of follow-ups are few (jobs/policy.py), and each of them may be split.
CHAIN_DEPTH = 12


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
    """What waits for a person, in the inbox's order. Snoozed items stay hidden.

    `holds_up` of each is how many jobs come after its own and cannot begin.
    """
    after = Job.objects.filter(after=OuterRef("job"), state=JobState.PENDING).order_by().values("after")
    held_up = Coalesce(Subquery(after.annotate(number=Count("pk")).values("number")), 0)
    rows = awake(now).select_related("job__client", "task")
    return list(order.in_order(rows.annotate(holds_up=held_up, last_run=_last_run()))[:INBOX_SIZE])


def never_told(target: str) -> list[Review]:
    """Open items that this target was not told of: it was connected after they came."""
    rows = list(order.in_order(Review.objects.filter(state=ReviewState.OPEN))[:INBOX_SIZE])
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


def to_read(pk: int | None, among: Sequence[Review]) -> Review | None:
    """An item with all that its reading pane reads: one of `among` where it is there, the first of it for no pk."""
    row = among[0] if pk is None and among else next((row for row in among if row.pk == pk), None)
    if row is None and pk is not None:
        rows = Review.objects.select_related("job__client", "task", "decided_by")
        row = rows.annotate(last_run=_last_run()).filter(pk=pk).first()
    if row is not None:
        effects = Delivery.objects.select_related("task").order_by("id")
        prefetch_related_objects([row], Prefetch("job__deliveries", effects), Prefetch("job__artifacts", _made()))
    return row


def review(pk: int) -> Review | None:
    """One item with all that a decision about it reads; None if there is none."""
    rows = Review.objects.select_related("job__client", "job__trigger", "task", "decided_by").prefetch_related(
        Prefetch("deliveries", Delivery.objects.select_related("job__client").order_by("id")),
        Prefetch("job__artifacts", _made()),
    )
    return rows.annotate(last_run=_last_run()).filter(pk=pk).first()


def _last_run() -> Coalesce:
    """The latest attempt at what the item is about: its task, or the planning of its job."""
    runs = Run.objects.filter(job=OuterRef("job")).order_by("-id").values("pk")
    return Coalesce(Subquery(runs.filter(task=OuterRef("task"))[:1]), Subquery(runs.filter(task__isnull=True)[:1]))


def _made() -> QuerySet[Artifact]:
    return Artifact.objects.select_related("task").order_by("task__position", "id")


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


def lately_done() -> list[Job]:
    """The newest of the jobs that are completed."""
    rows = Job.objects.filter(state=JobState.COMPLETED).select_related("client")
    return list(rows.order_by("-id")[:5])


def at_work() -> list[Run]:
    """What agents and the orchestrator do at this moment, the most urgent first."""
    rows = Run.objects.filter(state=RunState.RUNNING).select_related("job", "task")
    return list(rows.order_by("job__priority", "id")[:5])


def jobs_where(
    *, state: str | None, client: str | None, priority: int | None, before: int | None
) -> tuple[list[Job], int | None]:
    """A page of the jobs that meet what is given, newest first, and where the next page begins."""
    wanted = {"state": state, "client__slug": client, "priority": priority, "pk__lt": before}
    rows = Job.objects.filter(**{name: value for name, value in wanted.items() if value is not None})
    return _cut(rows.select_related("client", "trigger").order_by("-id"))


def reviews_where(*, state: str, before: int | None) -> tuple[list[Review], int | None]:
    """A page of the items in this state, and where the next page begins.

    What is open comes in the inbox's order, all else newest first.
    """
    rows = Review.objects.filter(state=state).select_related("job", "decided_by")
    if state == ReviewState.OPEN:
        return _cut(order.in_order(rows if before is None else order.after(rows, before)))
    return _cut((rows if before is None else rows.filter(pk__lt=before)).order_by("-id"))


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
    cost = Coalesce(Sum("runs__cost_microusd"), 0)
    tasks = Task.objects.annotate(cost=cost).order_by("position").prefetch_related("artifacts")
    return (
        rows.prefetch_related(Prefetch("tasks", tasks))
        .prefetch_related(Prefetch("deliveries", Delivery.objects.order_by("id")))
        .prefetch_related(Prefetch("reviews", Review.objects.order_by("id")))
        .prefetch_related(Prefetch("artifacts", Artifact.objects.order_by("id")))
        .prefetch_related(Prefetch("runs", Run.objects.select_related("task").order_by("id")))
        .prefetch_related(Prefetch("runs__turns", _turns()))
        .first()
    )


def is_from_outside(job: Job) -> bool:
    """Whether a stranger's words are among its own, or an agent's that may have read a stranger's."""
    origin: Job | None = job
    while origin is not None:
        if origin.depth > 0 or any(is_of_an_event(one) for one in lineage(origin)):
            return True
        origin = origin.again_of
    return False


def is_of_an_event(job: Job) -> bool:
    """Whether something that came in opened the job, now or when it ran before, or answered it since."""
    came_by = [one.source for one in (job.receipt, job.trigger) if one]
    return "replies" in job.data or any(source != schedules.SOURCE for source in came_by)


def lineage(job: Job) -> list[Job]:
    """The job, the one that it came of, and so on to the one that all began with."""
    found = [job]
    while (parent := found[-1].parent) and len(found) <= CHAIN_DEPTH:
        found.append(parent)
    return found


def root_of(job: Job) -> int:
    """The job that a chain began with, by its key."""
    return lineage(job)[-1].pk


def chain(job: Job) -> list[Job]:
    """The job that all began with and every job that came of it, by follow-up or split; each after its parent."""
    rows = Job.objects.defer("brief", "data", "answers").order_by("id")
    found = list(rows.filter(pk=root_of(job)))
    level = [one.pk for one in found]
    for _level in range(CHAIN_DEPTH):
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


def received_with(job: Job) -> list[Artifact]:
    """The files that came with the event that a job was opened for; both halves of a split request have them."""
    receipt_id = came_with(job)
    return list(Artifact.objects.filter(receipt=receipt_id).order_by("id")) if receipt_id else []


def came_with(job: Job) -> int | None:
    """The receipt whose files the job has: its own, that of the request it is a half of, or what it repeats."""
    while job.receipt_id is None:
        is_half = job.parent is not None and job.parent.depth == job.depth
        above = job.parent if is_half else job.again_of
        if above is None:
            return None
        job = above
    return job.receipt_id


def artifact(sha256: str) -> Artifact | None:
    """The newest row that names these bytes; None if there is none."""
    return Artifact.objects.filter(sha256=sha256).select_related("job").order_by("-id").first()


def next_run(now: datetime.datetime) -> tuple[datetime.datetime, Trigger] | None:
    """The schedule that comes next, and when; None while none is on. One read."""
    rules = Trigger.objects.filter(source=schedules.SOURCE, enabled=True).order_by("id")
    coming = [(slot, rule) for rule in rules for slot in next_slots(rule, 1, now=now)]
    return min(coming, key=lambda one: one[0], default=None)


def client_of(slug: str) -> Client | None:
    """The client of this slug; None if there is none."""
    return Client.objects.filter(slug=slug).first() if slug else None


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
    return [
        (title, group)
        for title, group in ((gettext("Providers"), there), (gettext("This installation"), here))
        if group
    ]


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
    late = _(", %(span)s late") % {"span": receipt.data["late"]} if "late" in receipt.data else ""
    if job is None:
        problem = " ".join(receipt.problems.values())
        return left or _("not run: %(why)s") % {"why": problem or _("no job was opened")}
    if left and job.state == JobState.NEEDS_CLARIFICATION:
        return _("%(left)s: waits for your word") % {"left": left}
    if left and job.state == JobState.CANCELLED:
        return left
    is_held = job.ready_at >= NEVER and not job.finished_at
    became = _("waits for the run before it") if is_held else terms.state(job.state)
    return (_("%(left)s, then run: ") % {"left": left} if left else "") + became + late


def _turns() -> QuerySet[Turn]:
    """Without what was asked and said: a page of a long job would be megabytes."""
    return Turn.objects.defer("request", "reply", "tool_results").order_by("id")
