"""Client: whom work is for, and who may be written to."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, validate_email
from django.db import models
from django.utils.translation import gettext_lazy as _


def check_recipients(value: object) -> None:
    """Raise ValidationError unless the value is a list of plain mail addresses."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValidationError(_('Write a list of mail addresses, such as ["marta@example.com"].'))
    for item in value:
        try:
            validate_email(item)
        except ValidationError as error:
            # Without its code: the field would say "Enter a valid JSON" in its place.
            raise ValidationError(_("%(item)s is no mail address.") % {"item": repr(item)}) from error


class Client(models.Model):
    """Whom work is for. `recipients`, or the channel, are the only places that a message for them can go to."""

    name = models.CharField(max_length=120, unique=True)
    slug = models.SlugField(max_length=60, unique=True)
    recipients = models.JSONField(
        default=list, blank=True, validators=[check_recipients], help_text=_("Trusted mail addresses, a JSON list.")
    )
    slack_channel = models.CharField(
        max_length=20,
        blank=True,
        validators=[
            RegexValidator(r"^[CG][A-Z0-9]{6,18}\Z", _("Write the channel's id, as in C0123ABCD, not its name."))
        ],
        help_text=_("The id of a Slack channel that is shared with them: messages go there in place of mail."),
    )
    tone = models.CharField(max_length=200, blank=True, help_text=_("How messages to this client sound."))
    house_style = models.TextField(
        blank=True,
        help_text=_("How texts for this client are written: words to use and to avoid, spelling, form of address."),
    )
    notes = models.TextField(blank=True, help_text=_("What every agent working for this client should know."))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    @property
    def way(self) -> tuple[str, list[str]]:
        """The target that a message for this client goes by, and the addresses there: their channel, else mail."""
        by_channel: str = settings.CHANNELS_BY
        if self.slack_channel and by_channel:
            return by_channel, [self.slack_channel]
        return settings.DELIVERED_BY["client_message"], list(self.recipients)

    def is_trusted(self, address: str, target: str) -> bool:
        """Whether a message by this target may go to this address."""
        by_channel = target == settings.CHANNELS_BY
        known = [self.slack_channel] if by_channel else self.recipients
        return address.casefold() in {str(one).casefold() for one in known}
