"""Verbs of a Checkup: asked for by a person, done by the cluster that can, kept with its time."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from jobs import dispatch
from jobs.models import Checkup

LOOK, TRY, MEND = "look", "try", "mend"


def enter(name: str, **columns: Any) -> None:
    """The row of this name, as this version knows it; what was found stays."""
    Checkup.objects.update_or_create(name=name, defaults=columns)


def forget_others(names: Iterable[str]) -> None:
    """Delete the rows of what there is no more."""
    Checkup.objects.exclude(name__in=list(names)).delete()


def want(row: Checkup, *, trial: bool) -> None:
    """Have it looked at now, or tried out, by the cluster that can."""
    with transaction.atomic():
        Checkup.objects.filter(pk=row.pk).update(wanted=TRY if trial and row.can_try else LOOK)
        dispatch.order(row.cluster, settings.CHECKUPS)


def want_mended(row: Checkup) -> None:
    """Have what is missing there made now, by the cluster that can; where it can't, have it looked at."""
    with transaction.atomic():
        Checkup.objects.filter(pk=row.pk).update(wanted=MEND if row.can_mend else LOOK)
        dispatch.order(row.cluster, settings.CHECKUPS)


def due(clusters: Iterable[str]) -> list[Checkup]:
    """What these clusters look at: what a person waits for alone, else all of it."""
    rows = Checkup.objects.filter(cluster__in=list(clusters), is_connected=True)
    return list(rows.exclude(wanted="")) or list(rows)


def keep(row: Checkup, findings: list[dict[str, Any]], *, is_trial: bool) -> None:
    """Keep what was found. Who asked again in the meantime is answered by the next look."""
    now = timezone.now()
    columns: dict[str, Any] = {"findings": findings, "looked_at": now}
    if is_trial:
        columns["tried_at"] = now
    Checkup.objects.filter(pk=row.pk).update(**columns)
    Checkup.objects.filter(pk=row.pk, wanted=row.wanted).update(wanted="")
