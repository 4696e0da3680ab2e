"""Verbs of a notice: a Delivery that tells a target what happened. No job waits for it, and it waits for no review.

A notice with a card shows how something stands: it is made from the rows at the moment it is sent, so of several
only the last is worth sending. One without a card tells one event, and each is sent.
"""

import datetime
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, Subquery
from django.utils import timezone

from jobs import dispatch, events
from jobs.events import Line
from jobs.models import Delivery, Job
from jobs.states import DeliveryState, Priority

KIND = "notice"
_GOING_ON = (DeliveryState.SENDING, DeliveryState.UNKNOWN)
_A_MOMENT = datetime.timedelta(seconds=1)


def tell(
    name: str,
    *,
    actor: str,
    noun: str,
    row: int,
    job_id: int | None,
    source: str = "",
    to: str = "",
    data: dict[str, Any] | None = None,
) -> None:
    """Append one history line, and tell it to every target that asked for its name. Inside a transaction."""
    tell_all([Line(name, actor, noun, row, job_id, source, to, data)])


def tell_all(lines: Sequence[Line]) -> None:
    """As `tell`, of several lines at once."""
    for event, line in zip(events.append_all(lines), lines, strict=True):
        if line.noun != "delivery" or line.job_id is not None:  # else a notice of a notice, without end
            _notify(event, line)


def _notify(event: int, line: Line) -> None:
    said = f"{line.name}:{line.data['kind']}" if line.data and "kind" in line.data else line.name
    for target, wish in settings.NOTICES.items():
        if any(fnmatchcase(one, pattern) for one in {line.name, said} for pattern in wish["events"]):
            for card in _cards(wish["cards"], noun=line.noun, row=line.row, job_id=line.job_id):
                key = f"{target}:{card}:{event}"
                enter(target, key=key, card=card, fields={"event": event}, job_id=line.job_id)


def enter(
    target: str, *, key: str, card: str = "", fields: dict[str, Any] | None = None, job_id: int | None = None
) -> Delivery:
    """The notice with this key, which is made once however often it is asked for. Inside a transaction.

    It is sent when it is the turn of the job's client.
    """
    client = Job.objects.filter(pk=job_id).values("client") if job_id else None
    notice, made = Delivery.objects.get_or_create(
        key=key,
        defaults={
            "target": target,
            "client_id": Subquery(client) if client is not None else None,
            "kind": KIND,
            "card": card,
            "fields": fields or {},
            "priority": Priority.INTERNAL,
            "ready_at": timezone.now(),
        },
    )
    if made:
        dispatch.wake(dispatch.DELIVERIES)
    return notice


def is_overtaken(notice: Delivery) -> bool:
    """Whether a later notice shows the same card: what this one would say is old."""
    return _of_its_card(notice).filter(pk__gt=notice.pk).exclude(state=DeliveryState.CANCELLED).exists()


def waits_until(notice: Delivery) -> datetime.datetime | None:
    """When to try again while an earlier notice of the card is on its way or in doubt; None if there is none."""
    earlier = _of_its_card(notice).filter(pk__lt=notice.pk, state__in=_GOING_ON).order_by("-ready_at").first()
    if earlier is None:
        return None
    return max(earlier.ready_at, timezone.now()) + _A_MOMENT


def last_shown(notice: Delivery) -> Delivery | None:
    """The latest notice of the same card that arrived: what the target shows now; None before the first."""
    return shown(notice.target, notice.card) if notice.card else None


def shown(target: str, card: str) -> Delivery | None:
    """What the target shows of the card now: the latest notice of it that arrived; None before the first."""
    return _of(target, card).filter(state=DeliveryState.DELIVERED).order_by("-id").first()


def is_coming(target: str, card: str) -> bool:
    """Whether the target is about to show something else of the card."""
    return _of(target, card).filter(state__in=(DeliveryState.PENDING, *_GOING_ON)).exists()


def _of_its_card(notice: Delivery) -> QuerySet[Delivery]:
    if not notice.card:
        return Delivery.objects.none()
    return _of(notice.target, notice.card)


def _of(target: str, card: str) -> QuerySet[Delivery]:
    return Delivery.objects.filter(kind=KIND, target=target, card=card)


def _cards(wanted: list[str], *, noun: str, row: int, job_id: int | None) -> Iterator[str]:
    """The cards of a target that show what happened; one empty name where it asks for each event by itself."""
    if not wanted:
        yield ""
    if "job" in wanted and job_id:
        yield f"job:{job_id}"
    if "review" in wanted and noun == "review":
        yield f"review:{row}"
