"""Nightdesk's own mail to its owner: the night's digest, and alarms. What goes to clients never passes here."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from integrations import words
from integrations.contracts import DeliveryError, Json, Landed, Marked, OutFile, Outgoing
from integrations.mail.target import MailTarget
from integrations.words import _


class OwnerMailTarget:
    """Mails notices from `sender` to the addresses `to`, through the backend that Django's settings name."""

    slug: ClassVar[str] = "owner"
    kinds: ClassVar[frozenset[str]] = frozenset({"notice"})
    lag_seconds: ClassVar[float] = 0.0

    def __init__(self, *, sender: str, to: Sequence[str]) -> None:
        self._mail = MailTarget(sender=sender, name=self.slug)
        self.lag_seconds = self._mail.lag_seconds  # type: ignore[misc]  # of this one, not of the class
        self._to = list(to)

    def deliver(self, outgoing: Outgoing) -> Landed:
        """Send it. Raises DeliveryError, or OutcomeUnknown once it was handed over."""
        return self._mail.deliver(self._letter(outgoing))

    def find(self, outgoing: Outgoing) -> Landed | None:
        """The kept mail, or None; raises CannotTell where mails really leave."""
        return self._mail.find(self._letter(outgoing))

    def listing(self, since: datetime) -> list[Marked]:
        """As of mail to clients."""
        return self._mail.listing(since)

    def _letter(self, outgoing: Outgoing) -> Outgoing:
        """The notice as a letter: its words, and no address but the owner's."""
        if outgoing.kind not in self.kinds:
            raise DeliveryError(
                _("The owner is mailed notices, not a {kind}.").format(kind=outgoing.kind), permanent=True
            )
        subject, text = _words(outgoing)
        content = text.encode()
        file = OutFile(
            name="notice.md",
            kind="notice",
            media_type="text/markdown",
            sha256=hashlib.sha256(content).hexdigest(),
            content=content,
        )
        return Outgoing(
            key=outgoing.key,
            kind="client_message",
            fields={"to": self._to, "subject": subject},
            files=[file],
            created_at=outgoing.created_at,
        )


def _words(outgoing: Outgoing) -> tuple[str, str]:
    """Subject and text. Raises DeliveryError for a notice that says nothing a person could read."""
    if digest := outgoing.fields.get("digest"):
        return _line(digest["subject"]), digest["text"]
    if review := outgoing.fields.get("review"):
        fix = review["payload"].get("fix", "")
        parts = (_line(review["consequence"]), _line(fix), _due(review), review["page"])
        text = "\n\n".join(part for part in parts if part)
        return _line(f"{_(words.KINDS.get(review['kind'], review['kind']))}: {review['title']}"), f"{text}\n"
    raise DeliveryError(_("This notice has no words for a mail."), permanent=True)


def _due(review: Json) -> str:
    """Until when it is to be decided, by the house's clock; empty where no time is set."""
    if not review.get("due_at"):
        return ""
    return _("Due {at}.").format(at=f"{datetime.fromisoformat(review['due_at']):%Y-%m-%d %H:%M}")


def _line(text: str) -> str:
    """One printable line: it may hold an agent's or a stranger's words."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:250]
