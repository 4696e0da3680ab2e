"""Delivery: one outward effect on its way to one target."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from jobs.models.client import Client
from jobs.models.fence import Stateful, StateQuerySet
from jobs.models.job import Job
from jobs.models.review import Review
from jobs.models.task import Task
from jobs.policy import GATED_KINDS
from jobs.states import NEVER, DeliveryState, Priority


class Delivery(Stateful):
    """The outbox. `digest` covers target, kind, fields and every file; a gated one leaves `held` only approved.

    A notice tells what happened; it belongs to no job, so that no job waits for it or is ended with it.
    """

    NOUN = "delivery"

    key = models.CharField(max_length=120, unique=True)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries")
    # As the job's, for a notice too: whose turn it takes.
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    review = models.ForeignKey(Review, on_delete=models.PROTECT, null=True, blank=True, related_name="deliveries")
    target = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    card = models.CharField(max_length=60, blank=True)  # of a notice: what it shows, such as job:12
    fields = models.JSONField(default=dict)
    files = models.JSONField(default=list)  # [{"name", "kind", "media_type", "sha256"}]
    digest = models.CharField(max_length=64)
    approved_digest = models.CharField(max_length=64, blank=True)
    priority = models.PositiveSmallIntegerField(default=Priority.INTERNAL)
    state = models.CharField(max_length=20, choices=[(s, s) for s in DeliveryState], default=DeliveryState.PENDING)
    reason = models.TextField(blank=True)
    ready_at = models.DateTimeField()  # not before: the end of the undo window, or the next try

    attempts = models.PositiveSmallIntegerField(default=0)  # counts starts; the fencing token of an attempt
    host = models.CharField(max_length=120, blank=True)
    pid = models.BigIntegerField(default=0)
    pid_started = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    external_id = models.CharField(max_length=255, blank=True)
    url = models.CharField(max_length=500, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    objects = StateQuerySet["Delivery"].as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(DeliveryState)), name="delivery_state_known"),
            models.CheckConstraint(
                condition=Q(kind="notice", job__isnull=True, task__isnull=True, review__isnull=True)
                | (~Q(kind="notice") & Q(job__isnull=False, task__isnull=False, card="")),
                name="delivery_is_of_a_task_or_a_notice",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=GATED_KINDS) | Q(review__isnull=False), name="delivery_gated_has_review"
            ),
            # What was approved is what is sent: without the same digest it stays held or is cancelled.
            models.CheckConstraint(
                condition=~Q(kind__in=GATED_KINDS)
                | Q(state__in=[DeliveryState.HELD, DeliveryState.CANCELLED])
                | Q(approved_digest=F("digest")),
                name="delivery_gated_is_approved",
            ),
        ]
        indexes = [
            # The claim, as for jobs.
            models.Index(
                F("priority"),
                Coalesce("client", 0),
                F("ready_at"),
                F("id"),
                condition=Q(state=DeliveryState.PENDING),
                name="delivery_to_make",
            ),
            # The sweep: what was being sent, and what has to be looked up.
            models.Index(
                fields=["lease_until"],
                condition=Q(state__in=[DeliveryState.SENDING, DeliveryState.UNKNOWN]),
                name="delivery_in_doubt",
            ),
            # The message that came back, or the desk's own mail.
            models.Index(fields=["external_id"], condition=Q(kind="client_message"), name="delivery_of_a_message"),
            models.Index(fields=["external_id"], condition=Q(kind="notice"), name="delivery_of_a_notice"),
            # What a target shows of something, and whether a later notice says more.
            models.Index(fields=["card", "target", "id"], condition=~Q(card=""), name="delivery_by_card"),
        ]

    def __str__(self) -> str:
        """Return the key."""
        return self.key

    @property
    def shown_as(self) -> str:
        """What a target shows once and brings up to date: a card, or all of the key but the round of its task."""
        if self.task_id is None:
            return self.card
        job, position, _, number = self.key.rsplit(":", 3)
        return f"{job}:{position}:{number}"

    @property
    def is_parked(self) -> bool:
        """Whether it would be on its way, but for its target, which is down."""
        return self.state == DeliveryState.PENDING and self.ready_at >= NEVER
