"""Day: the envelopes that all spending of one date, and of the night before its morning, has to fit into."""

from django.db import models


class Day(models.Model):
    """Money reserved and spent on one date of the owner's time zone, in micro-USD.

    `night_`: what it was in the night that ends in its morning; that counts for its own date too. `told` names
    the envelopes that were used up, so that each is said once.
    """

    date = models.DateField(primary_key=True)
    reserved_microusd = models.BigIntegerField(default=0)
    spent_microusd = models.BigIntegerField(default=0)
    night_reserved_microusd = models.BigIntegerField(default=0)
    night_spent_microusd = models.BigIntegerField(default=0)
    told = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reserved_microusd__gte=0, spent_microusd__gte=0), name="day_money_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(night_reserved_microusd__gte=0, night_spent_microusd__gte=0),
                name="night_money_not_negative",
            ),
        ]

    def __str__(self) -> str:
        """Return the date."""
        return self.date.isoformat()
