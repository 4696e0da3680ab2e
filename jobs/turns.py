"""Whose turn it is: clients with something that is ready are served one after the other, however much each has.

A process goes round by itself: it remembers the client that it served last, and takes the next one in the index.
So nothing is written for it, and a turn costs a few look-ups in the index, whatever the number of rows. What is
for nobody in particular is one client's, known by 0.
"""

from dataclasses import dataclass

from django.db import connection

CLIENT = "COALESCE(client_id, 0)"

# The literals let the planner use the partial indexes; the order by the column that they are sorted by, too.
_PENDING = "FROM {table} WHERE state = 'pending' AND priority = {priority} AND {client}"
_FOLLOWING = "(SELECT {client} {pending} > {after} ORDER BY {client} LIMIT 1)"
# The oldest row of a client says whether it has any that is ready; a plain EXISTS would be hashed over all clients.
_IS_READY = "(SELECT ready_at {pending} = turns.client{also} ORDER BY ready_at LIMIT 1) <= {now}"
_EITHER = "(SELECT MIN(client) FROM ({found}) AS either)"
_ROUND = """
{name}(client) AS (
    SELECT {first} UNION ALL SELECT {following} FROM {name} WHERE {name}.client IS NOT NULL
)"""
_NEXT = """
WITH RECURSIVE {behind}, {again}
SELECT client, CASE {which} END
FROM (SELECT client FROM behind UNION ALL SELECT client FROM again) AS turns
WHERE client IS NOT NULL AND ({ready}) LIMIT 1
"""


@dataclass(frozen=True)
class Ring:
    """What clients take turns for: the rows of these tables, of one client the first table's first.

    `also` is what else makes a row ready, in SQL; it begins with AND.
    """

    tables: tuple[str, ...]
    also: str = ""


# What was begun goes before what has to be planned.
WORK = Ring(("jobs_task", "jobs_job"))
# What goes to a target that is left in peace is not next.
EFFECTS = Ring(
    ("jobs_delivery",),
    also=" AND NOT EXISTS (SELECT 1 FROM jobs_breaker WHERE target = jobs_delivery.target AND until IS NOT NULL)",
)

# What is served and its priority -> the client that this process served last.
_last: dict[tuple[Ring, int], int] = {}


@dataclass(frozen=True)
class Turn:
    """A client with something that is ready, and the table that it lies in."""

    client: int
    table: str


def take(ring: Ring, priority: int, now: str) -> Turn | None:
    """The turn that comes next in this process, which counts as had; None when nothing of the priority is ready.

    `now` is the database's clock in SQL.
    """
    turn = _look(ring, priority, now)
    if turn:
        _last[ring, priority] = turn.client
    return turn


def is_anything_ready(ring: Ring, priority: int, now: str) -> bool:
    """Whether anybody has something of this priority that is ready; nobody's turn passes."""
    return _look(ring, priority, now) is not None


def _look(ring: Ring, priority: int, now: str) -> Turn | None:
    ready = {
        table: _IS_READY.format(pending=_pending(table, priority), also=ring.also, now=now) for table in ring.tables
    }
    statement = _NEXT.format(
        behind=_round(ring, "behind", priority, str(_last.get((ring, priority), -1))),
        again=_round(ring, "again", priority, "-1"),
        which=" ".join(f"WHEN {is_ready} THEN '{table}'" for table, is_ready in ready.items()),
        ready=" OR ".join(ready.values()),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    return Turn(client=row[0], table=row[1]) if row else None


def _round(ring: Ring, name: str, priority: int, after: str) -> str:
    """The clients with pending rows behind one of them, in their order."""
    first, following = _following(ring, priority, after), _following(ring, priority, f"{name}.client")
    return _ROUND.format(name=name, first=first, following=following)


def _following(ring: Ring, priority: int, after: str) -> str:
    """The next client with pending rows in any of the tables."""
    found = " UNION ALL ".join(
        "SELECT " + _FOLLOWING.format(client=CLIENT, pending=_pending(table, priority), after=after) + " AS client"
        for table in ring.tables
    )
    return _EITHER.format(found=found)


def _pending(table: str, priority: int) -> str:
    return _PENDING.format(table=table, priority=priority, client=CLIENT)
