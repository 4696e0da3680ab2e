"""What a benchmark says: one JSON line a figure."""

import json
import math
import operator
import statistics
import sys
from collections.abc import Callable, Sequence

from django.db import connection

_COMPARE: dict[str, Callable[[float, float], bool]] = {"<=": operator.le, ">=": operator.ge, "==": operator.eq}


def say(
    bench: str,
    *,
    value: float,
    unit: str,
    limit: float | None = None,
    limit_what: str = "",
    goal: str = "",
    **more: object,
) -> None:
    """Print one figure. `ratio` is value by limit; `goal` reads "value <= 50" or "ratio >= 0.5", empty for none."""
    ratio = round(value / limit, 3) if limit else None
    line = {
        "bench": bench,
        "database": connection.vendor,
        "value": _short(value),
        "unit": unit,
        "limit": None if limit is None else _short(limit),
        "limit_what": limit_what,
        "ratio": ratio,
        "goal": goal,
        "met": _met(goal, value=value, ratio=ratio),
    }
    write(line | more)


def skip(bench: str, reason: str) -> None:
    """Say why a figure cannot be measured here."""
    write({"bench": bench, "database": connection.vendor, "skipped": reason})


def write(line: dict[str, object]) -> None:
    """One JSON line, at once."""
    sys.stdout.write(f"{json.dumps(line)}\n")
    sys.stdout.flush()


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def _met(goal: str, *, value: float, ratio: float | None) -> bool | None:
    if not goal:
        return None
    what, comparison, bound = goal.split()
    measured = value if what == "value" else ratio
    return measured is not None and _COMPARE[comparison](measured, float(bound))


def _short(value: float) -> float:
    return round(value, 3) if abs(value) < 100 else round(value)
