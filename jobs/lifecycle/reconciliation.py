"""Verbs that bring what was found in the world and our own rows together: taken over, or told in one item."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import events, terms
from jobs.lifecycle import alarm, desk, notice
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle.job import lock_with
from jobs.lifecycle.moves import IllegalMove, LostRace, move
from jobs.models import Delivery, Review
from jobs.states import DeliveryState, ReviewKind, ReviewState

_BY = "reconciler"
# On its way: whoever carries it out will find it, as always.
_FINDS_ITSELF = {DeliveryState.PENDING, DeliveryState.SENDING}


@dataclass(frozen=True)
class Found:
    """An effect that is there, by the key that it bears."""

    key: str
    external_id: str
    url: str = ""


@dataclass(frozen=True)
class Oddity:
    """What does not fit and cannot be mended without a person; `what` says it in a sentence."""

    key: str
    external_id: str
    url: str
    what: str


def doubles(found: Sequence[Found]) -> list[Found]:
    """Of several with one key, or of one card, all but the one that our rows name; else all but the oldest."""
    rows = {row.key: row for row in Delivery.objects.filter(key__in={one.key for one in found})}
    groups: dict[str, dict[str, Found]] = {}
    for one in found:
        row = rows.get(one.key)
        name = f"{row.target} {row.card}" if row and row.card else one.key
        groups.setdefault(name, {}).setdefault(one.external_id, one)
    extra = []
    for ones in groups.values():
        if len(ones) > 1:
            known = _known(rows.get(next(iter(ones.values())).key))
            keep = known if known in ones else next(iter(ones))
            extra += [one for external_id, one in ones.items() if external_id != keep]
    return extra


def _known(row: Delivery | None) -> str:
    """What our rows say is there: of a card, what its latest notice made or changed."""
    if row is None or not row.card:
        return row.external_id if row else ""
    shown = notice.last_shown(row)
    return shown.external_id if shown else ""


def compare(target: str, found: Sequence[Found]) -> list[Oddity]:
    """Take over what our rows did not know of; return what a person has to know."""
    rows = {row.key: row for row in Delivery.objects.filter(target=target, key__in=[one.key for one in found])}
    return [oddity for one in found if (oddity := _compare(rows.get(one.key), one))]


def withdrawn(target: str, double: Found) -> None:
    """Write down that a double was taken away."""
    row = Delivery.objects.filter(target=target, key=double.key).first()
    if row:
        data = {"external_id": double.external_id, "url": double.url}
        with transaction.atomic():
            events.append(
                "delivery.withdrawn", actor=_BY, noun="delivery", row=row.pk, job_id=row.job_id, data=data
            )


def tell(target: str, odd: Sequence[Oddity]) -> Review | None:
    """One item for all that was found, none twice for the same; it closes by itself when all of it fits."""
    present = _item(target)
    if not odd:
        if present and present.state == ReviewState.OPEN:
            _close(present, note=_("All of it fits now."))
        return None
    columns = alarm.found(target, [asdict(one) for one in odd])
    digest = hashlib.sha256(json.dumps(columns["payload"]["found"], sort_keys=True).encode()).hexdigest()
    if present and present.digest == digest and present.state != ReviewState.SUPERSEDED:
        return present
    with transaction.atomic():
        if present and present.state == ReviewState.OPEN:
            rows = Review.objects.filter(pk=present.pk, state=ReviewState.OPEN, version=present.version)
            if rows.update(**columns, digest=digest, version=present.version + 1, snoozed_until=None):
                return present
        return desk.raise_item({**columns, "digest": digest})


def _compare(row: Delivery | None, one: Found) -> Oddity | None:
    what = _("It bears our mark, and no delivery of ours has its key: a restored backup, or another Nightdesk's.")
    if row is not None:
        if row.state in _FINDS_ITSELF or (row.state == DeliveryState.DELIVERED and _is(row, one)):
            return None
        if row.state == DeliveryState.UNKNOWN and _take_over(row, one):
            return None
        what = _("It is there, although our delivery of it is %(state)s.") % {"state": terms.state(row.state)}
        if row.state == DeliveryState.DELIVERED:
            what = _("It is not the one that was delivered, %(id)s.") % {"id": row.external_id}
    return Oddity(one.key, one.external_id, one.url, what)


def _is(row: Delivery, one: Found) -> bool:
    """Whether it is the one we know of; what a person said had arrived gets its proof now."""
    if not row.external_id:
        Delivery.objects.filter(pk=row.pk, external_id="").update(external_id=one.external_id, url=one.url)
        return True
    return row.external_id == one.external_id


def _take_over(row: Delivery, one: Found) -> bool:
    """What nobody could say has an answer; a person who was asked for it is not needed any more."""
    try:
        with transaction.atomic():
            deliveries.land(
                row, external_id=one.external_id, url=one.url, detail=_("found there by its key"), by=_BY
            )
            asked = Review.objects.filter(job=row.job_id, payload__delivery=row.pk, state=ReviewState.OPEN)
            for review in asked.filter(kind=ReviewKind.FAILURE):
                _close(review, note=_("It is there: it was found by its key."))
    except (LostRace, IllegalMove):
        return Delivery.objects.get(pk=row.pk).state in {*_FINDS_ITSELF, DeliveryState.DELIVERED}
    return True


def _item(target: str) -> Review | None:
    rows = Review.objects.filter(kind=ReviewKind.ALARM, payload__alarm=alarm.FOUND, payload__target=target)
    return rows.order_by("-id").first()


def _close(review: Review, *, note: str) -> None:
    with transaction.atomic():
        lock_with(review)
        now = timezone.now()
        try:
            move(
                review,
                ReviewState.SUPERSEDED,
                event="review.superseded",
                by=_BY,
                where={"version": review.version},
                note=note,
                decided_at=now,
            )
        except LostRace:
            return  # a person was first
