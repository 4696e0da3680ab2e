"""Trigger: the owner's rule, which receipts become which jobs."""

import datetime
import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Self

from django.core.validators import MinValueValidator
from django.db import DEFAULT_DB_ALIAS, connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jobs import schedules
from jobs.models.client import Client
from jobs.states import Priority


class Trigger(models.Model):
    """One rule. A receipt of `source` that meets `conditions` opens a job from the two templates.

    Templates name values of the receipt as {name}; a name that is missing is an error kept on the receipt.
    """

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True, help_text=_("The last part of its address."))
    source = models.CharField(max_length=40, help_text=_("form, standard, github, schedule, …"))
    # Rules that share an address also share its secrets, which are those of the rule that the address names.
    address = models.SlugField(
        max_length=60,
        blank=True,
        help_text=_("Another rule at whose address this one listens too; empty: its own."),
    )
    enabled = models.BooleanField(default=True)
    conditions = models.JSONField(default=dict, blank=True)
    title_template = models.CharField(max_length=200, default="{summary}")
    brief_template = models.TextField(default="{text}")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, null=True, blank=True, related_name="triggers")
    client_from = models.CharField(
        max_length=80,
        blank=True,
        help_text=_(
            "The value that holds the sender's mail address, such as email: if it is a recipient of exactly "
            "one client, the work is for that client. Whoever sends the event can claim any address there."
        ),
    )
    agents = models.JSONField(default=list, blank=True, help_text=_("The agents that may work on it; none: all."))
    priority = models.PositiveSmallIntegerField(
        choices=[(Priority.CLIENT, _("1, client")), (Priority.INTERNAL, _("2, internal"))],
        default=Priority.INTERNAL,
    )
    budget_microusd = models.BigIntegerField(
        null=True, blank=True, help_text=_("Micro-USD; empty: the usual budget.")
    )
    daily_microusd = models.BigIntegerField(
        null=True,
        blank=True,
        help_text=_("Micro-USD that all its jobs of a day may spend; empty: no limit of its own."),
    )
    most_an_hour = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Jobs that it may begin within an hour, what comes faster waits; empty: the usual number."),
    )
    due_hours = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Hours within which what an event asks is to be answered; empty: no time is set."),
    )
    # The proof a sender needs is derived from SECRET_KEY and these, so no secret lies in the database.
    secret_version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    # A schedule that was switched on again or told other times has no slot before that.
    active_since = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(priority__in=Priority.ALL), name="trigger_priority_known"),
            models.CheckConstraint(
                condition=models.Q(daily_microusd__isnull=True) | models.Q(daily_microusd__gte=0),
                name="trigger_daily_not_negative",
            ),
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

    def due_at(self, came_at: datetime.datetime) -> datetime.datetime | None:
        """Until when an event that came then is to be answered; None where the rule sets no time."""
        return None if self.due_hours is None else came_at + datetime.timedelta(hours=self.due_hours)

    @classmethod
    def read(cls, condition: str, values: Sequence[str]) -> list[Self]:
        """The rules that meet an SQL condition. Their times are left out, and asked for when they are looked at.

        Every event that comes in asks for its rules, and a query set costs four times as much.
        """
        sql, names, is_json = cls._select()
        with connection.cursor() as cursor:
            cursor.execute(sql + condition, values)
            rows = cursor.fetchall()
        read = [[json.loads(v) if j else v for v, j in zip(row, is_json, strict=True)] for row in rows]
        return [cls.from_db(DEFAULT_DB_ALIAS, names, row) for row in read]

    @classmethod
    @cache
    def _select(cls) -> tuple[str, list[str], list[bool]]:
        """The SELECT up to its condition, the attributes that it gives, and which of them are JSON."""
        fields = [field for field in cls._meta.concrete_fields if not isinstance(field, models.DateTimeField)]
        columns = ", ".join(str(field.column) for field in fields)
        sql = f"SELECT {columns} FROM {cls._meta.db_table} WHERE "  # noqa: S608 - ours
        return sql, [field.attname for field in fields], [isinstance(field, models.JSONField) for field in fields]

    def _counts_anew(self) -> bool:
        before = Trigger.objects.filter(pk=self.pk).values_list("enabled", "source", "slug", "conditions").first()
        if before is None:
            return False
        was_enabled, source, slug, conditions = before
        is_other = (source, slug) != (self.source, self.slug)
        is_on_again = self.enabled and not was_enabled
        return is_other or is_on_again or schedules.timing(conditions) != schedules.timing(self.conditions)
