"""What was spent, and what was saved: by day, client, agent, task and night. Micro-USD, computed from the rows.

A cost counts for the time at which its Run began. `unconfirmed` is the part that nobody has confirmed: calls
without an answer, at the most that they can have cost.
"""

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from jobs import hours
from jobs.models import Day, Job, Run, Turn


@dataclass(frozen=True)
class Spent:
    """One line of a table of costs; `name` is the client's, the agent's or the model's, empty for our own work."""

    name: str
    microusd: int
    unconfirmed: int
    runs: int


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


def by_client(begins: datetime.datetime, ends: datetime.datetime) -> list[Spent]:
    """The dearest first."""
    return _table(_runs(begins, ends), F("job__client__name"))


def by_agent(begins: datetime.datetime, ends: datetime.datetime) -> list[Spent]:
    """The dearest first; planning is the orchestrator's."""
    return _table(_runs(begins, ends), Coalesce(F("task__agent"), Value("orchestrator")))


def by_model(begins: datetime.datetime, ends: datetime.datetime) -> list[Spent]:
    """The dearest first."""
    return _table(_runs(begins, ends), F("model"))


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


def _table(runs: QuerySet[Run], name: Any) -> list[Spent]:
    sums = {"cost": Sum("cost_microusd"), "open": Sum("unconfirmed_microusd"), "number": Count("id")}
    rows: Any = runs.order_by().values(name=name).annotate(**sums)
    lines = [Spent(row["name"] or "", row["cost"], row["open"], row["number"]) for row in rows]
    return sorted(lines, key=lambda line: (-line.microusd, line.name))


def _saved(turns: QuerySet[Turn]) -> Saved:
    sums: dict[str, int | None] = turns.aggregate(
        spent=Sum("cost_microusd"), by_cache=Sum("cache_saved_microusd"), by_batch=Sum("batch_saved_microusd")
    )
    return Saved(**{name: value or 0 for name, value in sums.items()})


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole > 0 else 0
