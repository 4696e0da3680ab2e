"""Checkup: what the last look at one part of this installation, or at one provider, found."""

from django.db import models


class Checkup(models.Model):
    """One row of the set-up page. `wanted` is what a person asked for and no process has done yet."""

    name = models.CharField(max_length=40, primary_key=True)
    place = models.PositiveSmallIntegerField(default=0)
    cluster = models.CharField(max_length=20)  # whose processes hold what it takes to look
    is_provider = models.BooleanField(default=False)
    is_connected = models.BooleanField(default=True)
    can_try = models.BooleanField(default=False)
    can_mend = models.BooleanField(default=False)  # what is missing there can be made from here
    about = models.CharField(max_length=200, blank=True)
    how = models.TextField(blank=True)  # to connect it
    findings = models.JSONField(default=list)  # [{"level", "name", "says", "fix"}]
    wanted = models.CharField(max_length=10, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["place"]

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    @property
    def level(self) -> str:
        """The worst that was found; empty while nobody has looked."""
        found = {finding["level"] for finding in self.findings}
        return next((level for level in ("fail", "warn", "ok") if level in found), "")
