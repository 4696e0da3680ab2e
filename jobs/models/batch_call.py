"""BatchCall: one model call that goes through a batch, while its Run is parked."""

from django.db import models
from django.db.models import Q

from jobs.models.job import Job
from jobs.models.run import Run
from jobs.models.task import Task
from jobs.states import CallState


class BatchCall(models.Model):
    """Waiting to be sent, sent, answered, or to be made directly because its batch gave no answer.

    It belongs to the conversation, as a Turn does: a later Run of the same round uses the answer.
    """

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="batch_calls")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, null=True, blank=True, related_name="batch_calls")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="batch_calls")
    round = models.PositiveSmallIntegerField()
    ask_digest = models.CharField(max_length=64)
    ask = models.JSONField()
    state = models.CharField(max_length=20, choices=[(s, s) for s in CallState], default=CallState.WAITING)
    batch = models.CharField(max_length=80, blank=True)  # the provider's name for it
    reply = models.JSONField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)  # why it is made directly
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(CallState)), name="batch_call_state_known")
        ]
        indexes = [
            # What is still on its way.
            models.Index(
                fields=["state", "id"],
                condition=Q(state__in=[CallState.WAITING, CallState.SENDING, CallState.SENT]),
                name="batch_call_open",
            ),
        ]

    def __str__(self) -> str:
        """Return the number."""
        return f"Call {self.pk}"
