"""Client: whom work is for, and who may be written to."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models


def check_recipients(value: object) -> None:
    """Raise ValidationError unless the value is a list of plain mail addresses."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValidationError('Write a list of mail addresses, such as ["marta@example.com"].')
    for item in value:
        try:
            validate_email(item)
        except ValidationError as error:
            # Without its code: the field would say "Enter a valid JSON" in its place.
            raise ValidationError(f"{item!r} is no mail address.") from error


class Client(models.Model):
    """Whom work is for. `recipients` are the only addresses that a message for this client can go to."""

    name = models.CharField(max_length=120, unique=True)
    slug = models.SlugField(max_length=60, unique=True)
    recipients = models.JSONField(
        default=list, blank=True, validators=[check_recipients], help_text="Trusted mail addresses, a JSON list."
    )
    tone = models.CharField(max_length=200, blank=True, help_text="How messages to this client sound.")
    house_style = models.TextField(
        blank=True,
        help_text="How texts for this client are written: words to use and to avoid, spelling, form of address.",
    )
    notes = models.TextField(blank=True, help_text="What every agent working for this client should know.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        """Return the name."""
        return self.name
