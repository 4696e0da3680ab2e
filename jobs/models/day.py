"""Day: the envelope that all spending of one date has to fit into."""

from django.db import models


class Day(models.Model):
    """Money reserved and spent on one date of the owner's time zone, in micro-USD."""

    date = models.DateField(primary_key=True)
    reserved_microusd = models.BigIntegerField(default=0)
    spent_microusd = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reserved_microusd__gte=0, spent_microusd__gte=0), name="day_money_not_negative"
            )
        ]

    def __str__(self) -> str:
        """Return the date."""
        return self.date.isoformat()
