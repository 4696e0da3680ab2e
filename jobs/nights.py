"""What a night did, computed from its records alone: no model is asked, and no counter can drift.

A night begins in the evening and is named by the date of its morning, on the owner's clock.
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection
from django.db.models import Case, Count, Exists, IntegerField, Max, OuterRef, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs import budget, figures, hours, order, queries, schedules
from jobs.models import Delivery, Event, Job, Review, Run
from jobs.models.job import IS_OPEN
from jobs.states import DeliveryState, ReviewKind, ReviewState

bounds = hours.bounds
# How many nights before are looked at to say what is usual.
COMPARED = 7
# A list in a report is read at a glance; the rest is a number with a link.
LISTED = 30

_ENDED = ("job.completed", "job.failed")
# What a report reads of its own night beside that.
_BESIDE = ("review.opened", "delivery.delivered", "delivery.failed", "delivery.unknown")
_QUARTER = 900  # seconds
_WORDS = """
SELECT night, SUM(CASE WHEN done > bad THEN 1 ELSE 0 END), SUM(CASE WHEN done > bad THEN 0 ELSE 1 END)
FROM ({each}) AS each_job GROUP BY night
"""
# All numbers of one night, and the inbox's pulse. Of a job the last word counts: failed and done after all is done.
_GLANCE = """
WITH ended AS (
    SELECT id, name, "row", {quarter} AS quarter FROM jobs_event
    WHERE name IN (%s, %s) AND at >= %s AND at < %s
), words AS (
    SELECT MAX(CASE name WHEN 'job.completed' THEN id ELSE 0 END) AS done,
        MAX(CASE name WHEN 'job.completed' THEN 0 ELSE id END) AS bad FROM ended GROUP BY "row"
)
SELECT 'quarter', quarter, COUNT(*), 0, '' FROM ended GROUP BY quarter
UNION ALL SELECT 'jobs', 0, SUM(CASE WHEN done > bad THEN 1 ELSE 0 END),
    SUM(CASE WHEN done > bad THEN 0 ELSE 1 END), '' FROM words
UNION ALL SELECT 'money', 0, SUM(cost_microusd), SUM(CASE WHEN cost_unknown THEN 1 ELSE 0 END), ''
FROM jobs_run WHERE finished_at >= %s AND finished_at < %s
UNION ALL SELECT 'most', 0, SUM(microusd), COUNT(*), '' FROM jobs_allowance WHERE scope = %s
UNION ALL SELECT 'schedule', 0, 0, 0, CAST(conditions AS text) FROM jobs_trigger WHERE source = %s AND enabled
UNION ALL SELECT 'pulse', {pulse}, ''
"""
_Span = tuple[datetime.datetime, datetime.datetime]


class _Line(NamedTuple):
    """What a history line says of a night."""

    name: str
    row: int
    at: datetime.datetime
    job: int | None


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


class Glance(NamedTuple):
    """What heads the inbox: the last night, what a night may spend, when a schedule runs next, if one does.

    `stamp` is that of `figures.stamp_of_inbox`.
    """

    night: Night
    envelope_microusd: int
    next_run: datetime.datetime | None
    stamp: str


@dataclass(frozen=True)
class Usual:
    """What the nights before did on average; `nights` of them did anything."""

    nights: int
    completed: float
    failed: float
    spent_microusd: float


@dataclass(frozen=True)
class Report:
    """All that the owner is told of a night. Lists are at most LISTED long, and the latest first; of what was
    silent, what still waits comes before that, in the inbox's order."""

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
    return at_a_glance(now).night


def night(date: datetime.date) -> Night:
    """The night before the morning of this date. One read."""
    return _glance(date, timezone.now()).night


def at_a_glance(now: datetime.datetime) -> Glance:
    """The last night and what else heads the inbox. One read."""
    return _glance(hours.here(now).date(), now)


def recent(date: datetime.date, number: int = 14) -> list[Night]:
    """The nights up to this morning, the latest first. Three reads, whatever their number."""
    dates = _back(date, number)
    spans = [bounds(one) for one in dates]
    words, costs, quarters = _last_words(spans), _costs(spans), _quarters(spans)
    return [
        Night(one, *span, *words.get(place, (0, 0)), *costs.get(place, (0, 0)), _bars(span, quarters))
        for place, (one, span) in enumerate(zip(dates, spans, strict=True))
    ]


def report(date: datetime.date, *, now: datetime.datetime) -> Report:
    """The whole report of the night before this morning."""
    dates = _back(date, COMPARED + 1)
    spans = [bounds(one) for one in dates]
    there, costs = _lines(spans[0], [*_ENDED, *_BESIDE]), _costs(spans)
    found = _night(date, spans[0], [line for line in there if line.name in _ENDED], costs.get(0, (0, 0)))
    failed, done = _jobs(_last_word(line for line in there if line.name in _ENDED))
    came = _came(there)
    silent = _as_decided(review for review in came if review.kind == ReviewKind.ALARM)
    kinds = _waiting_by_kind(now)
    stood_still = _stood_still(found)
    return Report(
        night=found,
        headline=_headline(found, waiting=sum(kinds.values()), silent=len(silent), stood_still=stood_still),
        is_bad=stood_still or found.failed > found.completed,
        done=done,
        failed=failed,
        silent=silent[:LISTED],
        asked=len(came),
        waiting=sum(review.state == ReviewState.OPEN for review in came),
        kinds=kinds,
        delivered=len({line.row for line in there if line.name == "delivery.delivered" and line.job}),
        doubtful=_doubtful(there),
        envelope_microusd=budget.most(budget.NIGHT),
        usual=_usual(_last_words(spans[1:]), {place - 1: cost for place, cost in costs.items() if place}),
    )


def usual(date: datetime.date) -> Usual:
    """What the nights before this one did, those that did nothing left out: they are no measure."""
    spans = [bounds(one) for one in _back(date, COMPARED + 1)[1:]]
    return _usual(_last_words(spans), _costs(spans))


def _usual(words: dict[int, tuple[int, int]], costs: dict[int, tuple[int, int]]) -> Usual:
    """On average of the nights in which something ended, or cost something."""
    active = {*words, *(place for place, (spent, _) in costs.items() if spent)}
    number = max(1, len(active))
    completed, failed = (sum(pair[which] for pair in words.values()) for which in (0, 1))
    spent = sum(cost for cost, _ in costs.values())
    return Usual(len(active), completed / number, failed / number, spent / number)


def _back(date: datetime.date, number: int) -> list[datetime.date]:
    """This date and those before it, the latest first."""
    return [date - datetime.timedelta(days=back) for back in range(number)]


def _lines(span: _Span, names: Sequence[str]) -> list[_Line]:
    """The history lines of these names in one night, in their order."""
    rows = _told(names, *span).order_by("id").values_list("name", "row", "at", "job")
    return [_Line(*row) for row in rows]


def _last_words(spans: Sequence[_Span]) -> dict[int, tuple[int, int]]:
    """Place of the night in `spans` -> how many jobs were done at its end, and how many had failed. One read."""
    ended = _told(_ENDED, spans[-1][0], spans[0][1]).order_by().annotate(night=_which(spans, "at"))
    each = (
        ended.exclude(night=None)
        .values("night", "row")
        .annotate(
            done=Coalesce(Max("id", filter=Q(name="job.completed")), 0),
            bad=Coalesce(Max("id", filter=Q(name="job.failed")), 0),
        )
    )
    sql, values = each.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_WORDS.format(each=sql), values)
        return {night: (completed, failed) for night, completed, failed in cursor.fetchall()}


def _glance(date: datetime.date, now: datetime.datetime) -> Glance:
    span = bounds(date)
    begins, ends, until = (connection.ops.adapt_datetimefield_value(moment) for moment in (*span, now))
    with connection.cursor() as cursor:
        cursor.execute(
            _GLANCE.format(quarter=_quarter(), pulse=", ".join(figures.PULSE)),
            [*_ENDED, begins, ends, begins, ends, budget.NIGHT, schedules.SOURCE, until, until],
        )
        rows = cursor.fetchall()
    found: dict[str, tuple[int, int, int]] = {row[0]: row[1:4] for row in rows}
    quarters = {int(at): number for name, at, number, *_ in rows if name == "quarter"}
    done, failed, spent, unpriced = [int(value or 0) for name in ("jobs", "money") for value in found[name][1:]]
    night = Night(date, *span, done, failed, spent, unpriced, _bars(span, quarters))
    _, said, is_said = found["most"]
    most = int(said) if is_said else budget.usual(budget.NIGHT)
    next_run = schedules.first_of((row[4] for row in rows if row[0] == "schedule"), now)
    return Glance(night, most, next_run, figures.stamp(*(int(value or 0) for value in found["pulse"])))


def _quarters(spans: Sequence[_Span]) -> dict[int, int]:
    """Quarter of an hour, counted from 1970 -> how many jobs ended in it. One read."""
    moments = [connection.ops.adapt_datetimefield_value(moment) for moment in (spans[-1][0], spans[0][1])]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_quarter()}, COUNT(*) FROM jobs_event"  # noqa: S608 - of nothing but constants
            " WHERE name IN (%s, %s) AND at >= %s AND at < %s GROUP BY 1",
            [*_ENDED, *moments],
        )
        return dict(cursor.fetchall())


def _quarter() -> str:
    """The quarter of an hour that a line was written in, counted from 1970, in SQL."""
    is_postgresql = connection.vendor == "postgresql"
    epoch = "EXTRACT(EPOCH FROM at)::bigint" if is_postgresql else "CAST(STRFTIME('%%s', at) AS int)"
    return f"{epoch} / {_QUARTER}"


def _bars(span: _Span, quarters: dict[int, int]) -> list[int]:
    """How many jobs ended in each hour of a night: every zone's hours begin with a quarter of an hour."""
    first, end = (int(moment.timestamp()) // _QUARTER for moment in span)
    found = [0] * hours.HOURS
    for quarter in range(first, end):
        found[min(hours.HOURS - 1, (quarter - first) * _QUARTER // 3600)] += quarters.get(quarter, 0)
    return found


def _night(date: datetime.date, span: _Span, ended: list[_Line], cost: tuple[int, int]) -> Night:
    begins, ends = span
    jobs = _last_word(ended)
    failed = sum(name == "job.failed" for name in jobs.values())
    counts = Counter(min(hours.HOURS - 1, int((line.at - begins).total_seconds() // 3600)) for line in ended)
    bars = [counts[hour] for hour in range(hours.HOURS)]
    return Night(date, begins, ends, len(jobs) - failed, failed, *cost, bars)


def _headline(night: Night, *, waiting: int, silent: int, stood_still: bool) -> str:
    """The night in one sentence; what went wrong comes first."""
    if stood_still:
        return _("The night failed: work was waiting, and nothing was done.")
    if not night.completed + night.failed + silent:
        if not waiting:
            return _("A quiet night: nothing was to be done.")
        return _("Nothing ended; %(waiting)s.") % {"waiting": _wait_for_you(waiting)}
    parts = [_("%(number)d done") % {"number": night.completed}]
    if night.failed:
        parts.append(_("%(number)d failed") % {"number": night.failed})
    if silent:
        parts.append(_("%(number)d silent") % {"number": silent})
    if waiting:
        parts.append(_wait_for_you(waiting))
    said = ", ".join(parts)
    if night.failed > night.completed:
        return _("The night failed: %(said)s.") % {"said": said}
    return f"{said[:1].upper()}{said[1:]}."


def _wait_for_you(number: int) -> str:
    return ngettext("%(number)d waits for you", "%(number)d wait for you", number) % {"number": number}


def _stood_still(night: Night) -> bool:
    """Whether jobs that were ready all night long were not even begun, and nothing else was either."""
    if night.completed + night.failed:
        return False
    if _told(["job.planning", "task.started"], night.begins, night.ends).exists():
        return False
    ready = Q(ready_at__lt=night.begins + datetime.timedelta(hours=1), created_at__lt=night.begins)
    began = Run.objects.filter(job=OuterRef("pk"), started_at__lt=night.ends)
    waited = Job.objects.filter(ready).exclude(Exists(began))
    # What waited is open to this day or ended since. Asked apart, so that each has an index at any size.
    since = Event.objects.filter(name__in=[*_ENDED, "job.cancelled"], at__gte=night.ends)
    return waited.filter(IS_OPEN).exists() or waited.filter(pk__in=since.values("job")).exists()


def _came(lines: Iterable[_Line]) -> list[Review]:
    """The items that came into the inbox, the latest first."""
    rows = {line.row for line in lines if line.name == "review.opened"}
    return list(Review.objects.filter(pk__in=rows).select_related("job__client").order_by("-id")) if rows else []


def _as_decided(rows: Iterable[Review]) -> list[Review]:
    """What still waits, in the order in which it is to be decided; then what does not, the latest first."""
    found = sorted(rows, key=lambda row: -row.pk)
    waits = sorted((row for row in found if row.state == ReviewState.OPEN), key=order.place)
    return [*waits, *(row for row in found if row.state != ReviewState.OPEN)]


def _doubtful(lines: Iterable[_Line]) -> list[Delivery]:
    """Effects that did not arrive, or of which nobody knows, to this day."""
    wrong = {line.row for line in lines if line.name in {"delivery.failed", "delivery.unknown"}}
    rows = Delivery.objects.filter(pk__in=wrong, state__in=[DeliveryState.FAILED, DeliveryState.UNKNOWN])
    return list(rows.select_related("job").order_by("-id")[:LISTED]) if wrong else []


def _waiting_by_kind(now: datetime.datetime) -> dict[str, int]:
    rows = queries.awake(now).order_by().values_list("kind").annotate(number=Count("id"))
    return dict(sorted(rows, key=lambda pair: -pair[1]))


def _jobs(ended: dict[int, str]) -> tuple[list[Job], list[Job]]:
    """The latest of the jobs that failed, and of those that are done."""
    latest = {
        name: sorted((row for row, word in ended.items() if word == name), reverse=True)[:LISTED] for name in _ENDED
    }
    rows = Job.objects.filter(pk__in=[pk for pks in latest.values() for pk in pks]).select_related("client")
    jobs = list(rows.prefetch_related("deliveries").order_by("-id"))
    failed = set(latest["job.failed"])
    return [job for job in jobs if job.pk in failed], [job for job in jobs if job.pk not in failed]


def _costs(spans: Sequence[_Span]) -> dict[int, tuple[int, int]]:
    """Place of the night in `spans` -> what its attempts cost, and how many have no known price. One read."""
    rows = Run.objects.filter(finished_at__gte=spans[-1][0], finished_at__lt=spans[0][1]).order_by()
    sums = rows.annotate(night=_which(spans, "finished_at")).exclude(night=None).values_list("night")
    blank = Count("id", filter=Q(cost_unknown=True))
    found = sums.annotate(sum=Sum("cost_microusd"), unpriced=blank)
    return {place: (cost or 0, unpriced) for place, cost, unpriced in found}


def _which(spans: Sequence[_Span], column: str) -> Case:
    """The place in `spans` of the night that the column's moment lies in; null between nights."""
    whens = [
        When(**{f"{column}__gte": begins, f"{column}__lt": ends}, then=Value(place))
        for place, (begins, ends) in enumerate(spans)
    ]
    return Case(*whens, output_field=IntegerField())


def _last_word(ended: Iterable[_Line]) -> dict[int, str]:
    """Job -> how it stood at the end of the night: what failed and was done after all is done."""
    return {line.row: line.name for line in ended}


def _told(names: Sequence[str], begins: datetime.datetime, ends: datetime.datetime) -> QuerySet[Event]:
    return Event.objects.filter(name__in=names, at__gte=begins, at__lt=ends)
