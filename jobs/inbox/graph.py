"""The plan of a job as a small picture: a circle for each step, and a line from what it needs."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from jobs.inbox.wording import agent_word, state_word
from jobs.models import Task

# Where circles stand, in pixels of the SVG.
_COLUMN, _ROW, _RADIUS, _EDGE = 92, 64, 16, 48
_LABEL_BELOW = 32


@dataclass(frozen=True)
class Node:
    """A step's circle. `says` is what the picture tells of it in words."""

    position: int
    state: str
    x: int
    y: int
    label_y: int
    says: str


@dataclass(frozen=True)
class Graph:
    """Circles, and the paths between them as SVG writes them."""

    nodes: list[Node]
    paths: list[str]
    width: int
    height: int
    radius: int = _RADIUS

    @property
    def says(self) -> str:
        """The whole plan in words."""
        return " ".join(node.says for node in self.nodes)


def draw(tasks: Sequence[Task]) -> Graph:
    """The plan: what needs nothing stands left, everything else right of what it needs."""
    columns = _columns(tasks)
    rows: dict[int, int] = {}
    places: dict[int, tuple[int, int]] = {}
    for task in tasks:
        column = columns[task.position]
        row = rows[column] = rows.get(column, -1) + 1
        places[task.position] = (_EDGE + column * _COLUMN, _RADIUS + 4 + row * _ROW)
    nodes = [Node(task.position, task.state, *_spot(places[task.position]), says=_says(task)) for task in tasks]
    paths = [_path(places[need], places[task.position]) for task in tasks for need in task.needs if need in places]
    width = 2 * _EDGE + max(columns.values(), default=0) * _COLUMN
    height = 2 * _RADIUS + 8 + max(rows.values(), default=0) * _ROW + _LABEL_BELOW - _RADIUS
    return Graph(nodes, paths, width, height)


def _columns(tasks: Sequence[Task]) -> dict[int, int]:
    """Position -> column: one more than the last of what it needs. A plan has no cycle, and names only its own."""
    found: dict[int, int] = {}
    for task in sorted(tasks, key=lambda task: task.position):
        found[task.position] = max((found[need] + 1 for need in task.needs if need in found), default=0)
    return found


def _spot(place: tuple[int, int]) -> tuple[int, int, int]:
    x, y = place
    return x, y, y + _LABEL_BELOW


def _path(begin: tuple[int, int], end: tuple[int, int]) -> str:
    (x1, y1), (x2, y2) = begin, end
    x1, x2 = x1 + _RADIUS, x2 - _RADIUS
    middle = (x1 + x2) // 2
    return f"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}"


def _says(task: Task) -> str:
    after = ", ".join(map(str, task.needs))
    needs = _(", after step %s") % after if after else ""
    known = {
        "number": task.position,
        "agent": agent_word(task.agent),
        "needs": needs,
        "state": state_word(task.state),
    }
    return _("Step %(number)d: %(agent)s%(needs)s, %(state)s.") % known
