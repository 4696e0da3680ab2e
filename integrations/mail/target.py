"""Client messages by mail: at most once. Where nobody can say whether one was sent, a person decides."""

from typing import ClassVar

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from integrations.contracts import CannotTell, DeliveryError, Landed, OutcomeUnknown, Outgoing
from integrations.mail import composing, postmark, replies
from integrations.mail.outbox import EmailBackend as Outbox
from integrations.mail.provider import EmailBackend as Provider

_NOT_SENT = {"rejected", "invalid", "failed"}


class MailTarget:
    """Sends from `sender` through the backend that Django's settings name."""

    slug: ClassVar[str] = "mail"
    kinds: ClassVar[frozenset[str]] = frozenset({"client_message"})
    lag_seconds: ClassVar[float] = 0.0

    def __init__(self, *, sender: str, reply_to: str = "") -> None:
        self._sender = composing.checked_sender(sender)
        self._reply_to = replies.checked_mailbox(reply_to)
        if settings.EMAIL_PROVIDER == postmark.SLUG:
            self.lag_seconds = postmark.LAG_SECONDS  # type: ignore[misc]  # of this one, not of the class

    def deliver(self, outgoing: Outgoing) -> Landed:
        """Send it to all of its recipients. Raises DeliveryError, or OutcomeUnknown once it was handed over."""
        if outgoing.kind not in self.kinds:
            raise DeliveryError(f"Mail takes messages to clients, not a {outgoing.kind}.", permanent=True)
        mail = composing.compose(outgoing, sender=self._sender, reply_to=self._reply_to)
        connection = get_connection()
        try:
            taken = connection.send_messages([mail])
        except (DeliveryError, OutcomeUnknown):
            raise
        except Exception as error:
            # Another backend's own error: nothing says how far it came.
            raise OutcomeUnknown(f"The mail backend failed with {type(error).__name__} while sending.") from error
        if taken != 1:
            raise OutcomeUnknown("The mail backend does not say that it sent the message.")
        landed = _landed(outgoing, mail.extra_headers["Message-ID"], connection)
        return landed.model_copy(update={"detail": landed.detail + _left_out(mail)})

    def find(self, outgoing: Outgoing) -> Landed | None:
        """The mail with this key's Message-ID, kept or known to a provider; raises CannotTell if nobody knows."""
        connection = get_connection()
        message_id = composing.message_id(outgoing.key, sender=self._sender)
        if isinstance(connection, Provider):
            found = connection.find(message_id)
            return Landed(external_id=message_id, detail=f"{connection.esp} has it as {found}")
        if not isinstance(connection, Outbox):
            raise CannotTell("A mail server cannot be asked whether it sent a message.")
        if not connection.path_of(message_id).exists():
            return None
        return _landed(outgoing, message_id, connection)


def _landed(outgoing: Outgoing, message_id: str, connection: object) -> Landed:
    to = ", ".join([*outgoing.fields.get("to", []), *outgoing.fields.get("cc", [])])
    if isinstance(connection, Outbox):
        where = connection.path_of(message_id)
        return Landed(external_id=message_id, detail=f"kept as {where}, not sent; for {to}")
    return Landed(external_id=message_id, detail=f"taken by the mail server for {to}")


def _left_out(mail: EmailMessage) -> str:
    """Whom the provider does not write to although it took the mail."""
    said = getattr(mail, "anymail_status", None)
    refused = [one for one, status in said.recipients.items() if status.status in _NOT_SENT] if said else []
    return f"; NOT delivered to {', '.join(refused)}, whom the provider refuses" if refused else ""
