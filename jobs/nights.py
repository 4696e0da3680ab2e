"""What a night did, computed from its records alone: no model is asked, and no counter can drift.

A night begins in the evening and is named by the date of its morning, on the owner's clock.
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Sum, Value, When
from django.utils import timezone

from jobs import queries
from jobs.models import Delivery, Event, Job, Review, Run
from jobs.states import DeliveryState, ReviewKind, ReviewState

# Work that begins in the evening and is read in the morning: twelve hours, one bar each.
BEGINS = 20
HOURS = 12
# How many nights before are looked at to say what is usual.
COMPARED = 7
# A list in a report is read at a glance; the rest is a number with a link.
LISTED = 30

_ENDED = ("job.completed", "job.failed")


@dataclass(frozen=True)
class Night:
    """What one night did. `hours` are the jobs ended in each hour; `unpriced` are attempts of unknown cost."""

    date: datetime.date
    begins: datetime.datetime
    ends: datetime.datetime
    completed: int
    failed: int
    spent_microusd: int
    unpriced: int
    hours: list[int]


@dataclass(frozen=True)
class Usual:
    """What the nights before did on average; `nights` of them did anything."""

    nights: int
    completed: float
    failed: float
    spent_microusd: float


@dataclass(frozen=True)
class Report:
    """All that the owner is told of a night. Lists are the latest first, and at most LISTED long."""

    night: Night
    headline: str
    is_bad: bool
    done: list[Job]
    failed: list[Job]
    silent: list[Review]
    asked: int  # items that came into the inbox
    waiting: int  # of those that came by then, how many wait now
    kinds: dict[str, int]  # what waits now, by kind
    delivered: int
    doubtful: list[Delivery]  # not delivered, or nobody knows
    envelope_microusd: int
    usual: Usual


def last(now: datetime.datetime) -> Night:
    """The night that began most recently; in the evening, still the one before."""
    return night(timezone.localtime(now).date())


def night(date: datetime.date) -> Night:
    """The night before the morning of this date."""
    begins, ends = bounds(date)
    ended = _last_word(_ended(begins, ends))
    hours = Counter(min(HOURS - 1, int((at - begins).total_seconds() // 3600)) for at in _times(begins, ends))
    spent, unpriced = _spent(begins, ends)
    failed = sum(name == "job.failed" for name in ended.values())
    bars = [hours[hour] for hour in range(HOURS)]
    return Night(date, begins, ends, len(ended) - failed, failed, spent, unpriced, bars)


def report(date: datetime.date, *, now: datetime.datetime) -> Report:
    """The whole report of the night before this morning."""
    found = night(date)
    jobs = _last_word(_ended(found.begins, found.ends))
    failed = _jobs(row for row, name in jobs.items() if name == "job.failed")
    done = _jobs(row for row, name in jobs.items() if name == "job.completed")
    came = Review.objects.filter(pk__in=_told(["review.opened"], found.begins, found.ends).values("row"))
    silent = list(came.filter(kind=ReviewKind.ALARM).select_related("job__client").order_by("-id")[:LISTED])
    kinds = _waiting_by_kind(now)
    delivered, doubtful = _effects(found)
    stood_still = _stood_still(found)
    return Report(
        night=found,
        headline=_headline(found, waiting=sum(kinds.values()), silent=len(silent), stood_still=stood_still),
        is_bad=stood_still or found.failed > found.completed,
        done=done,
        failed=failed,
        silent=silent,
        asked=came.count(),
        waiting=came.filter(state=ReviewState.OPEN).count(),
        kinds=kinds,
        delivered=delivered,
        doubtful=doubtful,
        envelope_microusd=settings.DAILY_BUDGET,
        usual=usual(date),
    )


def recent(date: datetime.date, number: int = 14) -> list[Night]:
    """The nights up to this morning, the latest first."""
    return [night(date - datetime.timedelta(days=back)) for back in range(number)]


def usual(date: datetime.date) -> Usual:
    """What the nights before this one did, those that did nothing left out: they are no measure."""
    dates = [date - datetime.timedelta(days=back) for back in range(1, COMPARED + 1)]
    spans = [bounds(one) for one in dates]
    names: list[dict[int, str]] = [{} for _ in spans]
    for name, row, at in _ended(spans[-1][0], spans[0][1]):
        for place, (begins, ends) in enumerate(spans):
            if begins <= at < ends:
                names[place][row] = name
    costs = _costs(spans)
    active = [place for place in range(len(spans)) if names[place] or costs.get(place)]
    number = max(1, len(active))
    failed = sum(name == "job.failed" for place in active for name in names[place].values())
    ended = sum(len(names[place]) for place in active)
    return Usual(
        len(active), (ended - failed) / number, failed / number, sum(costs.get(p, 0) for p in active) / number
    )


def bounds(date: datetime.date) -> tuple[datetime.datetime, datetime.datetime]:
    """When the night before this morning begins and ends: by the clock on the wall, whatever it was set to."""
    evening = datetime.datetime.combine(date - datetime.timedelta(days=1), datetime.time(BEGINS))
    morning = evening + datetime.timedelta(hours=HOURS)
    return timezone.make_aware(evening), timezone.make_aware(morning)


def _headline(night: Night, *, waiting: int, silent: int, stood_still: bool) -> str:
    """The night in one sentence; what went wrong comes first."""
    if stood_still:
        return "The night failed: work was waiting, and nothing was done."
    if not night.completed + night.failed + silent:
        return (
            "A quiet night: nothing was to be done." if not waiting else f"Nothing ended; {waiting} wait for you."
        )
    parts = [f"{night.completed} done"]
    if night.failed:
        parts.append(f"{night.failed} failed")
    if silent:
        parts.append(f"{silent} silent")
    if waiting:
        parts.append(f"{waiting} wait for you")
    said = ", ".join(parts)
    return f"The night failed: {said}." if night.failed > night.completed else f"{said[:1].upper()}{said[1:]}."


def _stood_still(night: Night) -> bool:
    """Whether jobs that were ready all night long were not even begun, and nothing else was either."""
    if night.completed + night.failed:
        return False
    if _told(["job.planning", "task.started"], night.begins, night.ends).exists():
        return False
    ready = Q(ready_at__lt=night.begins + datetime.timedelta(hours=1), created_at__lt=night.begins)
    began = Q(runs__started_at__lt=night.ends)
    return Job.objects.filter(ready).exclude(began).exclude(finished_at__lt=night.ends).exists()


def _effects(night: Night) -> tuple[int, list[Delivery]]:
    """How many effects arrived, and those that did not or of which nobody knows."""
    arrived = _told(["delivery.delivered"], night.begins, night.ends).exclude(job=None).values("row")
    wrong = _told(["delivery.failed", "delivery.unknown"], night.begins, night.ends).values("row")
    doubtful = Delivery.objects.filter(pk__in=wrong, state__in=[DeliveryState.FAILED, DeliveryState.UNKNOWN])
    number = arrived.distinct().count()
    return number, list(doubtful.select_related("job").order_by("-id")[:LISTED])


def _waiting_by_kind(now: datetime.datetime) -> dict[str, int]:
    rows = queries.awake(now).order_by().values_list("kind").annotate(number=Count("id"))
    return dict(sorted(rows, key=lambda pair: -pair[1]))


def _jobs(rows: Iterable[int]) -> list[Job]:
    latest = sorted(rows, reverse=True)[:LISTED]
    found = Job.objects.filter(pk__in=latest).select_related("client").prefetch_related("deliveries")
    return list(found.order_by("-id"))


def _spent(begins: datetime.datetime, ends: datetime.datetime) -> tuple[int, int]:
    """What the attempts that ended then cost, in micro-USD, and how many of them have no known price."""
    found = Run.objects.filter(finished_at__gte=begins, finished_at__lt=ends).aggregate(
        sum=Sum("cost_microusd"), unpriced=Count("id", filter=Q(cost_unknown=True))
    )
    return found["sum"] or 0, found["unpriced"]


def _costs(spans: Sequence[tuple[datetime.datetime, datetime.datetime]]) -> dict[int, int]:
    """Place of the night in `spans` -> what its attempts cost. One read, whatever their number."""
    which = Case(
        *[
            When(finished_at__gte=begins, finished_at__lt=ends, then=Value(place))
            for place, (begins, ends) in enumerate(spans)
        ],
        output_field=IntegerField(),
    )
    rows = Run.objects.filter(finished_at__gte=spans[-1][0], finished_at__lt=spans[0][1]).order_by()
    sums = rows.annotate(night=which).exclude(night=None).values_list("night").annotate(sum=Sum("cost_microusd"))
    return {place: cost for place, cost in sums if cost}


def _ended(begins: datetime.datetime, ends: datetime.datetime) -> Iterable[tuple[str, int, datetime.datetime]]:
    return _told(_ENDED, begins, ends).order_by("id").values_list("name", "row", "at")


def _times(begins: datetime.datetime, ends: datetime.datetime) -> Iterable[datetime.datetime]:
    return _told(_ENDED, begins, ends).values_list("at", flat=True)


def _last_word(ended: Iterable[tuple[str, int, datetime.datetime]]) -> dict[int, str]:
    """Job -> how it stood at the end of the night: what failed and was done after all is done."""
    return {row: name for name, row, _ in ended}


def _told(names: Sequence[str], begins: datetime.datetime, ends: datetime.datetime) -> QuerySet[Event]:
    return Event.objects.filter(name__in=names, at__gte=begins, at__lt=ends)
