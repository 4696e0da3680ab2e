"""Receipt: one accepted inbound delivery."""

from django.db import models

from jobs.models.fence import AppendOnly, AppendOnlyQuerySet


class Receipt(AppendOnly):
    """What came in, raw bytes kept; `data` is what triggers may name. Committed before the sender hears 2xx."""

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
    received_at = models.DateTimeField(auto_now_add=True)

    objects = AppendOnlyQuerySet["Receipt"].as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="receipt_once")]

    def __str__(self) -> str:
        """Return the source and the sender's id."""
        return f"{self.source} {self.external_id}"
