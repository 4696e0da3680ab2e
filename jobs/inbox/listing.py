"""The list of what waits: identical failures as one line, with a count and one retry."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from jobs import policy, stakes
from jobs.models import Review
from jobs.states import ReviewKind


@dataclass
class Line:
    """One line of the list: an item, and those that are the same failure of other jobs."""

    review: Review
    others: list[Review] = field(default_factory=list)

    @property
    def all(self) -> list[Review]:
        """Every item of the line."""
        return [self.review, *self.others]

    @property
    def size(self) -> int:
        """How many items it stands for."""
        return len(self.all)

    @property
    def priority(self) -> int:
        """The group that it stands in."""
        return self.review.priority

    @property
    def risk(self) -> str:
        """What stands out of it, in two or three words; empty where nothing does."""
        output = self.review.task.output if self.review.task else None
        return stakes.label(self.review.kind, output, self.review.payload)

    @property
    def is_safe(self) -> bool:
        """Whether it may be approved together with others."""
        return policy.is_safe(self.review.kind, self.review.payload)


def lines(rows: Iterable[Review]) -> list[Line]:
    """The rows in their order; a failure that is the same as one above it joins that one."""
    found: list[Line] = []
    failures: dict[tuple[object, ...], Line] = {}
    for row in rows:
        line = Line(row)
        if row.kind == ReviewKind.FAILURE and line.is_safe:
            same = (row.priority, row.payload.get("cause"), row.payload.get("fix"))
            if same in failures:
                failures[same].others.append(row)
                continue
            failures[same] = line
        found.append(line)
    return found


def line_of(found: Iterable[Line], review: Review | None) -> Line | None:
    """The line in which this item stands; None if it is not in the list."""
    return next((line for line in found if review and any(row.pk == review.pk for row in line.all)), None)
