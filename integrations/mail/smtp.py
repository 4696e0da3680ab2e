"""A mail backend for SMTP that knows how far it came: refused, taken, or nobody can say.

Django's own gives the message to the server although some of the recipients were refused, and one error type for a
connection that broke before and after the message was handed over.
"""

import contextlib
import smtplib
import ssl
from collections.abc import Sequence
from typing import Any, NoReturn, cast

from django.core.mail import EmailMessage
from django.core.mail.backends import smtp
from django.core.mail.message import SafeMIMEMultipart, sanitize_address

from integrations.contracts import DeliveryError, OutcomeUnknown, TargetClosed
from integrations.words import _

# Per answer of the server; a whole dialogue has to end within the lease of a delivery.
DEFAULT_TIMEOUT_SECONDS = 15


class EmailBackend(smtp.EmailBackend):
    """Connects as Django's settings say. Raises DeliveryError or OutcomeUnknown and nothing else."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.timeout = self.timeout or DEFAULT_TIMEOUT_SECONDS

    def open(self) -> bool | None:
        """Connect and log in; nothing was sent if that fails."""
        try:
            return self._open()
        except (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError) as error:
            reason = _(
                "The mail server cannot be spoken to as the settings ask: {error}. Correct EMAIL_URL."
            ).format(error=error)
            raise DeliveryError(reason, permanent=True) from error
        except smtplib.SMTPAuthenticationError as error:
            reason = _("The mail server refused the login ({smtp_code}).").format(smtp_code=error.smtp_code)
            raise TargetClosed(
                _("{reason} Correct the name and password in EMAIL_URL.").format(reason=reason)
            ) from error
        except smtplib.SMTPResponseException as error:
            _refuse("The mail server refused the connection", error)
        except OSError as error:
            reason = _("The mail server at {host}:{port} could not be reached ({kind}).").format(
                host=self.host, port=self.port, kind=type(error).__name__
            )
            raise DeliveryError(reason, permanent=False) from error

    def _open(self) -> bool | None:
        try:
            return super().open()
        except OSError:
            # Django keeps a connection that it could not set up, until the next attempt.
            self.close()
            raise

    def close(self) -> None:
        """Say goodbye; how that goes changes nothing about what was taken."""
        with contextlib.suppress(OSError):
            super().close()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Hand over every mail to all of its recipients, or to none of them."""
        opened = self.open()
        try:
            for mail in email_messages:
                self._hand_over(mail)
        finally:
            if opened:
                self.close()
        return len(email_messages)

    def _hand_over(self, mail: EmailMessage) -> None:
        client = cast(smtplib.SMTP, self.connection)  # open() has returned
        content = cast(SafeMIMEMultipart, mail.message()).as_bytes(linesep="\r\n")
        try:
            _announce(client, mail, size=len(content))
        except OSError as error:
            reason = _("The connection to the mail server broke before the message was sent ({error}).").format(
                error=error
            )
            raise DeliveryError(reason, permanent=False) from error
        try:
            code, answer = client.data(content)
        except smtplib.SMTPDataError as error:
            _refuse("The mail server refused to take a message", error)
        except OSError as error:
            reason = _("The connection to the mail server broke while it took the message: it may have been sent.")
            raise OutcomeUnknown(reason) from error
        if 400 <= code < 600:
            _refuse("The mail server refused the message", smtplib.SMTPDataError(code, answer))
        if not 200 <= code < 300:
            raise OutcomeUnknown(
                _("The mail server's answer to the message makes no sense ({code}).").format(code=code)
            )


def _announce(client: smtplib.SMTP, mail: EmailMessage, *, size: int) -> None:
    """Name the sender and all recipients: if one is refused, the message is not given to any of them."""
    client.ehlo_or_helo_if_needed()
    options = [f"size={size}"] if client.does_esmtp and client.has_extn("size") else []
    code, answer = client.mail(_envelope(mail.from_email), options)
    if code != 250:
        _refuse("The mail server refused the sender or the size", smtplib.SMTPDataError(code, answer))
    for recipient in dict.fromkeys(map(_envelope, mail.recipients())):
        code, answer = client.rcpt(recipient)
        if code not in (250, 251):
            _refuse(f"{recipient} was refused, so nobody was written to", smtplib.SMTPDataError(code, answer))


def _envelope(address: str) -> str:
    return sanitize_address(address, "utf-8")


def _refuse(what: str, error: smtplib.SMTPResponseException) -> NoReturn:
    """Raise the server's clear no: 5xx needs a person, anything else may pass with time."""
    answer = error.smtp_error
    words = " ".join((answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)).split())
    permanent = 500 <= error.smtp_code < 600
    raise DeliveryError(f"{what}: {error.smtp_code} {words[:300]}", permanent=permanent) from error
