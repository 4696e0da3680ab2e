"""Review: a decision that waits for a person."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from jobs.models.fence import Stateful, StateQuerySet
from jobs.models.job import Job
from jobs.models.task import Task
from jobs.states import NEVER, Priority, ReviewKind, ReviewState


class Review(Stateful):
    """One decision. `digest` is what was shown; `version` counts changes, so that a stale page decides nothing.

    An alarm about the desk itself (a target that is down, a mailbox, money) stands at no job: `about` names it.
    """

    NOUN = "review"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, null=True, blank=True, related_name="reviews")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, null=True, blank=True, related_name="reviews")
    kind = models.CharField(max_length=20, choices=[(k, k) for k in ReviewKind])
    state = models.CharField(max_length=20, choices=[(s, s) for s in ReviewState], default=ReviewState.OPEN)
    priority = models.PositiveSmallIntegerField(default=Priority.INTERNAL)
    title = models.CharField(max_length=200)
    consequence = models.CharField(max_length=300, blank=True)  # one line: what approving does
    # question: {"question", "suggestions", "recommended", "lasting", "if_unanswered"}
    # failure: {"cause", "written", "retry_safe", "fix"}
    # alarm: {"alarm", "rule", "slot", "zone", "cause", "fix", "run"}
    payload = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True)
    version = models.PositiveIntegerField(default=1)
    expires_at = models.DateTimeField(null=True, blank=True)  # then a question's recommended answer counts
    # What the inbox is sorted by, beside the priority (jobs/order.py): until when it is to be decided, the far
    # future where no time is set; and what is at stake (jobs/stakes.py).
    due_at = models.DateTimeField(default=NEVER)
    stake = models.PositiveSmallIntegerField(default=0)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)  # the person's words: revision note, reason, answer
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    # How it was decided: changes by a person before that; of an approval on its page, how long the item had been in
    # view and whether its end had been. Null: nobody measured it.
    edits = models.PositiveSmallIntegerField(default=0)
    looked_ms = models.PositiveIntegerField(null=True, blank=True)
    read_whole = models.BooleanField(null=True, blank=True)

    objects = StateQuerySet["Review"].as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(ReviewState)), name="review_state_known"),
            models.CheckConstraint(condition=Q(kind__in=list(ReviewKind)), name="review_kind_known"),
            # Only an alarm may be about the desk itself; what a person decides of a job's work has that job.
            models.CheckConstraint(
                condition=Q(job__isnull=False) | Q(kind=ReviewKind.ALARM, task__isnull=True),
                name="review_of_a_job_or_of_the_desk",
            ),
        ]
        indexes = [
            # The inbox: what is open, in its order.
            models.Index(
                fields=["priority", "due_at", "-stake", "id"],
                condition=Q(state=ReviewState.OPEN),
                name="review_in_order",
            ),
            # The meter: what was decided lately, and how.
            models.Index(fields=["-decided_at"], condition=Q(decided_at__isnull=False), name="review_by_decision"),
        ]

    def __str__(self) -> str:
        """Return the title."""
        return self.title

    @property
    def own_job(self) -> Job:
        """The job that it stands at. Raises LookupError for an item about the desk itself."""
        if self.job is None:
            raise LookupError(f"item {self.pk} is about the desk itself: it stands at no job")
        return self.job

    @property
    def own_job_id(self) -> int:
        """As `own_job`, without reading it."""
        return self.own_job.pk if self.job_id is None else self.job_id

    @property
    def deadline(self) -> datetime.datetime | None:
        """Until when it is to be decided; None where no time is set."""
        return self.due_at if self.due_at < NEVER else None

    @property
    def is_late(self) -> bool:
        """Whether that time has passed."""
        return self.due_at <= timezone.now()

    @property
    def about(self) -> str:
        """What an item of no job is about, by its name: a target, a place, a rule; empty where a job says it."""
        names = (self.payload.get(name) for name in ("target", "place", "rule_name"))
        return next((str(name) for name in names if name), "") if self.job_id is None else ""
