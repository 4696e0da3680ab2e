"""Every read of rules and receipts that a screen needs; the number of queries does not grow with the rows."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Exists, Func, Max, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils import timezone

from jobs.models import Job, Receipt, Trigger
from jobs.models.receipt import CAME_TO_NOTHING
from jobs.states import Outcome

PAGE_SIZE = 50
# Events at one address are looked for among so many of the newest.
LOOKED_THROUGH = 20_000
# How many of the newest faults are looked through, and how many receipts a rule's page shows.
FAULTS_SEEN = 200
SHOWN = 20
LATELY = datetime.timedelta(days=7)
# Jobs of a rule are counted up to here.
LATELY_CAP = 1000
# Slots of a schedule are always somebody's: none of them waits for a rule.
_OF_A_RULE = ("schedule",)


@dataclass(frozen=True)
class Rule:
    """A rule in the list: when an event last became its job, how many did lately, and which could not."""

    trigger: Trigger
    last_at: datetime.datetime | None
    faults: list["Arrival"]
    lately: int = 0  # jobs that it opened within the last LATELY, up to LATELY_CAP

    @property
    def opened_more(self) -> bool:
        """Whether they were only counted up to the cap."""
        return self.lately >= LATELY_CAP


@dataclass(frozen=True)
class Arrival:
    """A receipt and what a rule made of it: a job, or the reason why there is none."""

    receipt: Receipt
    job: Job | None = None
    problem: str = ""


@dataclass(frozen=True)
class Page:
    """A page of receipts, newest first; `older` is where the next page begins, None on the last."""

    receipts: list[Receipt] = field(default_factory=list)
    older: int | None = None


def rules() -> list[Rule]:
    """Every rule by name. One read for all of them, and one for the faults."""
    newest = Job.objects.filter(trigger=OuterRef("pk"), receipt__isnull=False).order_by("-created_at")
    last = Subquery(newest.values("receipt__received_at")[:1])
    faults = _faults()
    late = Job.objects.filter(trigger=OuterRef(OuterRef("pk")), created_at__gte=timezone.now() - LATELY)
    opened = Job.objects.filter(pk__in=late.order_by("-created_at").values("pk")[:LATELY_CAP]).order_by()
    lately = Subquery(opened.annotate(number=Func("pk", function="count")).values("number"))
    rows = Trigger.objects.select_related("client").annotate(last_at=last, lately=lately).order_by("name", "id")
    return [Rule(row, row.last_at, faults.get(row.slug, []), row.lately or 0) for row in rows]


def rule(slug: str) -> Trigger | None:
    """One rule; None if there is none."""
    return Trigger.objects.select_related("client").filter(slug=slug).first()


def faults_of(trigger: Trigger) -> list[Arrival]:
    """The newest events that the rule met and could not make a job of to this day."""
    return _faults().get(trigger.slug, [])


def arrivals_of(trigger: Trigger, faults: Iterable[Arrival]) -> list[Arrival]:
    """The last receipts that became jobs by this rule, and its faults, newest first."""
    jobs = Job.objects.filter(trigger=trigger, receipt__isnull=False).select_related("receipt")
    opened = [
        Arrival(job.receipt, job)
        for job in jobs.defer("receipt__body").order_by("-created_at")[:SHOWN]
        if job.receipt
    ]
    both = [*opened, *faults]
    return sorted(both, key=lambda arrival: arrival.receipt.pk, reverse=True)[:SHOWN]


def last_of(source: str, address: str) -> list[Receipt]:
    """The newest receipts of a source, at one address of it where there is one: what a rule can be tried with.

    Only among the last that came at all: of a rule that never met one, all would be read.
    """
    newest = Receipt.objects.aggregate(newest=Max("pk"))["newest"] or 0
    late = Receipt.objects.filter(pk__gt=newest - LOOKED_THROUGH, pruned_at__isnull=True)
    rows = late.filter(source=source).defer("body")
    if address:
        rows = rows.filter(address=address)
    return list(rows.order_by("-id")[:SHOWN])


def receipts(wanted: str, *, before: int | None = None) -> Page:
    """A page of what came in: all of it, or what had another outcome than to open its jobs."""
    rows: QuerySet[Receipt] = Receipt.objects.defer("body").order_by("-id")
    if wanted in set(Outcome) - {Outcome.OPENED}:
        rows = rows.filter(CAME_TO_NOTHING, outcome=wanted)
    if wanted == Outcome.UNMATCHED:
        rows = _waiting(rows)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    jobs = Prefetch("jobs", Job.objects.select_related("trigger").order_by("id"))
    found = list(rows.prefetch_related(jobs)[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return Page(shown, shown[-1].pk if len(found) > PAGE_SIZE else None)


def receipt(pk: int) -> Receipt | None:
    """One receipt with its jobs and files; None if there is none."""
    jobs = Prefetch("jobs", Job.objects.select_related("trigger").order_by("id"))
    return Receipt.objects.prefetch_related(jobs, "artifacts").filter(pk=pk).first()


def since(origin: str, moment: datetime.datetime) -> int:
    """How many receipts have come from this stranger's address since then."""
    return Receipt.objects.filter(~Q(origin=""), origin=origin, received_at__gte=moment).count()


def of_event(source: str, external_id: str) -> Receipt | None:
    """The receipt of one event; None if it never came."""
    return Receipt.objects.filter(source=source, external_id=external_id).first()


def _waiting(rows: QuerySet[Receipt]) -> QuerySet[Receipt]:
    """Without what has become a job since, and without what no rule could be made for."""
    return rows.exclude(source__in=_OF_A_RULE).filter(~Exists(Job.objects.filter(receipt=OuterRef("pk"))))


def _faults() -> dict[str, list[Arrival]]:
    """The newest faults that were not mended by a replay, by the rule's slug."""
    rows = list(
        Receipt.objects.filter(CAME_TO_NOTHING, outcome=Outcome.FAULT).defer("body").order_by("-id")[:FAULTS_SEEN]
    )
    mended = _opened_since(rows)
    found: dict[str, list[Arrival]] = defaultdict(list)
    for row in rows:
        for slug, problem in row.problems.items():
            if (row.pk, slug) not in mended:
                found[slug].append(Arrival(row, problem=problem))
    return found


def _opened_since(rows: Sequence[Receipt]) -> set[tuple[int, str]]:
    pairs = Job.objects.filter(receipt__in=[row.pk for row in rows], trigger__isnull=False)
    return set(pairs.values_list("receipt_id", "trigger__slug"))
