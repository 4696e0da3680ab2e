"""Client messages by mail: at most once. Where nobody can say whether one was sent, a person decides."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from integrations.contracts import CannotTell, DeliveryError, Landed, Marked, OutcomeUnknown, Outgoing
from integrations.mail import composing, postmark, replies
from integrations.mail.outbox import EmailBackend as Outbox
from integrations.mail.provider import EmailBackend as Provider
from integrations.words import _

_NOT_SENT = {"rejected", "invalid", "failed"}


class MailTarget:
    """Sends from `sender` through Django's mail backend; `name` tells its mails from another target's."""

    slug: ClassVar[str] = "mail"
    kinds: ClassVar[frozenset[str]] = frozenset({"client_message"})
    lag_seconds: ClassVar[float] = 0.0

    def __init__(self, *, sender: str, reply_to: str = "", name: str = "mail") -> None:
        self._name = name
        self._sender = composing.checked_sender(sender)
        self._reply_to = replies.checked_mailbox(reply_to)
        self._is_postmark = settings.EMAIL_PROVIDER == postmark.SLUG
        if self._is_postmark:
            self.lag_seconds = postmark.LAG_SECONDS  # type: ignore[misc]  # of this one, not of the class

    def deliver(self, outgoing: Outgoing) -> Landed:
        """Send it to all of its recipients. Raises DeliveryError, or OutcomeUnknown once it was handed over."""
        if outgoing.kind not in self.kinds:
            raise DeliveryError(
                _("Mail takes messages to clients, not a {kind}.").format(kind=outgoing.kind), permanent=True
            )
        mail = composing.compose(outgoing, sender=self._sender, reply_to=self._reply_to)
        if self._is_postmark:
            postmark.mark(mail, key=outgoing.key, by=self._name)
        connection = get_connection()
        try:
            taken = connection.send_messages([mail])
        except (DeliveryError, OutcomeUnknown):
            raise
        except Exception as error:
            # Another backend's own error: nothing says how far it came.
            raise OutcomeUnknown(
                _("The mail backend failed with {kind} while sending.").format(kind=type(error).__name__)
            ) from error
        if taken != 1:
            raise OutcomeUnknown(_("The mail backend does not say that it sent the message."))
        landed = _landed(outgoing, mail.extra_headers["Message-ID"], connection)
        return landed.model_copy(update={"detail": landed.detail + _left_out(mail)})

    def find(self, outgoing: Outgoing) -> Landed | None:
        """The mail with this key's Message-ID, kept or known to a provider; raises CannotTell if nobody knows."""
        connection = get_connection()
        message_id = composing.message_id(outgoing.key, sender=self._sender)
        if isinstance(connection, Provider):
            found = connection.find(message_id)
            return Landed(
                external_id=message_id, detail=_("{esp} has it as {found}").format(esp=connection.esp, found=found)
            )
        if not isinstance(connection, Outbox):
            raise CannotTell(_("A mail server cannot be asked whether it sent a message."))
        if not connection.path_of(message_id).exists():
            return None
        return _landed(outgoing, message_id, connection)

    def listing(self, since: datetime) -> list[Marked]:
        """What a provider that can be asked has of ours. Raises CannotTell where none can, else OutcomeUnknown.

        The first of a key goes by its Message-ID; a double bears the same, and goes by the provider's id.
        """
        if not self._is_postmark:
            raise CannotTell(_("A mail server cannot be asked what it sent."))
        found, seen = list[Marked](), set[str]()
        for one in postmark.sent_since(since, by=self._name):
            own = composing.message_id(one.key, sender=self._sender)
            found.append(Marked(key=one.key, external_id=one.id if one.key in seen else own))
            seen.add(one.key)
        return found


def _landed(outgoing: Outgoing, message_id: str, connection: object) -> Landed:
    to = ", ".join([*outgoing.fields.get("to", []), *outgoing.fields.get("cc", [])])
    if isinstance(connection, Outbox):
        where = connection.path_of(message_id)
        return Landed(
            external_id=message_id, detail=_("kept as {where}, not sent; for {to}").format(where=where, to=to)
        )
    return Landed(external_id=message_id, detail=_("taken by the mail server for {to}").format(to=to))


def _left_out(mail: EmailMessage) -> str:
    """Whom the provider does not write to although it took the mail."""
    said = getattr(mail, "anymail_status", None)
    refused = [one for one, status in said.recipients.items() if status.status in _NOT_SENT] if said else []
    return f"; NOT delivered to {', '.join(refused)}, whom the provider refuses" if refused else ""
