"""Verbs of a Client: add and change one, forget an answer, and address anew what waits for its old recipients.

A message goes to the addresses that its client had when it was written, bound by its digest. Whoever is taken off
the list gets nothing any more (`approval.strangers`): such a message waits until it is addressed anew.
"""

import hashlib
import json
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from jobs.lifecycle import addressing, notice
from jobs.lifecycle.digest import digest_of
from jobs.lifecycle.job import lock
from jobs.lifecycle.moves import LostRace
from jobs.models import Client, Delivery, KnownAnswer, Review
from jobs.states import DeliveryState, ReviewKind, ReviewState

COLUMNS = ("name", "recipients", "slack_channel", "tone", "house_style", "notes")
# Of these the history keeps what they were: they say where messages go.
_ADDRESSES = ("recipients", "slack_channel")


def seen(client: Client) -> str:
    """Stays the same while nobody changes the client: what a form carries of the row that it was filled from."""
    values = [getattr(client, name) for name in COLUMNS]
    return hashlib.sha256(json.dumps(values, ensure_ascii=False).encode()).hexdigest()


def add(*, by: str, **columns: Any) -> Client:
    """A new client."""
    with transaction.atomic():
        client = Client.objects.create(**columns)
        data = {"title": client.name, **{name: getattr(client, name) for name in _ADDRESSES}}
        notice.tell("client.added", actor=by, noun="client", row=client.pk, job_id=None, data=data)
    return client


def change(client: Client, *, by: str, as_seen: str, **columns: Any) -> Client:
    """Give the client these values; the history keeps which changed, and the recipients before and after.

    Raises LostRace if it is not any more what `seen` said.
    """
    with transaction.atomic():
        row = Client.objects.select_for_update().get(pk=client.pk)
        if seen(row) != as_seen:
            raise LostRace(
                _("Somebody else changed this client since you looked at it. Nothing was kept; look again.")
            )
        changed = [name for name, value in columns.items() if getattr(row, name) != value]
        if not changed:
            return row
        data: dict[str, Any] = {"title": row.name, "columns": changed}
        if "recipients" in changed:
            data |= {"before": row.recipients, "recipients": columns["recipients"]}
        if "slack_channel" in changed:
            data |= {"channel_before": row.slack_channel, "slack_channel": columns["slack_channel"]}
        for name in changed:
            setattr(row, name, columns[name])
        row.save(update_fields=changed)
        notice.tell("client.changed", actor=by, noun="client", row=row.pk, job_id=None, data=data)
    return row


def forget(answer: KnownAnswer, *, by: str) -> None:
    """What was said once is asked anew. What was planned with it stays as it is."""
    with transaction.atomic():
        data = {"title": answer.client.name, "question": answer.question, "answer": answer.answer}
        row = answer.client_id
        answer.delete()
        notice.tell("client.forgot", actor=by, noun="client", row=row, job_id=None, data=data)


def addressed_otherwise(client: Client, way: tuple[str, list[str]]) -> list[Review]:
    """The items that wait and whose message would go another way than this (`Client.way`), the oldest first."""
    rows = Delivery.objects.filter(state=DeliveryState.HELD, kind="client_message", job__client=client)
    held = rows.filter(review__state=ReviewState.OPEN).select_related("review").order_by("review_id")
    return [row.review for row in held if row.review and (row.target, row.fields.get("to")) != way]


def address_anew(client: Client, *, by: str) -> int:
    """Let every message that waits go the client's present way; returns how many changed.

    Each is another item then: its version and digest are new, so that nobody approves it for the old addresses.
    """
    reviews = addressed_otherwise(client, client.way)
    return sum(_address_anew(review, by=by) for review in reviews)


def _address_anew(review: Review, *, by: str) -> bool:
    with transaction.atomic():
        job = lock(review.own_job_id)
        review = Review.objects.select_for_update(of=("self",)).get(pk=review.pk)
        held = review.deliveries.filter(state=DeliveryState.HELD).first()
        if (
            job.client is None
            or held is None
            or (review.kind, review.state) != (ReviewKind.MESSAGE, ReviewState.OPEN)
        ):
            return False
        target, to = job.client.way
        fields = {**held.fields, "to": to}
        digest = digest_of(target=target, kind=held.kind, fields=fields, files=held.files)
        Delivery.objects.filter(pk=held.pk).update(target=target, fields=fields, digest=digest)
        says = addressing.sends_to(target, to)[:300]
        columns = {"digest": digest, "version": review.version + 1, "consequence": says, "snoozed_until": None}
        Review.objects.filter(pk=review.pk).update(**columns)
        data = {"recipients": fields["to"], "digest": digest}
        notice.tell("review.readdressed", actor=by, noun="review", row=review.pk, job_id=job.pk, data=data)
    return True
