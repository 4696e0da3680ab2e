"""Cluster and Process: who works, and whether a doorbell is outstanding."""

from django.db import models


class Cluster(models.Model):
    """One django-q2 cluster. `bell_at` is when the bell was rung that nobody has answered yet."""

    name = models.CharField(max_length=40, primary_key=True)
    bell_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Process(models.Model):
    """One worker process: its heartbeat, when it last claimed or finished anything, what it holds."""

    cluster = models.CharField(max_length=40)
    host = models.CharField(max_length=120)
    pid = models.BigIntegerField()
    pid_started = models.CharField(max_length=40)
    heartbeat_at = models.DateTimeField()
    progress_at = models.DateTimeField()
    in_flight = models.PositiveSmallIntegerField(default=0)
    draining = models.BooleanField(default=False)  # set by the supervisor: stop claiming, end between two turns

    class Meta:
        verbose_name_plural = "processes"
        constraints = [models.UniqueConstraint(fields=["host", "pid", "pid_started"], name="process_once")]

    def __str__(self) -> str:
        """Return host and pid."""
        return f"{self.cluster} {self.host} {self.pid}"
