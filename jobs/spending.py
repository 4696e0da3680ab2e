"""What was spent, and what was saved: by day, client, agent, task and night. Micro-USD, computed from the rows.

A cost counts for the time at which its Run began. `unconfirmed` is the part that nobody has confirmed: calls
without an answer, at the most that they can have cost. What a call without a known price cost is unknown: it is in
no sum of money, and `unpriced` says in how many attempts there was one.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet, Sum

from jobs import hours
from jobs.models import Allowance, Day, Job, Run, Turn


@dataclass(frozen=True)
class Spent:
    """One line of a table of costs; `name` is the client's, the agent's or the model's, empty for our own work."""

    name: str
    microusd: int
    unconfirmed: int
    runs: int
    unpriced: int = 0  # of these attempts

    def __add__(self, other: "Spent") -> "Spent":
        """Both under the first one's name."""
        return Spent(
            self.name,
            self.microusd + other.microusd,
            self.unconfirmed + other.unconfirmed,
            self.runs + other.runs,
            self.unpriced + other.unpriced,
        )


@dataclass(frozen=True)
class Split:
    """What a span of time cost, in three tables that add up to the same whole; the dearest first in each."""

    whole: Spent
    by_client: list[Spent]
    by_agent: list[Spent]
    by_model: list[Spent]


@dataclass(frozen=True)
class DayCost:
    """What one date took out of its envelope, and the night before its morning out of its own.

    A call without a known price counts here, at the sum that it takes (`budget.UNPRICED_CALL_MICROUSD`).
    """

    date: datetime.date
    microusd: int
    night_microusd: int


@dataclass(frozen=True)
class Envelope:
    """The envelope "day" or "night" as it stands: what it may spend and has, and what the environment says."""

    scope: str
    is_running: bool  # false: by day, of the night that is over
    most: int
    usual: int
    spent: int
    reserved: int
    version: int  # of the owner's word, 0 without one
    is_set: bool
    changed_by: str
    changed_at: datetime.datetime | None

    @property
    def percent(self) -> int:
        """How much of it is spent, at most 100; a call is never let in beyond, but the owner may lower it."""
        return min(100, _percent(self.spent, self.most)) if self.most else 100


@dataclass(frozen=True)
class Saved:
    """What turns would have cost without the cache and the night lane, less what they did cost."""

    spent: int
    by_cache: int
    by_batch: int

    @property
    def cache_percent(self) -> int:
        """The part of the whole price that the cache saved."""
        return _percent(self.by_cache, self.spent + self.by_cache + self.by_batch)

    @property
    def batch_percent(self) -> int:
        """The part of the whole price that the night lane saved."""
        return _percent(self.by_batch, self.spent + self.by_cache + self.by_batch)


def by_day(begins: datetime.date, ends: datetime.date) -> dict[datetime.date, int]:
    """Date -> what it cost, from the first date to the last; dates without a call are left out."""
    rows = Day.objects.filter(date__gte=begins, date__lte=ends, spent_microusd__gt=0).order_by("date")
    return dict(rows.values_list("date", "spent_microusd"))


def books(begins: datetime.date, ends: datetime.date) -> tuple[list[DayCost], list[Envelope]]:
    """Every date of the span, the first to the last, and the envelopes of this moment. Two reads."""
    now = hours.here()
    today, tonight = now.date(), hours.night_of(now) or now.date()
    wanted = Q(date__gte=begins, date__lte=ends) | Q(date__in=[today, tonight])
    rows = {row.date: row for row in Day.objects.filter(wanted)}
    said = {row.scope: row for row in Allowance.objects.all()}
    dates = [begins + datetime.timedelta(days=number) for number in range((ends - begins).days + 1)]
    days = [rows.get(date) or Day(date=date) for date in dates]
    return [DayCost(row.date, row.spent_microusd, row.night_spent_microusd) for row in days], [
        _night(rows.get(tonight) or Day(), said, is_running=hours.night_of(now) is not None),
        _day(rows.get(today) or Day(), said),
    ]


def split(begins: datetime.datetime, ends: datetime.datetime) -> Split:
    """The three tables of a span. One read, whatever there is in it."""
    sums = {"cost": Sum("cost_microusd"), "open": Sum("unconfirmed_microusd"), "number": Count("id")}
    sums["blank"] = Count("id", filter=Q(cost_unknown=True))
    named = _runs(begins, ends).order_by().values("model", "agent", name=F("client__name"))
    found: Any = named.annotate(**sums)
    rows = [(row, Spent("", row["cost"], row["open"], row["number"], row["blank"])) for row in found]
    return Split(
        sum((spent for _, spent in rows), Spent("", 0, 0, 0)),
        _table((row["name"] or "", spent) for row, spent in rows),
        _table((row["agent"], spent) for row, spent in rows),
        _table((row["model"], spent) for row, spent in rows),
    )


def by_client(begins: datetime.datetime, ends: datetime.datetime) -> list[Spent]:
    """The dearest first."""
    return split(begins, ends).by_client


def by_agent(begins: datetime.datetime, ends: datetime.datetime) -> list[Spent]:
    """The dearest first; planning is the orchestrator's."""
    return split(begins, ends).by_agent


def by_model(begins: datetime.datetime, ends: datetime.datetime) -> list[Spent]:
    """The dearest first."""
    return split(begins, ends).by_model


def by_task(job: Job) -> dict[int | None, int]:
    """Task -> what its Runs cost; None: planning."""
    rows = Run.objects.filter(job=job).order_by().values_list("task").annotate(cost=Sum("cost_microusd"))
    return dict(rows)


def of_night(date: datetime.date) -> int:
    """What the night before this morning cost, as its envelope has it."""
    return Day.objects.filter(pk=date).values_list("night_spent_microusd", flat=True).first() or 0


def night_by_client(date: datetime.date) -> list[Spent]:
    """The clients of the night before this morning, the dearest first."""
    return by_client(*hours.bounds(date))


def saved_in(job: Job) -> Saved:
    """What the cache and the night lane saved in one job."""
    return _saved(Turn.objects.filter(job=job))


def saved_between(begins: datetime.datetime, ends: datetime.datetime) -> Saved:
    """What they saved in all turns of this time."""
    return _saved(Turn.objects.filter(created_at__gte=begins, created_at__lt=ends))


def _runs(begins: datetime.datetime, ends: datetime.datetime) -> QuerySet[Run]:
    return Run.objects.filter(started_at__gte=begins, started_at__lt=ends)


def _table(parts: Iterable[tuple[str, Spent]]) -> list[Spent]:
    """One line a name, the dearest first."""
    sums: dict[str, Spent] = {}
    for name, spent in parts:
        sums[name] = sums.get(name, Spent(name, 0, 0, 0)) + spent
    return sorted(sums.values(), key=lambda line: (-line.microusd, line.name))


def _night(row: Day, said: dict[str, Allowance], *, is_running: bool) -> Envelope:
    taken = {"spent": row.night_spent_microusd, "reserved": row.night_reserved_microusd}
    return _envelope(said.get("night") or Allowance(scope="night"), settings.NIGHT_BUDGET, is_running, taken)


def _day(row: Day, said: dict[str, Allowance]) -> Envelope:
    taken = {"spent": row.spent_microusd, "reserved": row.reserved_microusd}
    return _envelope(said.get("day") or Allowance(scope="day"), settings.DAILY_BUDGET, True, taken)


def _envelope(word: Allowance, usual: int, is_running: bool, taken: dict[str, int]) -> Envelope:
    return Envelope(
        scope=word.scope,
        is_running=is_running,
        most=usual if word.microusd is None else word.microusd,
        usual=usual,
        version=word.version,
        is_set=word.microusd is not None,
        changed_by=word.changed_by,
        changed_at=word.changed_at,
        **taken,
    )


def _saved(turns: QuerySet[Turn]) -> Saved:
    sums: dict[str, int | None] = turns.aggregate(
        spent=Sum("cost_microusd"), by_cache=Sum("cache_saved_microusd"), by_batch=Sum("batch_saved_microusd")
    )
    return Saved(**{name: value or 0 for name, value in sums.items()})


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole > 0 else 0
