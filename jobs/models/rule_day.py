"""RuleDay: the envelope that all jobs of one rule, with what follows from them, have to fit into on one date."""

from django.db import models

from jobs.models.trigger import Trigger


class RuleDay(models.Model):
    """Money that a rule's jobs reserved and spent on one date of the owner's time zone, in micro-USD.

    It is kept for every rule; `told`: it was used up, and that was said.
    """

    trigger = models.ForeignKey(Trigger, on_delete=models.CASCADE, related_name="days")
    date = models.DateField()
    reserved_microusd = models.BigIntegerField(default=0)
    spent_microusd = models.BigIntegerField(default=0)
    told = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trigger", "date"], name="rule_day_once"),
            models.CheckConstraint(
                condition=models.Q(reserved_microusd__gte=0, spent_microusd__gte=0),
                name="rule_day_money_not_negative",
            ),
        ]

    def __str__(self) -> str:
        """Return the date."""
        return self.date.isoformat()
