"""Verbs of an event that arrives: it is taken in at once, or kept in the spool while nobody can write the database.

A database with one writer (SQLite) makes everybody wait for a backup or a long migration, and a sender like Slack
waits three seconds. So an event that does not get its turn in a moment becomes a file, its sender is answered, and
whoever comes next takes it in: the next event, or the sweep. A database with many writers needs none of this.
"""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections, transaction

from jobs import spool
from jobs.lifecycle import alarm, desk, feedback, intake, returned
from jobs.lifecycle.artifact import File
from jobs.lifecycle.feedback import News
from jobs.lifecycle.intake import Accepted, Inbound
from jobs.lifecycle.returned import Returned
from jobs.models import Review, Trigger
from jobs.states import ReviewKind

# So long an event waits for its turn to write, and for what came before it.
PATIENCE_SECONDS = 0.15
_WORDS = ("source", "external_id", "kind", "sender", "summary", "data", "address", "origin", "answers")
_FOLLOWS: dict[str, type[Returned] | type[News]] = {"returned": Returned, "news": News}
_taking_in = threading.Lock()

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Arrival:
    """An event and the rules that it met; why others could not be asked, and what else it means."""

    inbound: Inbound
    triggers: Sequence[Trigger]
    problems: Mapping[str, str] = field(default_factory=dict)
    follow: Returned | News | None = None


@dataclass(frozen=True)
class Waiting:
    """An event that is kept for good, and whose receipt is still to come: it has no number and no jobs yet."""

    arrival: Arrival


def keep(arrival: Arrival) -> Accepted:
    """Commit the event's receipt with all that it opens, however long that takes. Raises as `intake.accept`."""
    if arrival.follow is None:
        return intake.accept(arrival.inbound, arrival.triggers, problems=arrival.problems)
    # Both are kept, or neither: what its sender sends again is taken as if it came the first time.
    with transaction.atomic():
        accepted = intake.accept(arrival.inbound, arrival.triggers, problems=arrival.problems)
        if accepted.is_new:
            _follow(arrival.follow, source=arrival.inbound.source)
    return accepted


def receive(arrival: Arrival) -> Accepted | Waiting:
    """Keep the event in a moment: as a receipt, or, while another process writes, in the spool.

    While earlier ones wait, a new one takes them in first, or waits behind them: their order stays. Raises as
    `intake.accept`; where the spool takes no more, the sender waits as with `keep`.
    """
    if not _may_wait(arrival.inbound):
        return keep(arrival)
    ends = time.monotonic() + PATIENCE_SECONDS
    try:
        if spool.is_empty() or _take_in(ends=ends):
            with _hurried(ends - time.monotonic()):
                return keep(arrival)
    except OperationalError as error:
        if not _is_locked(error):
            raise
    return intake.repeat_of(arrival.inbound) or _put(arrival) or keep(arrival)


def take_in(*, patience: float = PATIENCE_SECONDS) -> bool:
    """Take in what waits in the spool, the oldest first, until the database cannot be had for so long.

    False if something still waits. One that cannot be taken in raises an item, is set aside, and keeps no other.
    """
    spool.tidy()
    return spool.is_empty() or _take_in(patience=patience)


def _may_wait(inbound: Inbound) -> bool:
    """Not where the answer is what counts, where a proof is good for one event only, nor inside a transaction."""
    own = connections[DEFAULT_DB_ALIAS]
    return hasattr(own, "hurried") and not (inbound.is_test or inbound.token or own.in_atomic_block)


def _hurried(seconds: float) -> AbstractContextManager[None]:
    """Within, OperationalError for a transaction that does not get its turn in time, where there are turns."""
    own: Any = connections[DEFAULT_DB_ALIAS]
    return own.hurried(seconds) if hasattr(own, "hurried") else nullcontext()


def _is_locked(error: OperationalError) -> bool:
    return "database is locked" in str(error)


def _put(arrival: Arrival) -> Waiting | None:
    """Write the event into the spool; None if that takes no more."""
    inbound = arrival.inbound
    head = {
        "inbound": {name: getattr(inbound, name) for name in _WORDS} | {"headers": dict(inbound.headers)},
        "files": [[file.kind, file.name, file.media_type] for file in inbound.files],
        "triggers": [trigger.pk for trigger in arrival.triggers],
        "problems": dict(arrival.problems),
        "follow": _told(arrival.follow),
    }
    parts = [inbound.body, *(file.content for file in inbound.files)]
    try:
        spool.put(head, parts, identity=f"{inbound.source}:{inbound.external_id}")
    except (spool.Full, OSError) as error:
        log.warning("an event from %s waits for the database, not in the spool: %s", inbound.source, error)
        return None
    return Waiting(arrival)


def _told(follow: Returned | News | None) -> dict[str, Any] | None:
    if follow is None:
        return None
    return {"what": next(name for name, known in _FOLLOWS.items() if isinstance(follow, known)), **asdict(follow)}


def _take_in(*, patience: float = PATIENCE_SECONDS, ends: float | None = None) -> bool:
    """Take in what waits, in its order; one thread of a process does it, the others wait for that.

    `ends` is for who has only so much time for all of it. Two processes may take the same one: one receipt.
    """
    if not _taking_in.acquire(timeout=patience):
        return False
    try:
        skipped: set[Path] = set()
        while files := [path for path in spool.waiting() if path not in skipped]:
            for path in files:
                left = patience if ends is None else ends - time.monotonic()
                if left <= 0:
                    return False
                if not _take(path, patience=left):
                    skipped.add(path)
        return True
    except OperationalError as error:
        if not _is_locked(error):
            log.exception("what waits in the spool cannot be taken in now")
        return False
    finally:
        _taking_in.release()


def _take(path: Path, *, patience: float) -> bool:
    """Take in one event; its file goes only when its receipt is committed. False if it has to stay for now."""
    try:
        arrival = _read(path)
        with _hurried(patience):
            keep(arrival)
    except FileNotFoundError:
        return True  # somebody else was first
    except OperationalError:
        raise
    except (InterfaceError, intake.NotStored):
        log.exception("an event in the spool cannot be kept now")
        return False
    except Exception as error:
        log.exception("an event in the spool cannot be taken in")
        _set_aside(path, error)
    else:
        spool.remove(path)
    return True


def _read(path: Path) -> Arrival:
    """The event as it arrived; of its rules, those that still stand. Raises spool.Broken."""
    head, (body, *contents) = spool.read(path)
    named = zip(head["files"], contents, strict=True)
    files = [File(kind, name, media_type, content) for (kind, name, media_type), content in named]
    inbound = Inbound(**head["inbound"], body=body, files=files, arrived_at=spool.arrived_at(path))
    rules = Trigger.objects.filter(enabled=True).in_bulk(head["triggers"])
    met = [rules[pk] for pk in head["triggers"] if pk in rules]
    return Arrival(inbound, met, head["problems"], _follow_of(head["follow"]))


def _follow_of(told: dict[str, Any] | None) -> Returned | News | None:
    return _FOLLOWS[told.pop("what")](**told) if told else None


def _follow(follow: Returned | News, *, source: str) -> None:
    if isinstance(follow, Returned):
        returned.take(follow, by=source)
    else:
        feedback.take(follow, source=source)


def _set_aside(path: Path, error: Exception) -> None:
    """Tell a person, once; then nobody tries it again."""
    kept = spool.set_aside_name(path)
    is_told = Review.objects.filter(kind=ReviewKind.ALARM, payload__file=kept.name).exists()
    if not is_told:
        with transaction.atomic():
            desk.raise_item(alarm.unread(kept, arrived_at=spool.arrived_at(path), reason=str(error)))
    spool.set_aside(path)
