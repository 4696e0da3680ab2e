"""Allowance: what the owner lets a day or a night spend, in place of what the environment says."""

from django.db import models
from django.db.models import Q


class Allowance(models.Model):
    """Micro-USD for the envelope `scope`; null: what the environment says. `version` counts changes."""

    class Scope(models.TextChoices):
        """The envelopes that a Day row holds; `jobs.budget` calls them the same."""

        DAY = "day"
        NIGHT = "night"

    scope = models.CharField(max_length=10, unique=True, choices=Scope.choices)
    microusd = models.BigIntegerField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)
    changed_by = models.CharField(max_length=150, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["scope"]
        constraints = [
            models.CheckConstraint(
                condition=Q(microusd__isnull=True) | Q(microusd__gte=0), name="allowance_not_negative"
            ),
            models.CheckConstraint(condition=Q(scope__in=["day", "night"]), name="allowance_scope_known"),
        ]

    def __str__(self) -> str:
        """Return the scope."""
        return self.scope
