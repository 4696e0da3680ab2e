"""The only guarded write of a state."""

from typing import Any

from django.db import connection
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from jobs import events, terms
from jobs.lifecycle import notice
from jobs.models import Delivery, Job, Review, Run, Task
from jobs.states import is_legal


class IllegalMove(Exception):
    """The state machine has no such move; the message names both states."""


class LostRace(Exception):
    """The row was moved by someone else in the meantime: nothing was written."""


def move(
    row: Job | Task | Run | Review | Delivery,
    to: str,
    *,
    event: str,
    by: str,
    where: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Move the row to `to` if it still stands where `row` says and meets `where`; append `event`.

    Raises IllegalMove or LostRace; the caller's transaction then rolls back. `row` is brought up to date.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a move needs the transaction of its verb")
    source = row.state
    if not is_legal(row.NOUN, source, to):
        words = {"row": terms.row(row.NOUN), "source": terms.state(source), "to": terms.state(to)}
        raise IllegalMove(capfirst(_("%(row)s cannot go from “%(source)s” to “%(to)s”.") % words))
    still_there = type(row).objects.filter(pk=row.pk, state=source, **(where or {}))
    if still_there.update_state(state=to, **changes) != 1:
        words = {"row": terms.row(row.NOUN), "state": terms.state(source)}
        said = _("%(row)s is not “%(state)s” any more: it was decided or moved in the meantime.") % words
        raise LostRace(capfirst(said))
    for name, value in {"state": to, **changes}.items():
        setattr(row, name, value)
    notice.tell(
        event,
        actor=by,
        noun=row.NOUN,
        row=row.pk,
        job_id=events.job_id_of(row),
        source=source,
        to=to,
        data=data,
    )
