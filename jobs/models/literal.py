"""Conditions whose values stand in the statement itself, not beside it.

SQLite takes a partial index only for a statement that says the index's own condition; with values beside the
statement it cannot see that it does, and reads the whole table instead. PostgreSQL sees it either way.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import BooleanField, F, Func


def among(column: str, values: Iterable[str]) -> Func:
    """Whether the column is one of these, in the order in which Django writes `Q(column__in=sorted(values))`."""
    words = ", ".join(map(_quoted, sorted(values)))
    return Func(F(column), template=f"%(expressions)s IN ({words})", output_field=BooleanField())


def other_than(column: str, value: str) -> Func:
    """That the column is anything but this, as Django writes `~Q(column=value)`, where that follows from the rest.

    PostgreSQL is not told: it sees that by itself, and would take the rows for rarer than they are.
    """
    return _Implied(F(column), template=f"NOT (%(expressions)s = {_quoted(value)})", output_field=BooleanField())


class _Implied(Func):
    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return "TRUE", []


def _quoted(value: str) -> str:
    """A word of our own: what came from outside has no place in a statement."""
    if not str(value).isidentifier():
        raise ValueError(f"{value!r} is no word of jobs/states.py")
    return f"'{value!s}'"
