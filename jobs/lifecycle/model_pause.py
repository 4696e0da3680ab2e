"""Verbs of a ModelPause: what one process found out about a model is known to all.

Times are the database's, so that no host's clock counts.
"""

from datetime import timedelta

from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now

from jobs.models import ModelPause, Process

# Who has the probe is alone with the model for so long, or until it has answered.
PROBE_SECONDS = 30.0
# A process at work beats every second.
_ALIVE_SECONDS = 30.0


def standing() -> dict[str, tuple[int, float]]:
    """Model -> its failures and the seconds for which it is still left in peace; below zero: the pause is over."""
    left = ExpressionWrapper(F("until") - Now(), output_field=DurationField())
    rows = ModelPause.objects.annotate(left=left).values_list("model", "failures", "left")
    return {model: (failures, left.total_seconds()) for model, failures, left in rows}


def processes_at_work(cluster: str) -> int:
    """How many processes of the cluster have a heartbeat: those that may ask a model at this moment."""
    alive = Now() - timedelta(seconds=_ALIVE_SECONDS)
    return Process.objects.filter(cluster=cluster, heartbeat_at__gte=alive).count()


def leave_in_peace(model: str, *, failures: int, seconds: float) -> None:
    """Nobody asks the model for so long; who found it out last is right."""
    until = Now() + timedelta(seconds=seconds)
    rows = ModelPause.objects.filter(pk=model)
    if not rows.update(failures=failures, until=until):
        ModelPause.objects.bulk_create(
            [ModelPause(model=model, failures=failures, until=until)],
            update_conflicts=True,
            unique_fields=["model"],
            update_fields=["failures", "until"],
        )


def works(model: str) -> None:
    """It has answered."""
    ModelPause.objects.filter(pk=model).delete()


def take_probe(model: str) -> bool:
    """Whether this process is the one that tries, now that the pause is over."""
    over = ModelPause.objects.filter(pk=model, until__lte=Now())
    return bool(over.update(until=Now() + timedelta(seconds=PROBE_SECONDS)))
