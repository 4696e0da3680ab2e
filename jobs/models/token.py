"""Token: what a program proves itself with at the API. Reply: an answer that it may ask for again."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

READ = "read"
WRITE_JOBS = "jobs:write"
DECIDE_REVIEWS = "reviews:decide"
MERGE = "merge"
SCOPES: dict[str, Any] = {
    READ: _("read jobs, reviews, artifacts, rules and clients"),
    WRITE_JOBS: _("open, cancel and retry jobs"),
    DECIDE_REVIEWS: _("decide reviews in its person's name, but for merges"),
    MERGE: _("approve merges too, for which a person would have to prove anew that it is them"),
}


def check_scopes(value: object) -> None:
    """Raise ValidationError unless the value is a list of at least one scope."""
    if not isinstance(value, list) or not value or not all(scope in SCOPES for scope in value):
        raise ValidationError(_("Choose at least one of %(names)s.") % {"names": ", ".join(SCOPES)})


class Token(models.Model):
    """One program's way in, in the name of one person. The token itself is not kept, only its sha-256."""

    name = models.SlugField(max_length=60, unique=True, help_text=_("The history names it: api:<name>."))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="tokens",
        help_text=_("In whose name it acts."),
    )
    hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(validators=[check_scopes])
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)  # to the minute
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    text = ""  # what its program sends: no column, known only where it was made

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Reply(models.Model):
    """What a POST with an Idempotency-Key was answered, so that the same one again changes nothing."""

    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="replies")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # of method, path and body
    status = models.PositiveSmallIntegerField()
    content = models.TextField()
    location = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="reply_once_per_key")]

    def __str__(self) -> str:
        """Return the key."""
        return self.key
