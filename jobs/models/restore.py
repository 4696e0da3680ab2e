"""Restore: this database was put back to what it was at an earlier time."""

from django.db import models


class Restore(models.Model):
    """One of them. The world has gone on between `made_at`, when its backup was made, and `at`."""

    made_at = models.DateTimeField()
    at = models.DateTimeField()
    archive = models.CharField(max_length=200)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        """Return the archive's name."""
        return self.archive
