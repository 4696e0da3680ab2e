"""Job: one requested outcome."""

import datetime
import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from jobs.models.client import Client
from jobs.models.fence import Stateful, StateQuerySet
from jobs.models.literal import among
from jobs.models.receipt import Receipt
from jobs.models.trigger import Trigger
from jobs.states import OPEN_JOB, JobState, Priority

# What `job_by_content` holds: open jobs are found by that index, however many have ended.
IS_OPEN = among("state", OPEN_JOB)


class Job(Stateful):
    """One requested outcome: brief, data, priority, budget. Money is in micro-USD."""

    NOUN = "job"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(max_length=200)
    brief = models.TextField()
    content_digest = models.CharField(max_length=64, default="", editable=False)  # policy.content_digest(brief)
    data = models.JSONField(default=dict, blank=True)
    # [{"question": …, "answer": …, "by": …, "said_on": …}]: answers join the brief; of an earlier job, with date
    answers = models.JSONField(default=list, blank=True)
    # Without an index of its own: `job_of_client` begins with it, and serves what this one would be taken for.
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, blank=True, related_name="jobs", db_index=False
    )
    priority = models.PositiveSmallIntegerField(default=Priority.INTERNAL)
    agents = models.JSONField(default=list, blank=True)  # the only ones that may work on it; empty: all
    state = models.CharField(max_length=20, choices=[(s, s) for s in JobState], default=JobState.PENDING)
    reason = models.TextField(blank=True)  # why it failed, waits or was cancelled

    # Without an index of its own: `job_once_per_receipt_and_trigger` begins with it.
    receipt = models.ForeignKey(
        Receipt, on_delete=models.PROTECT, null=True, blank=True, related_name="jobs", db_index=False
    )
    # Nor has its rule: `job_of_rule` begins with it.
    trigger = models.ForeignKey(
        Trigger, on_delete=models.PROTECT, null=True, blank=True, related_name="jobs", db_index=False
    )
    # The three below have indexes of the few rows that have one: most events open a job that comes from no other.
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", db_index=False
    )
    # What was run again, with other words: its client, files and rule.
    again_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="again", db_index=False
    )
    after = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="followers", db_index=False
    )
    depth = models.PositiveSmallIntegerField(default=0)  # agent-to-agent jobs: one more than the job they came from

    # Until when its owner wants to have decided what it asks; its items inherit it.
    due_at = models.DateTimeField(null=True, blank=True)

    budget_microusd = models.BigIntegerField()
    reserved_microusd = models.BigIntegerField(default=0)
    spent_microusd = models.BigIntegerField(default=0)
    cost_unknown = models.BooleanField(default=False)
    estimate_microusd = models.BigIntegerField(
        null=True, blank=True
    )  # of the accepted plan; null: none, or no price

    # Of an event that has a pace: where it came from, and when it was let in. Until then it waits for its turn.
    source = models.CharField(max_length=40, blank=True)
    sender = models.CharField(max_length=300, blank=True)  # within its source
    let_in_at = models.DateTimeField(null=True, blank=True)

    starts = models.PositiveSmallIntegerField(default=0)  # planning starts without an end
    round = models.PositiveSmallIntegerField(default=0)  # planning conversations: one more after each answer
    created_by = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = StateQuerySet["Job"].as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["receipt", "trigger"],
                condition=Q(receipt__isnull=False),
                name="job_once_per_receipt_and_trigger",
            ),
            models.CheckConstraint(condition=Q(priority__in=Priority.ALL), name="job_priority_known"),
            models.CheckConstraint(condition=Q(state__in=list(JobState)), name="job_state_known"),
            models.CheckConstraint(condition=~Q(brief=""), name="job_has_a_brief"),
            models.CheckConstraint(
                condition=Q(reserved_microusd__gte=0, spent_microusd__gte=0), name="job_money_not_negative"
            ),
        ]
        indexes = [
            # The claim: WHERE state = 'pending' AND priority = … AND COALESCE(client_id, 0) = … AND ready_at <= now
            # ORDER BY ready_at, id LIMIT 1; and before it, which client follows the last one.
            models.Index(
                F("priority"),
                Coalesce("client", 0),
                F("ready_at"),
                F("id"),
                condition=Q(state=JobState.PENDING),
                name="job_to_plan",
            ),
            # The loop guard: whether an open job asks the same already.
            models.Index(fields=["content_digest"], condition=Q(state__in=sorted(OPEN_JOB)), name="job_by_content"),
            # The pace: whether so many of a rule, a sender, a source were let in within the hour. The condition
            # follows from what is asked, whatever the values are: SQLite's planner takes no other.
            models.Index(
                fields=["trigger", "let_in_at"], condition=Q(let_in_at__isnull=False), name="job_pace_of_rule"
            ),
            models.Index(
                fields=["sender", "let_in_at"], condition=Q(let_in_at__isnull=False), name="job_pace_of_sender"
            ),
            models.Index(
                fields=["source", "let_in_at"], condition=Q(let_in_at__isnull=False), name="job_pace_of_source"
            ),
            models.Index(fields=["parent"], condition=Q(parent__isnull=False), name="job_of_parent"),
            models.Index(fields=["again_of"], condition=Q(again_of__isnull=False), name="job_again_of"),
            models.Index(fields=["after"], condition=Q(after__isnull=False), name="job_after"),
            # The queue page: one state, newest first.
            models.Index(fields=["state", "-id"], name="job_by_state"),
            # A rule's jobs, the newest first: its page, its last event. By time, as no other index leads by that:
            # of a rule that never opened one, PostgreSQL would look for the newest among all jobs.
            models.Index(fields=["trigger", "-created_at"], condition=Q(trigger__isnull=False), name="job_of_rule"),
            # A client's page: their jobs, the newest first, and what this month cost.
            models.Index(fields=["client", "-created_at"], name="job_of_client"),
        ]

    def __str__(self) -> str:
        """Return the title."""
        return self.title

    @property
    def deadline(self) -> datetime.datetime | None:
        """Until when what it asks is to be decided; None where no time is set, or it asks no more."""
        return self.due_at if self.state in OPEN_JOB else None

    @property
    def is_late(self) -> bool:
        """Whether that time has passed."""
        return self.deadline is not None and self.deadline <= timezone.now()
