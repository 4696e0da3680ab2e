"""Verbs of a restored backup. The world has gone on since it was made, so no effect of then is simply made now.

What a job from before the backup wants to send is first looked for at its target, by its key. Where nobody can be
asked, a person says whether it arrived, or approves it again, saying in words that it may be the second time.
"""

import datetime

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from jobs import digest, events, schedules
from jobs.lifecycle import notice
from jobs.lifecycle.moves import move
from jobs.models import Delivery, Process, Restore, Review, Trigger
from jobs.states import DeliveryState, ReviewKind, ReviewState

_BY = "restore"
RESEND = "resend"


def settle(*, made_at: datetime.datetime, archive: str) -> Restore:
    """Mark where the past ends. Nothing is told, caught up or approved by this; logins of then end."""
    with transaction.atomic():
        restored = Restore.objects.create(made_at=made_at, at=timezone.now(), archive=archive[:200])
        # What the clock asked for meanwhile was done, or is over.
        Trigger.objects.filter(source=schedules.SOURCE).update(active_since=restored.at)
        _drop_notices(restored.at)
        _warn(made_at)
        Session.objects.all().delete()
        Process.objects.all().delete()
        events.append(
            "house.restored",
            actor=_BY,
            noun="house",
            row=restored.pk,
            job_id=None,
            data={"archive": archive, "made_at": made_at.isoformat()},
        )
    return restored


def since(moment: datetime.datetime) -> Restore | None:
    """The last restore of a backup that was made after this moment: what is older may have happened since."""
    return Restore.objects.filter(made_at__gte=moment).order_by("-id").first()


def may_be_there(delivery: Delivery) -> bool:
    """Whether the effect may have been made after the backup that its job comes from."""
    return delivery.job is not None and since(delivery.job.created_at) is not None


def in_doubt(review: Review) -> str:
    """Why what waits here may have left already, with the time of which nothing is known; empty if it cannot have.

    A message that was made anew after the restore may have been made, and sent, before it in other words.
    """
    if review.kind != ReviewKind.MESSAGE or review.state != ReviewState.OPEN:
        return ""
    restored = since(review.own_job.created_at)
    return _may_have_gone(restored) if restored else ""


def unknown_since(delivery: Delivery) -> str:
    """The same of what was on its way at the time of the backup."""
    restored = since(delivery.job.created_at) if delivery.job else None
    return _may_have_gone(restored) if restored else ""


def was_decided_since(delivery: Delivery) -> bool:
    """Whether a person has approved it, or said that it did not arrive, after the restore."""
    restored = since(delivery.job.created_at) if delivery.job else None
    if restored is None:
        return False
    own = Q(pk=delivery.review_id, state=ReviewState.APPROVED)
    said = Q(payload__delivery=delivery.pk, note=RESEND)
    return Review.objects.filter(own | said, decided_at__gt=restored.at).exists()


def _drop_notices(now: datetime.datetime) -> None:
    """What was to be told then was told, or is no news any more; this morning's digest too."""
    date = digest.due(now)
    for target, wish in settings.NOTICES.items():
        if date and wish.get("digest"):
            notice.enter(target, key=f"digest:{target}:{date}")
    for row in Delivery.objects.filter(kind=notice.KIND, state=DeliveryState.PENDING):
        move(row, DeliveryState.CANCELLED, event="delivery.cancelled", by=_BY)


def _may_have_gone(restored: Restore) -> str:
    said = _(
        "It may already have gone: a backup of %(made)s was put back at %(restored)s, and what was sent in between "
        "is not known here."
    )
    return said % {"made": _when(restored.made_at), "restored": _when(restored.at)}


def _when(moment: datetime.datetime) -> str:
    there = timezone.localtime(moment)
    return f"{date_format(there, pgettext('date format', 'j M'))}, {there:%H:%M}"


def _warn(made_at: datetime.datetime) -> None:
    """Say on every item that holds an effect that it may have been decided since; old pages decide nothing."""
    waiting = Review.objects.filter(state=ReviewState.OPEN, deliveries__state=DeliveryState.HELD).distinct()
    for review in waiting:
        said = _("It may already have gone, after the backup of %(when)s. %(does)s")
        said %= {"when": _when(made_at), "does": review.consequence}
        columns = {"consequence": said[:300], "version": review.version + 1, "snoozed_until": None}
        Review.objects.filter(pk=review.pk).update(**columns)
