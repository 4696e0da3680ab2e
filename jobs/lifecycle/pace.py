"""The pace: how many jobs a rule, a sender and a source may begin within an hour. What comes faster waits its turn.

Nothing is refused and nothing dropped: the job is there, says what it waits for, and begins by itself once there is
room. A flood costs no more than its pace, and one item in the inbox tells of it.
"""

import contextlib
import datetime
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import dispatch
from jobs.lifecycle import alarm, desk
from jobs.lifecycle.job import cancel, lock, tell
from jobs.lifecycle.moves import IllegalMove
from jobs.models import Job, Review, Trigger
from jobs.states import JobState, ReviewKind, ReviewState

_BY = "pace"
_HOUR = datetime.timedelta(hours=1)
# A person who ends a flood waits for no more than this many at once.
_ENDED_AT_ONCE = 500
# A flood that goes on is told of once a day.
_TOLD_FOR = datetime.timedelta(days=1)

# Plain SQL: when the first of the last so many began. Each part reads as many rows of its index as the pace allows.
_NTH = "(SELECT let_in_at FROM jobs_job WHERE {0} = %s AND let_in_at > %s ORDER BY 1 DESC LIMIT 1 OFFSET %s)"
_FIRST_OF_LAST: dict[tuple[str, ...], str] = {
    columns: f"SELECT {', '.join(map(_NTH.format, columns))}"
    for columns in (("trigger_id", "sender", "source"), ("trigger_id", "source"))
}

# Column, value, pace -> until when it is full for sure: what has begun stays within its hour, whatever comes. So
# only the first event of a flood has to ask.
_full_until: dict[tuple[str, Any, int], datetime.datetime] = {}
_MOST_KNOWN = 1_000


def name_of(source: str, sender: str) -> str:
    """A sender within its source; empty where nobody said who they are."""
    return f"{source} {sender}" if sender else ""


def of_rule(trigger: Trigger) -> int:
    """How many jobs of the rule may begin within an hour."""
    return trigger.most_an_hour or int(settings.PACE["rule"])


def waits_for(trigger: Trigger, source: str, sender: str) -> str:
    """Why a new job of this rule waits for its turn; empty if it may begin."""
    scopes: dict[str, tuple[Any, int]] = {"trigger_id": (trigger.pk, of_rule(trigger))}
    if sender:
        scopes["sender"] = (name_of(source, sender), settings.PACE["sender"])
    scopes["source"] = (source, settings.PACE["source"])
    full = _known_full(scopes) or _ask(scopes)
    if not full:
        return ""
    rule = _("the rule “%(name)s”") % {"name": trigger.name}
    who = {"trigger_id": rule, "sender": sender[:80], "source": source}[full]
    return _("It waits for its turn: %(who)s begins %(number)d jobs an hour.") % {
        "who": who,
        "number": scopes[full][1],
    }


def _known_full(scopes: dict[str, tuple[Any, int]]) -> str:
    now = timezone.now()
    known = (
        column for column, (value, most) in scopes.items() if _full_until.get((column, value, most), now) > now
    )
    return next(known, "")


def _ask(scopes: dict[str, tuple[Any, int]]) -> str:
    """The first of these that is full; until when, is known from now on."""
    own = connections[DEFAULT_DB_ALIAS]
    since = own.ops.adapt_datetimefield_value(timezone.now() - _HOUR)
    asked: list[Any] = [part for value, most in scopes.values() for part in (value, since, most - 1)]
    with own.cursor() as cursor:
        cursor.execute(_FIRST_OF_LAST[tuple(scopes)], asked)
        began = dict(zip(scopes, cursor.fetchone(), strict=True))
    full = [column for column, moment in began.items() if moment is not None]
    if len(_full_until) > _MOST_KNOWN:
        _full_until.clear()
    _full_until.update({(column, *scopes[column]): _aware(began[column]) + _HOUR for column in full})
    return full[0] if full else ""


def _aware(moment: datetime.datetime) -> datetime.datetime:
    """SQLite keeps no zone: its times are in UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def waiting(trigger_id: int) -> int:
    """How many jobs of the rule wait for their turn."""
    return _waiting_of(trigger_id).count()


def keep() -> list[Job]:
    """Let in what there is room for, of each rule the oldest first; tell of floods, and of their end."""
    let_in = [job for pk in _held_up() for job in _let_in(Trigger.objects.get(pk=pk))]
    _tell_of_floods()
    return let_in


def let_all_in(trigger_id: int, *, by: str) -> int:
    """All of a rule's waiting jobs may begin at once; return how many. Inside a transaction."""
    jobs = list(_waiting_of(trigger_id).select_for_update(of=("self",), no_key=True))
    return sum(_begin(job, by=by) for job in jobs)


def end_waiting(trigger: Trigger, *, by: str) -> int:
    """End what of the rule waits for its turn, the oldest first, as much as a person waits for; return how many."""
    ended = 0
    for job in _waiting_of(trigger.pk)[:_ENDED_AT_ONCE]:
        with contextlib.suppress(IllegalMove):  # ended by somebody else in the meantime
            cancel(job, by=by, reason=_("It came faster than its rule begins jobs, and was not wanted."))
            ended += 1
    return ended


def _waiting() -> QuerySet[Job]:
    return Job.objects.filter(~Q(source=""), let_in_at__isnull=True, state=JobState.PENDING).order_by("id")


def _waiting_of(trigger_id: int) -> QuerySet[Job]:
    """Found among the jobs that are pending: led by the rule, a database reads every job that it ever opened."""
    return _waiting().alias(of=F("trigger") + 0).filter(of=trigger_id)


def _held_up() -> set[int]:
    """The rules whose jobs wait."""
    return {pk for pk in _waiting().order_by().values_list("trigger_id", flat=True).distinct() if pk}


def _let_in(trigger: Trigger) -> list[Job]:
    """As many of the rule's waiting jobs as there is room for, passing over senders who have begun enough."""
    rows, let_in, full = _waiting_of(trigger.pk), list[Job](), set[str]()
    while job := rows.exclude(sender__in=full).first():
        if _room(job.source, "source") <= 0 or _room_of(trigger) <= 0:
            break
        if job.sender and _room(job.sender, "sender") <= 0:
            full.add(job.sender)
            continue
        with transaction.atomic():
            if _begin(job, by=_BY):
                let_in.append(job)
    return let_in


def _room_of(trigger: Trigger) -> int:
    return of_rule(trigger) - _begun().filter(trigger=trigger).count()


def _room(value: str, scope: str) -> int:
    begun: int = _begun().filter(**{scope: value}).count()
    return settings.PACE[scope] - begun


def _begun() -> QuerySet[Job]:
    return Job.objects.filter(let_in_at__gt=timezone.now() - _HOUR)


def _begin(job: Job, *, by: str) -> bool:
    now = timezone.now()
    mine = _waiting().filter(pk=job.pk)
    if not mine.update(let_in_at=now, ready_at=now, reason=""):
        return False
    tell("job.resumed", job, by=by, data={})
    dispatch.wake(dispatch.AGENTS)
    return True


def _tell_of_floods() -> None:
    """One item a rule while jobs of it wait; it goes away by itself with the last of them."""
    for item in Review.objects.filter(kind=ReviewKind.ALARM, state=ReviewState.OPEN, payload__alarm=alarm.FLOOD):
        if not _waiting_of(item.payload["trigger"]).exists():
            with transaction.atomic():
                desk.take_back(item, by=_BY, note=_("All of them have begun."))
    for pk in _held_up():
        if not _told(pk).exists():
            _tell(pk)


def _told(trigger_id: int) -> QuerySet[Review]:
    lately = Q(state=ReviewState.OPEN) | Q(created_at__gt=timezone.now() - _TOLD_FOR)
    mine = {"kind": ReviewKind.ALARM, "payload__alarm": alarm.FLOOD, "payload__trigger": trigger_id}
    return Review.objects.filter(lately, **mine).exclude(state=ReviewState.SUPERSEDED)


def _tell(trigger_id: int) -> None:
    rows = _waiting_of(trigger_id)
    with transaction.atomic():
        first = rows.select_related("trigger").first()
        if first is None or first.trigger is None:
            return
        lock(first.pk)
        # Another clock may have told it while this one waited for the row.
        if not _told(trigger_id).exists():
            columns = alarm.flood(first.trigger, rows.count(), first.reason)
            desk.raise_item(columns, priority=first.priority)
