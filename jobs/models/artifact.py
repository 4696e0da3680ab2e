"""Artifact: immutable bytes, known by their sha-256."""

from django.db import models
from django.db.models import Q

from jobs.models.fence import AppendOnly, AppendOnlyQuerySet
from jobs.models.job import Job
from jobs.models.receipt import Receipt
from jobs.models.run import Run
from jobs.models.task import Task


class Artifact(AppendOnly):
    """One output of a Task, the owner's edit of one, or a file that came with a Receipt.

    The bytes lie in the artifacts' storage under `sha256`. What came belongs to no Job: every Job of its Receipt
    reads it.
    """

    job = models.ForeignKey(Job, on_delete=models.CASCADE, null=True, blank=True, related_name="artifacts")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, null=True, blank=True, related_name="artifacts")
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, null=True, blank=True, related_name="artifacts")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="artifacts")
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    version = models.PositiveSmallIntegerField()
    media_type = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveIntegerField()
    made_by = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AppendOnlyQuerySet["Artifact"].as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["task", "name", "version"], name="artifact_version_once"),
            models.UniqueConstraint(fields=["receipt", "name"], name="artifact_received_once"),
            models.CheckConstraint(
                condition=Q(receipt__isnull=True, job__isnull=False, task__isnull=False)
                | Q(receipt__isnull=False, job__isnull=True, task__isnull=True),
                name="artifact_made_or_received",
            ),
        ]

    def __str__(self) -> str:
        """Return the name and version."""
        return f"{self.name} v{self.version}"

    @property
    def is_untrusted(self) -> bool:
        """Whether it came from outside: nobody of this house made it or looked at it."""
        return self.receipt_id is not None
