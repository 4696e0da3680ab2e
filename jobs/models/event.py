"""Event: one history line."""

from django.db import models

from jobs.models.fence import AppendOnly, AppendOnlyQuerySet
from jobs.models.job import Job


class Event(AppendOnly):
    """What happened, past tense, never changed. Written in the transaction of the move that it tells."""

    name = models.CharField(max_length=60)
    actor = models.CharField(max_length=120)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, null=True, blank=True, related_name="events")
    noun = models.CharField(max_length=20)
    row = models.BigIntegerField()  # the primary key of the noun's row
    source = models.CharField(max_length=20, blank=True)  # the states it moved between
    to = models.CharField(max_length=20, blank=True)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    objects = AppendOnlyQuerySet["Event"].as_manager()

    class Meta:
        ordering = ["id"]
        # The timeline of a job, and the night's record.
        indexes = [models.Index(fields=["name", "at"], name="event_by_name")]

    def __str__(self) -> str:
        """Return the name."""
        return self.name
