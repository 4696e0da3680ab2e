"""Trigger: the owner's rule, which receipts become which jobs."""

from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from jobs import schedules
from jobs.models.client import Client
from jobs.states import Priority


class Trigger(models.Model):
    """One rule. A receipt of `source` that meets `conditions` opens a job from the two templates.

    Templates name values of the receipt as {name}; a name that is missing is an error kept on the receipt.
    """

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True, help_text="The last part of its address.")
    source = models.CharField(max_length=40, help_text="form, standard, github, schedule, …")
    # Rules that share an address also share its secrets, which are those of the rule that the address names.
    address = models.SlugField(
        max_length=60, blank=True, help_text="Another rule at whose address this one listens too; empty: its own."
    )
    enabled = models.BooleanField(default=True)
    conditions = models.JSONField(default=dict, blank=True)
    title_template = models.CharField(max_length=200, default="{summary}")
    brief_template = models.TextField(default="{text}")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, null=True, blank=True, related_name="triggers")
    client_from = models.CharField(
        max_length=80,
        blank=True,
        help_text="The value that holds the sender's mail address, such as email: if it is a recipient of exactly "
        "one client, the work is for that client. Whoever sends the event can claim any address there.",
    )
    agents = models.JSONField(default=list, blank=True, help_text="The agents that may work on it; none: all.")
    priority = models.PositiveSmallIntegerField(
        choices=[(Priority.CLIENT, "1, client"), (Priority.INTERNAL, "2, internal")], default=Priority.INTERNAL
    )
    budget_microusd = models.BigIntegerField(null=True, blank=True, help_text="Micro-USD; empty: the usual budget.")
    most_an_hour = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Jobs that it may begin within an hour, what comes faster waits; empty: the usual number.",
    )
    # The proof a sender needs is derived from SECRET_KEY and these, so no secret lies in the database.
    secret_version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    # A schedule that was switched on again or told other times has no slot before that.
    active_since = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(priority__in=Priority.ALL), name="trigger_priority_known")
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; note the moment from which a schedule counts, if this makes it another one."""
        if not self._state.adding and self._counts_anew():
            self.active_since = timezone.now()
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "active_since"}
        super().save(*args, **kwargs)

    def _counts_anew(self) -> bool:
        before = Trigger.objects.filter(pk=self.pk).values_list("enabled", "source", "slug", "conditions").first()
        if before is None:
            return False
        was_enabled, source, slug, conditions = before
        is_other = (source, slug) != (self.source, self.slug)
        is_on_again = self.enabled and not was_enabled
        return is_other or is_on_again or schedules.timing(conditions) != schedules.timing(self.conditions)
