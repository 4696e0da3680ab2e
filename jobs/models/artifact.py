"""Artifact: an immutable output, known by its sha-256."""

from django.db import models

from jobs.models.fence import AppendOnly, AppendOnlyQuerySet
from jobs.models.job import Job
from jobs.models.run import Run
from jobs.models.task import Task


class Artifact(AppendOnly):
    """One output of a Task, or the owner's edit of one. The bytes lie in the artifacts' storage under `sha256`."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="artifacts")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="artifacts")
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
        constraints = [models.UniqueConstraint(fields=["task", "name", "version"], name="artifact_version_once")]

    def __str__(self) -> str:
        """Return the name and version."""
        return f"{self.name} v{self.version}"
