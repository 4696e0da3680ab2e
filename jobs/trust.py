"""How carefully is approved, and how good the drafts are: the rubber-stamp meter, computed from the decisions.

Only an approval on its page with the script running is measured: for how long its item had been in view, and
whether its end had been. What was decided in Slack, by the API or without the script counts as not measured.
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from jobs.models import Review
from jobs.states import ReviewKind, ReviewState

# So much is looked at: decisions of so many days, the latest so many of them.
DAYS = 90
MOST = 500
# An approval after less is a stamp rather than a reading.
QUICK_MS = 4_000
# So many drafts in a row as they came, and their agent has earned the question.
ENOUGH = 20
# The drafts that are counted. Both wait for a person by the policy, whatever their agent has earned.
KINDS = (ReviewKind.MESSAGE, ReviewKind.MERGE)
_JUDGED = [ReviewState.APPROVED, ReviewState.DECLINED, ReviewState.REVISING, ReviewState.SUPERSEDED]


@dataclass(frozen=True)
class Drafts:
    """What became of an agent's drafts. `in_a_row` of the latest were approved as they came."""

    agent: str
    number: int
    edits: int
    as_it_came: int
    sent_back: int
    declined: int
    in_a_row: int
    kinds: frozenset[str] = frozenset()  # of the items that its drafts were: all of them gated

    @property
    def edits_per_draft(self) -> float:
        """How often a person changed a draft, on average."""
        return self.edits / self.number

    @property
    def has_earned(self) -> bool:
        """Whether its latest drafts all went as they came."""
        return self.in_a_row >= ENOUGH


@dataclass(frozen=True)
class Meter:
    """Approvals of the last days. Shares are of the measured ones; None where none was measured."""

    approvals: int = 0
    measured: int = 0
    median_seconds: float | None = None
    quick_percent: int | None = None
    unread_percent: int | None = None
    drafts: list[Drafts] = field(default_factory=list)


def meter(now: datetime.datetime) -> Meter:
    """The latest decisions. One read, however many there are."""
    since = now - datetime.timedelta(days=DAYS)
    rows = Review.objects.filter(decided_at__gte=since, kind__in=KINDS)
    rows = rows.filter(state__in=_JUDGED).order_by("-decided_at")
    columns = ("kind", "state", "note", "edits", "looked_ms", "read_whole", "task__agent")
    return read(list(rows.values(*columns)[:MOST]))


def read(decided: Sequence[dict[str, Any]]) -> Meter:
    """The meter of these decisions, the latest first."""
    approved = [row for row in decided if row["state"] == ReviewState.APPROVED]
    looked = [row["looked_ms"] for row in approved if row["looked_ms"] is not None]
    whole = [row["read_whole"] for row in approved if row["read_whole"] is not None]
    return Meter(
        approvals=len(approved),
        measured=len(looked),
        median_seconds=median(looked) / 1000 if looked else None,
        quick_percent=_percent(sum(ms < QUICK_MS for ms in looked), len(looked)),
        unread_percent=_percent(whole.count(False), len(whole)),
        drafts=_by_agent(decided),
    )


def _by_agent(decided: Sequence[dict[str, Any]]) -> list[Drafts]:
    """Agents by the number of their drafts; what was closed by other means than a judgement is left out."""
    ends: dict[str, list[str]] = defaultdict(list)
    kinds: dict[str, set[str]] = defaultdict(set)
    edits: Counter[str] = Counter()
    for row in decided:
        agent, end = row["task__agent"], _end(row)
        if agent and end:
            ends[agent].append(end)
            kinds[agent].add(row["kind"])
            edits[agent] += row["edits"]
    found = [_drafts(agent, ends[agent], edits[agent], kinds[agent]) for agent in ends]
    return sorted(found, key=lambda drafts: (-drafts.number, drafts.agent))


def _end(row: dict[str, Any]) -> str:
    """What a person made of the draft: as it came, edited, sent back or declined; empty if nobody judged it."""
    if row["state"] == ReviewState.APPROVED:
        return "edited" if row["edits"] else "as it came"
    if row["state"] == ReviewState.DECLINED:
        return "declined"
    # A revision closes the item that it replaces; that one keeps the note.
    return "sent back" if row["note"] else ""


def _drafts(agent: str, ends: list[str], edits: int, kinds: set[str]) -> Drafts:
    number = Counter(ends)
    in_a_row = next((place for place, end in enumerate(ends) if end != "as it came"), len(ends))
    return Drafts(
        agent=agent,
        number=len(ends),
        edits=edits,
        as_it_came=number["as it came"],
        sent_back=number["sent back"],
        declined=number["declined"],
        in_a_row=in_a_row,
        kinds=frozenset(kinds),
    )


def _percent(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole else None
