"""Breaker: whether a target is worked with at this moment, for every host alike."""

from django.db import models

from jobs.models.review import Review


class Breaker(models.Model):
    """One target. Closed while `until` is empty; else nothing goes there before it, then one probe at a time."""

    target = models.CharField(max_length=40, primary_key=True)
    failures = models.PositiveIntegerField(default=0)  # since the last success
    until = models.DateTimeField(null=True, blank=True)
    since = models.DateTimeField(null=True, blank=True)  # when it opened
    probe = models.BigIntegerField(null=True, blank=True)  # the Delivery that tries whether it is back
    reason = models.TextField(blank=True)
    review = models.ForeignKey(Review, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        """Return the target's name."""
        return self.target
