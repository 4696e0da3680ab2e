"""Verbs of a mail that came back: whoever sent it has to know that it did not arrive."""

from dataclasses import dataclass

from django.db import transaction

from jobs.lifecycle import alarm, desk, notice
from jobs.lifecycle.item import open_review
from jobs.lifecycle.job import lock
from jobs.models import Delivery, Review
from jobs.states import DeliveryState, ReviewKind, ReviewState

_SENT = (DeliveryState.DELIVERED, DeliveryState.UNKNOWN)


@dataclass(frozen=True)
class Returned:
    """What a mail server says of a mail of ours: its Message-ID, or the uid of its job, or both."""

    message_id: str
    job: str
    recipient: str
    why: str
    is_complaint: bool = False  # it did arrive, and its reader called it spam


def take(returned: Returned, *, by: str) -> Review | None:
    """Raise one item for the message, and write it into the job's history; None if it was none of ours.

    In the transaction of the receipt that it came with. A message that several recipients did not get has one item.
    Of the desk's own mail one stands alone, and no other while that is open: it is mailed, and comes back too.
    """
    with transaction.atomic():
        delivery = _delivery(returned)
        if delivery is None or delivery.job_id is None:
            return _own_mail(returned)
        job = lock(delivery.job_id)
        data = {"title": returned.recipient, "reason": returned.why}
        notice.tell("delivery.returned", actor=by, noun="delivery", row=delivery.pk, job_id=job.pk, data=data)
        known = Review.objects.filter(job=job, kind=ReviewKind.ALARM, payload__alarm=alarm.RETURNED)
        if known.filter(payload__delivery=delivery.pk).exists():
            return None
        make = alarm.complained if returned.is_complaint else alarm.returned
        columns = make(delivery, recipient=returned.recipient, why=returned.why)
        return open_review(job, ReviewKind.ALARM, task=delivery.task, **columns)


def is_too_early(returned: Returned) -> bool:
    """Whether it may be about a message that is being sent: a provider may refuse it before our call has ended."""
    sending = Delivery.objects.filter(kind="client_message", state=DeliveryState.SENDING)
    return sending.exists() and _delivery(returned) is None


def _own_mail(returned: Returned) -> Review | None:
    own = Delivery.objects.filter(kind=notice.KIND, state__in=_SENT, external_id=returned.message_id)
    delivery = own.first() if returned.message_id else None
    if delivery is None:
        return None
    known = Review.objects.filter(kind=ReviewKind.ALARM, state=ReviewState.OPEN, payload__alarm=alarm.RETURNED)
    if known.filter(job=None, payload__target=delivery.target).exists():
        return None
    return desk.raise_item(alarm.own_mail_returned(delivery, recipient=returned.recipient, why=returned.why))


def _delivery(returned: Returned) -> Delivery | None:
    """The message; of a job that is known by its address alone, the last one that was sent."""
    sent = Delivery.objects.filter(kind="client_message", state__in=_SENT).select_related("task")
    if returned.message_id and (found := sent.filter(external_id=returned.message_id).first()):
        return found
    return sent.filter(job__uid=returned.job).order_by("-id").first() if returned.job else None
