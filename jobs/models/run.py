"""Run and Turn: one attempt, and the model calls inside it."""

from django.db import models
from django.db.models import Q

from jobs.models.client import Client
from jobs.models.fence import Stateful, StateQuerySet
from jobs.models.job import Job
from jobs.models.task import Task
from jobs.states import RunState


class Run(Stateful):
    """One attempt at planning a Job (`task` is null) or doing a Task. It is the lease and the fencing token."""

    NOUN = "run"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="runs")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, null=True, blank=True, related_name="runs")
    # Its task's and its job's: what a span of days cost is told without reading a row of both for each run.
    agent = models.CharField(max_length=60, blank=True)
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    round = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=20, choices=[(s, s) for s in RunState], default=RunState.RUNNING)
    exit = models.TextField(blank=True)  # how it ended, one sentence

    # The holder, so that a successor can prove it dead: host, pid and the pid's start time.
    host = models.CharField(max_length=120)
    pid = models.BigIntegerField()
    pid_started = models.CharField(max_length=40)
    lease_until = models.DateTimeField()
    ready_at = models.DateTimeField(null=True, blank=True)  # of a parked one: its answer is there since

    prompt_version = models.CharField(max_length=20, blank=True)
    model = models.CharField(max_length=80, blank=True)
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    reserved_microusd = models.BigIntegerField(default=0)
    reserved_on = models.DateField(null=True, blank=True)  # the day whose envelope holds the reservation
    reserved_night = models.DateField(null=True, blank=True)  # and the night's, where it was night
    cost_microusd = models.BigIntegerField(default=0)
    unconfirmed_microusd = models.BigIntegerField(default=0)  # of it: calls without an answer, at their most
    cost_unknown = models.BooleanField(default=False)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = StateQuerySet["Run"].as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["task"], condition=Q(state__in=[RunState.RUNNING, RunState.PARKED]), name="run_one_per_task"
            ),
            models.UniqueConstraint(
                fields=["job"],
                condition=Q(state__in=[RunState.RUNNING, RunState.PARKED], task__isnull=True),
                name="run_one_planning_per_job",
            ),
            models.CheckConstraint(condition=Q(state__in=list(RunState)), name="run_state_known"),
        ]
        indexes = [
            # The sweep: who is running, and whose lease has passed.
            models.Index(fields=["lease_until"], condition=Q(state=RunState.RUNNING), name="run_lease"),
            # The claim of what was parked and can go on.
            models.Index(fields=["ready_at", "id"], condition=Q(state=RunState.PARKED), name="run_parked"),
            # What a night cost.
            models.Index(fields=["finished_at"], condition=Q(finished_at__isnull=False), name="run_by_end"),
            # What a span of days cost.
            models.Index(fields=["started_at"], name="run_by_start"),
        ]

    def __str__(self) -> str:
        """Return the number."""
        return f"Run {self.pk}"


class Turn(models.Model):
    """One model call, stored before the next begins. `number` counts over all Runs of a round."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="turns")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, null=True, blank=True, related_name="turns")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="turns")
    round = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()
    ask_digest = models.CharField(max_length=64)
    request = models.JSONField()  # the first turn's whole, later ones only what was added
    reply = models.JSONField()
    tool_results = models.JSONField(null=True, blank=True)
    model = models.CharField(max_length=80)
    stop_reason = models.CharField(max_length=60)
    input_tokens = models.BigIntegerField()
    output_tokens = models.BigIntegerField()
    cost_microusd = models.BigIntegerField(null=True)  # null: the model's price is unknown
    cache_saved_microusd = models.BigIntegerField(default=0)  # below zero where the cache was only written
    batch_saved_microusd = models.BigIntegerField(default=0)
    duration_ms = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["task", "round", "number"], condition=Q(task__isnull=False), name="turn_once_per_task"
            ),
            models.UniqueConstraint(
                fields=["job", "round", "number"], condition=Q(task__isnull=True), name="turn_once_per_planning"
            ),
        ]
        indexes = [
            # What was saved in a span of days, without touching the words of the turns.
            models.Index(
                fields=["created_at", "cost_microusd", "cache_saved_microusd", "batch_saved_microusd"],
                name="turn_savings",
            ),
        ]

    def __str__(self) -> str:
        """Return the number."""
        return f"Turn {self.number}"
