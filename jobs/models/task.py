"""Task: one unit of agent work in a Job."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from jobs.models.client import Client
from jobs.models.fence import Stateful, StateQuerySet
from jobs.models.job import Job
from jobs.states import Priority, TaskState


class Task(Stateful):
    """One step of an accepted plan. `needs` are positions of tasks of the same job that must be completed first."""

    NOUN = "task"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="tasks")
    # As the job's: whose turn the task takes.
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    position = models.PositiveSmallIntegerField()
    agent = models.CharField(max_length=60)
    title = models.CharField(max_length=120)
    input = models.JSONField(default=dict)
    needs = models.JSONField(default=list)
    priority = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=20, choices=[(s, s) for s in TaskState], default=TaskState.BLOCKED)
    reason = models.TextField(blank=True)
    output = models.JSONField(null=True, blank=True)
    summary = models.CharField(max_length=300, blank=True)
    starts = models.PositiveSmallIntegerField(default=0)  # starts without an end: three set the job aside
    round = models.PositiveSmallIntegerField(default=0)  # one more after each revision asked for
    revision_note = models.TextField(blank=True)
    sent_back = models.PositiveSmallIntegerField(
        default=0
    )  # so often a review step sent it back; its note is the last
    ready_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = StateQuerySet["Task"].as_manager()

    class Meta:
        ordering = ["job_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="task_position_once"),
            models.CheckConstraint(condition=Q(priority__in=Priority.ALL), name="task_priority_known"),
            models.CheckConstraint(condition=Q(state__in=list(TaskState)), name="task_state_known"),
            models.CheckConstraint(condition=Q(position__gte=1, position__lte=5), name="task_at_most_five"),
        ]
        indexes = [
            # The claim, as for jobs.
            models.Index(
                F("priority"),
                Coalesce("client", 0),
                F("ready_at"),
                F("id"),
                condition=Q(state=TaskState.PENDING),
                name="task_to_do",
            ),
            # The list of jobs: how many tasks are still to be done. The states stand in the order of its statement,
            # which SQLite's planner compares word by word.
            models.Index(
                fields=["state"], condition=Q(state__in=["blocked", "in_progress", "pending"]), name="task_ahead"
            ),
        ]

    def __str__(self) -> str:
        """Return position and title."""
        return f"{self.position}. {self.title}"
