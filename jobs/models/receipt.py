"""Receipt: one accepted inbound delivery."""

import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from jobs.models.fence import AppendOnly, AppendOnlyQuerySet
from jobs.models.literal import other_than
from jobs.states import Outcome

# What `receipt_to_nothing` holds; who asks for one such outcome says this too, to be led by that index.
CAME_TO_NOTHING = other_than("outcome", Outcome.OPENED)


class ReceiptQuerySet(AppendOnlyQuerySet["Receipt"]):
    """Append-only but for one thing: what an event said may be forgotten."""

    def forget(self, now: datetime.datetime) -> int:
        """Empty the bytes and the values; return how many. For lifecycle.pruning only."""
        return models.QuerySet.update(self, body=b"", data={}, pruned_at=now)


class Receipt(AppendOnly):
    """What came in, raw bytes kept; `data` is what triggers may name. Committed before the sender hears 2xx.

    After a while both are emptied (`pruned_at`); the fact that it came stays.
    """

    source = models.CharField(max_length=40)
    external_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=80)
    sender = models.CharField(max_length=255, blank=True)
    summary = models.CharField(max_length=300, blank=True)
    data = models.JSONField(default=dict)
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    # Why a rule that should have opened a job did not: {trigger slug, or "every rule": reason}.
    problems = models.JSONField(default=dict)
    outcome = models.CharField(max_length=10, choices=[(o, o) for o in Outcome], default=Outcome.UNMATCHED)
    address = models.CharField(max_length=60, blank=True)  # the slug in the address that it was posted to
    origin = models.CharField(max_length=64, blank=True)  # a stranger's network address, as a keyed hash
    token = models.CharField(max_length=120, blank=True)  # what of the sender's proof is good for one event only
    received_at = models.DateTimeField(default=timezone.now, editable=False)
    pruned_at = models.DateTimeField(null=True, blank=True)

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="receipt_once"),
            models.UniqueConstraint(fields=["source", "token"], condition=~Q(token=""), name="receipt_token_once"),
        ]
        indexes = [
            # What came to nothing, newest first.
            models.Index(
                fields=["outcome", "-id"], condition=~Q(outcome=Outcome.OPENED), name="receipt_to_nothing"
            ),
            # How much one stranger has sent of late.
            models.Index(fields=["origin", "received_at"], condition=~Q(origin=""), name="receipt_by_origin"),
        ]

    def __str__(self) -> str:
        """Return the source and the sender's id."""
        return f"{self.source} {self.external_id}"
