"""Verbs of a Delivery: how an outward effect ends, and what follows from it.

Nothing follows from a notice: it has no job that goes on, and its end is told on the set-up page.
"""

import datetime
import random
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import dispatch, policy
from jobs.lifecycle import breaker, merge
from jobs.lifecycle.job import lock, open_failure, settle
from jobs.lifecycle.moves import move
from jobs.models import Delivery, Review, Task
from jobs.states import NEVER, DeliveryState, JobState, ReviewState, TaskState


def land(
    delivery: Delivery,
    *,
    external_id: str,
    url: str,
    detail: str,
    by: str,
    merging: dict[str, Any] | None = None,
) -> None:
    """The effect exists: keep the proof, and let the Task and Job go on. Raises LostRace.

    `merging` are the fields of the Delivery that would merge a branch, where its target can do that.
    """
    with transaction.atomic():
        _move(
            delivery,
            DeliveryState.DELIVERED,
            event="delivery.delivered",
            by=by,
            external_id=external_id[:255],
            url=url[:500],
            detail=detail[:300],
            reason="",
            delivered_at=timezone.now(),
            data={"external_id": external_id[:255], "url": url[:500]},
        )
        if delivery.job_id is None or delivery.task_id is None:
            return
        job = lock(delivery.job_id)
        task = Task.objects.get(pk=delivery.task_id)
        if policy.asks_after(delivery.kind) and task.state == TaskState.NEEDS_REVIEW:
            merge.ask(job, task, delivery, fields=merging)
        elif task.state == TaskState.NEEDS_REVIEW and not _waiting(task):
            move(task, TaskState.COMPLETED, event="task.completed", by=by, finished_at=timezone.now())
        settle(job.pk, by=by)


def give_back(delivery: Delivery, *, reason: str, delay_seconds: float | None, by: str) -> None:
    """Nothing was done, for certain, and a later try may help: again after the delay, a bounded number of times.

    The bound is for one that is refused where others are not: no delivery fails because its target is down.
    """
    if delivery.attempts >= policy.MAX_DELIVERY_ATTEMPTS and not breaker.is_open(delivery.target):
        fail(
            delivery,
            reason=_("%(reason)s (tried %(number)d times)") % {"reason": reason, "number": delivery.attempts},
            by=by,
        )
        return
    with transaction.atomic():
        _move(
            delivery,
            DeliveryState.PENDING,
            event="delivery.given_back",
            by=by,
            reason=reason,
            ready_at=_later(delivery, delay_seconds),
        )
        _drop_if_cancelled(delivery, by=by)


def fail(delivery: Delivery, *, reason: str, by: str) -> None:
    """Nothing was done, and trying again cannot help: an item for a person, who may send it again.

    A merge that its target does not make is asked for anew instead: its owner has to look again.
    """
    if delivery.kind == merge.KIND:
        _not_merged(delivery, reason=reason, by=by)
        return
    with transaction.atomic():
        _move(delivery, DeliveryState.FAILED, event="delivery.failed", by=by, reason=reason)
        if delivery.job_id is None:
            return
        job = lock(delivery.job_id)
        if job.state == JobState.CANCELLED:
            return
        fix = _("Mend what %(target)s says, then retry: the same bytes are sent, nothing is made anew.")
        fix %= {"target": delivery.target}
        open_failure(job, delivery.task, cause=reason, fix=fix, delivery=delivery.pk)
        settle(job.pk, by=by)


def ask_again(delivery: Delivery, *, reason: str, by: str) -> None:
    """Its approval does not stand any more: nothing was sent, and its item is open again, with the reason."""
    with transaction.atomic():
        _move(delivery, DeliveryState.PENDING, event="delivery.given_back", by=by)
        job = lock(delivery.job_id) if delivery.job_id else None
        if job is None or delivery.review is None or job.state == JobState.CANCELLED:
            move(delivery, DeliveryState.CANCELLED, event="delivery.cancelled", by=by, reason=reason)
            return
        move(delivery, DeliveryState.HELD, event="delivery.held", by=by, approved_digest="", reason=reason)
        review = Review.objects.select_for_update(of=("self",)).get(pk=delivery.review.pk)
        if review.state == ReviewState.APPROVED:
            move(
                review,
                ReviewState.OPEN,
                event="review.reopened",
                by=by,
                decided_by=None,
                decided_at=None,
                snoozed_until=None,
                version=review.version + 1,
                payload={**review.payload, "reopened": reason},
            )
        settle(job.pk, by=by)


def doubt(delivery: Delivery, *, reason: str, lag_seconds: float, by: str) -> None:
    """It is not known whether the effect exists: it is looked up after the target's lag, before anything else."""
    look_at = timezone.now() + datetime.timedelta(seconds=lag_seconds)
    with transaction.atomic():
        _move(
            delivery,
            DeliveryState.UNKNOWN,
            event="delivery.unknown",
            by=by,
            reason=reason,
            ready_at=look_at,
            lease_until=None,
        )


def not_found(delivery: Delivery, *, by: str) -> None:
    """Looked up and certainly not there: it may be made again at once."""
    with transaction.atomic():
        _move(delivery, DeliveryState.PENDING, event="delivery.given_back", by=by, ready_at=timezone.now())
        _drop_if_cancelled(delivery, by=by)
        dispatch.wake(dispatch.DELIVERIES)


def look_again(delivery: Delivery, *, reason: str) -> None:
    """The look-up itself failed: the Delivery stays unknown and is looked up later."""
    _in_doubt(delivery).update(ready_at=_later(delivery), lease_until=None, reason=reason)


def leave_to_person(delivery: Delivery, *, by: str) -> None:
    """This target cannot tell whether the effect exists: a person says so, and until then nothing is sent."""
    with transaction.atomic():
        if delivery.job_id is None:
            reason = _("It may have been sent, and nobody can say: %(reason)s") % {"reason": delivery.reason}
            _move(delivery, DeliveryState.FAILED, event="delivery.failed", by=by, reason=reason)
            return
        waiting = _in_doubt(delivery).filter(ready_at__lt=NEVER)
        if not waiting.update(ready_at=NEVER, lease_until=None):
            return
        job = lock(delivery.job_id)
        cause = _("It may have been sent, but no answer came: %(reason)s")
        if to := ", ".join(delivery.fields.get("to", [])):
            cause = _("It may have been sent to %(to)s, but no answer came: %(reason)s")
        open_failure(
            job,
            delivery.task,
            cause=cause % {"to": to, "reason": delivery.reason},
            fix=_("Ask the recipient or look into the outbox, then say whether it arrived."),
            delivery=delivery.pk,
            unknown=True,
        )
        settle(job.pk, by=by)


def resolve(delivery: Delivery, *, arrived: bool, by: str) -> None:
    """A person knows whether an unknown effect exists: delivered, or sent again."""
    if arrived:
        land(delivery, external_id="", url="", detail=_("confirmed by %(who)s") % {"who": by}, by=by)
    else:
        not_found(delivery, by=by)


def rescue(delivery: Delivery, *, lag_seconds: float, by: str) -> None:
    """The process that was sending is gone: nobody knows how far it came, so it is looked up."""
    doubt(delivery, reason=_("its process died or lost its lease while sending"), lag_seconds=lag_seconds, by=by)


def put_off(notice: Delivery, *, until: datetime.datetime, by: str) -> None:
    """An earlier notice of the same card is still on its way: this one comes after it. No try is used up."""
    with transaction.atomic():
        _move(notice, DeliveryState.PENDING, event="delivery.given_back", by=by, ready_at=until)


def drop(notice: Delivery, *, by: str) -> None:
    """A later notice of the same card says more: this one is not sent."""
    with transaction.atomic():
        _move(notice, DeliveryState.PENDING, event="delivery.given_back", by=by)
        _move(notice, DeliveryState.CANCELLED, event="delivery.cancelled", by=by)


def _not_merged(delivery: Delivery, *, reason: str, by: str) -> None:
    with transaction.atomic():
        _move(delivery, DeliveryState.PENDING, event="delivery.given_back", by=by, reason=reason)
        _move(delivery, DeliveryState.CANCELLED, event="delivery.cancelled", by=by)
        if delivery.job_id is None:
            return
        job = lock(delivery.job_id)
        if job.state != JobState.CANCELLED:
            merge.ask_again(job, delivery, reason=reason)
        settle(job.pk, by=by)


def _later(delivery: Delivery, seconds: float | None = None) -> datetime.datetime:
    """When to try again: as the target said, else by the number of attempts; never before, a little after."""
    delay = policy.retry_delay_seconds(delivery.attempts) if seconds is None else seconds
    return timezone.now() + datetime.timedelta(seconds=policy.spread(delay, random.random()))  # noqa: S311


def _move(delivery: Delivery, to: DeliveryState, **columns: Any) -> None:
    """Move it if this attempt still is the present one: `attempts` is the fencing token."""
    move(delivery, to, where={"attempts": delivery.attempts}, **columns)


def _in_doubt(delivery: Delivery) -> QuerySet[Delivery]:
    """The row, if it still is unknown and this look-up the present one."""
    return Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.UNKNOWN, attempts=delivery.attempts)


def _drop_if_cancelled(delivery: Delivery, *, by: str) -> None:
    """What was on its way out when its job was cancelled, and certainly did not get there, is not sent again."""
    if delivery.job_id and lock(delivery.job_id).state == JobState.CANCELLED:
        move(delivery, DeliveryState.CANCELLED, event="delivery.cancelled", by=by)


def _waiting(task: Task) -> bool:
    return task.deliveries.exclude(state__in=[DeliveryState.DELIVERED, DeliveryState.CANCELLED]).exists()
