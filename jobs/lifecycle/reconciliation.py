"""Verbs that bring what was found in the world and our own rows together: taken over, or told in one item."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone

from jobs import events
from jobs.lifecycle import alarm
from jobs.lifecycle import delivery as deliveries
from jobs.lifecycle.job import lock, open_review
from jobs.lifecycle.moves import IllegalMove, LostRace, move
from jobs.models import Delivery, Job, Review
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
    """Of several with one key, all but the one that our row names; where it names none, all but the oldest."""
    by_key: dict[str, dict[str, Found]] = {}
    for one in found:
        by_key.setdefault(one.key, {}).setdefault(one.external_id, one)
    several = {key: ones for key, ones in by_key.items() if len(ones) > 1}
    known = dict(Delivery.objects.filter(key__in=several).values_list("key", "external_id"))
    extra = []
    for key, ones in several.items():
        keep = known.get(key) if known.get(key) in ones else next(iter(ones))
        extra += [one for external_id, one in ones.items() if external_id != keep]
    return extra


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
            _close(present, note="All of it fits now.")
        return None
    columns = alarm.found(target, [asdict(one) for one in odd])
    digest = hashlib.sha256(json.dumps(columns["payload"]["found"], sort_keys=True).encode()).hexdigest()
    if present and present.digest == digest and present.state != ReviewState.SUPERSEDED:
        return present
    with transaction.atomic():
        job = _job_of(odd)
        if job is None:
            return None
        if present and present.state == ReviewState.OPEN:
            lock(present.job_id)
            rows = Review.objects.filter(pk=present.pk, state=ReviewState.OPEN, version=present.version)
            if rows.update(**columns, digest=digest, version=present.version + 1):
                return present
        return open_review(job, ReviewKind.ALARM, **columns, digest=digest)


def _compare(row: Delivery | None, one: Found) -> Oddity | None:
    what = "It bears our mark, and no delivery of ours has its key: a restored backup, or another Nightdesk's."
    if row is not None:
        if row.state in _FINDS_ITSELF or (row.state == DeliveryState.DELIVERED and _is(row, one)):
            return None
        if row.state == DeliveryState.UNKNOWN and _take_over(row, one):
            return None
        what = f"It is there, although our delivery of it is {row.state}."
        if row.state == DeliveryState.DELIVERED:
            what = f"It is not the one that was delivered, {row.external_id}."
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
            deliveries.land(row, external_id=one.external_id, url=one.url, detail="found there by its key", by=_BY)
            asked = Review.objects.filter(job=row.job_id, payload__delivery=row.pk, state=ReviewState.OPEN)
            for review in asked.filter(kind=ReviewKind.FAILURE):
                _close(review, note="It is there: it was found by its key.")
    except (LostRace, IllegalMove):
        return Delivery.objects.get(pk=row.pk).state in {*_FINDS_ITSELF, DeliveryState.DELIVERED}
    return True


def _item(target: str) -> Review | None:
    rows = Review.objects.filter(kind=ReviewKind.ALARM, payload__alarm=alarm.FOUND, payload__target=target)
    return rows.order_by("-id").first()


def _close(review: Review, *, note: str) -> None:
    with transaction.atomic():
        lock(review.job_id)
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


def _job_of(odd: Sequence[Oddity]) -> Job | None:
    """The job whose effect it is; of an effect that no job has, the latest, for an item stands at a job."""
    rows = Delivery.objects.filter(key__in=[one.key for one in odd], job__isnull=False)
    row = rows.select_related("job").order_by("-id").first()
    return row.job if row else Job.objects.order_by("-id").first()
