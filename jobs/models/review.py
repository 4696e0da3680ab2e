"""Review: a decision that waits for a person."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from jobs.models.fence import Stateful, StateQuerySet
from jobs.models.job import Job
from jobs.models.task import Task
from jobs.states import Priority, ReviewKind, ReviewState


class Review(Stateful):
    """One decision. `digest` is what was shown; `version` counts changes, so that a stale page decides nothing."""

    NOUN = "review"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="reviews")
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
    snoozed_until = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)  # the person's words: revision note, reason, answer
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = StateQuerySet["Review"].as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(ReviewState)), name="review_state_known"),
            models.CheckConstraint(condition=Q(kind__in=list(ReviewKind)), name="review_kind_known"),
        ]
        indexes = [
            # The inbox: what is open, clients first, then the oldest.
            models.Index(fields=["priority", "id"], condition=Q(state=ReviewState.OPEN), name="review_open"),
        ]

    def __str__(self) -> str:
        """Return the title."""
        return self.title
