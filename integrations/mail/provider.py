"""A mail backend for e-mail providers, by django-anymail, that knows how far it came: refused, taken or unknown.

anymail's own has one error type for all of it: https://anymail.dev/en/stable/sending/exceptions/
"""

from collections.abc import Sequence
from typing import Any

import requests
from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.module_loading import import_string

from integrations.contracts import CannotTell, DeliveryError, OutcomeUnknown, TargetClosed
from integrations.mail import marking, postmark
from integrations.words import _

# Connect, then each answer: a delivery has to end within its lease.
TIMEOUT_SECONDS = (5, 20)
_REFUSED_KEY = (401, 403)


class EmailBackend(BaseEmailBackend):
    """Sends by the provider that settings.EMAIL_PROVIDER names. Raises DeliveryError or OutcomeUnknown only."""

    def __init__(self, fail_silently: bool = False, **options: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self.esp: str = settings.EMAIL_PROVIDER
        made = import_string(f"anymail.backends.{self.esp}.EmailBackend")
        self._anymail = made(timeout=TIMEOUT_SECONDS)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Hand over every mail; what the provider says of single recipients is in its `anymail_status`."""
        for mail in email_messages:
            self._prepare(mail)
            try:
                taken = self._anymail.send_messages([mail])
            except AnymailRecipientsRefused as error:
                who = ", ".join(mail.recipients())
                raise DeliveryError(
                    _("The mail provider takes nothing for {who}.").format(who=who), permanent=True
                ) from error
            except AnymailError as error:
                raise _outcome(error) from error
            if taken != 1:
                raise OutcomeUnknown(_("The mail provider does not say that it sent the message."))
        return len(email_messages)

    def find(self, message_id: str) -> str:
        """The provider's id of the mail with this Message-ID. Raises CannotTell, or OutcomeUnknown if unreachable.

        What is not found may still be on its way into the provider's search: a person says whether it arrived.
        """
        if self.esp != postmark.SLUG:
            raise CannotTell(_("This mail provider cannot be asked whether it sent a message."))
        if found := postmark.find(message_id):
            return found
        raise CannotTell(_("The mail provider knows nothing of the message, which may mean: not yet."))

    def _prepare(self, mail: EmailMessage) -> None:
        # Every provider writes its own date.
        mail.extra_headers.pop("Date", None)
        # Postmark's target gives a mail more, by which it is listed.
        if self.esp != postmark.SLUG:
            marking.mark(mail, self.esp)


def _outcome(error: AnymailError) -> DeliveryError | OutcomeUnknown:
    """What is certain after this error."""
    status = error.status_code
    if status is None:
        if isinstance(error, requests.RequestException) and not _was_never_connected(error):
            return OutcomeUnknown(_("The connection to the mail provider broke: it may have sent the message."))
        if isinstance(error, requests.RequestException):
            return DeliveryError(_("The mail provider could not be reached."), permanent=False)
        # Before anything was sent: an address, a part of the mail, that this provider cannot take.
        return DeliveryError(
            _("The mail cannot be sent by this provider: {error}").format(error=_first_line(error)), permanent=True
        )
    said = f"{status} {_said(error)}".strip()
    if status in _REFUSED_KEY:
        return TargetClosed(_("The mail provider refused the key in EMAIL_URL: {said}").format(said=said))
    if status == requests.codes.too_many_requests:
        return DeliveryError(
            _("The mail provider asks to wait."), permanent=False, retry_after=_wait(error.response)
        )
    if 400 <= status < 500:
        return DeliveryError(_("The mail provider refused the message: {said}").format(said=said), permanent=True)
    return OutcomeUnknown(_("The mail provider answered {said}: it may have sent the message.").format(said=said))


def _was_never_connected(error: Exception) -> bool:
    """Whether not even a connection was made: then nothing was sent."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, requests.exceptions.ConnectTimeout):
            return True
        if any(type(part).__name__ == "NewConnectionError" for part in _reasons(seen)):
            return True
        seen = seen.__cause__
    return False


def _reasons(error: BaseException) -> list[object]:
    """What urllib3 wraps into its errors."""
    return [getattr(part, "reason", None) for part in error.args] + list(error.args)


def _wait(response: Any) -> float | None:
    value = response.headers.get("Retry-After", "") if response is not None else ""
    return float(value) if value.isascii() and value.isdigit() and len(value) < 7 else None


def _said(error: AnymailError) -> str:
    """What the provider answered, on a line of bounded length."""
    text = error.response.text if error.response is not None else ""
    return " ".join(text.split())[:300]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
