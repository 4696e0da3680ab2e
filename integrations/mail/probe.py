"""Whether mail can be worked with as it is set up: out by a server or provider, in by a mailbox or a webhook."""

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any, ClassVar

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from integrations.contracts import DeliveryError, Finding, OutcomeUnknown
from integrations.mail import postmark, replies
from integrations.mail.mailbox import Mailbox, Unreachable
from integrations.mail.smtp import EmailBackend as Smtp

_MANY = 100


class MailProbe:
    """Looks at what the environment names. `mailbox` are the options of the mailbox, empty without one.

    `sends` and `hooked` say whether some process of the house has the login to send, and the hooks' password.
    """

    slug: ClassVar[str] = "mail"

    def __init__(
        self,
        *,
        sender: str,
        reply_to: str,
        sends: bool,
        mailbox: Mapping[str, Any],
        authserv_ids: list[str],
        hooked: bool,
    ) -> None:
        self._sender, self._reply_to, self._mailbox = sender, reply_to, mailbox
        self._sends, self._authserv_ids, self._hooked = sends, authserv_ids, hooked

    def look(self) -> list[Finding]:
        """The logins, how many mails wait, what is missing for senders to be proven and answers to find back."""
        found = [self._outgoing()]
        if self._mailbox:
            found.append(self._incoming())
        comes_in = bool(self._mailbox or self._hooked)
        if comes_in and not self._authserv_ids:
            says = "No sender is ever proven: nobody's word on them counts."
            fix = "Set MAIL_AUTHSERV_ID to what your receiving server calls itself in Authentication-Results."
            found.append(Finding(ok=False, says=says, fix=fix))
        try:
            replies.checked_mailbox(self._reply_to)
        except ValueError as error:
            fix = "Until then no message to a client can be sent."
            found.append(Finding(ok=False, says=f"{error}.", fix=fix))
        if comes_in and self._sends and not self._reply_to:
            says = "Clients' answers open new jobs, they don't find their own."
            fix = "Set MAIL_REPLY_TO to the address of the mailbox; it has to take desk+…@ too."
            found.append(Finding(ok=False, says=says, fix=fix))
        return found

    def try_out(self) -> list[Finding]:
        """Send one mail to the house's own address: what comes back from there opens nothing."""
        to = self._reply_to or self._sender
        mail = EmailMessage("Nightdesk tries its mail", "Nothing has to be done.\n", self._sender, [to])
        mail.extra_headers["Auto-Submitted"] = "auto-generated"
        if settings.EMAIL_PROVIDER == postmark.SLUG:
            mail.extra_headers["Message-ID"] = "<trial@nightdesk.invalid>"
        try:
            get_connection().send_messages([mail])
        except (DeliveryError, OutcomeUnknown) as error:
            return [Finding(ok=False, says=str(error), fix="Correct EMAIL_URL and MAIL_FROM.")]
        return [Finding(ok=True, says=f"A mail was sent to {to}: look whether it arrives.")]

    def _outgoing(self) -> Finding:
        if self._sends and not settings.EMAIL_URL:
            return Finding(ok=True, says="Mail is sent by the deliveries' process, which alone knows the login.")
        if not settings.EMAIL_URL:
            fix = "Set EMAIL_URL, and MAIL_FROM to an address that its server may send from."
            return Finding(ok=True, says="Mail is kept as files, nothing is sent.", fix=fix)
        if parseaddr(self._sender)[1].endswith("@localhost"):
            return Finding(ok=False, says=f"Mail would come from {self._sender}.", fix="Set MAIL_FROM.")
        if settings.EMAIL_PROVIDER == postmark.SLUG:
            return _postmark()
        if settings.EMAIL_PROVIDER:
            return Finding(ok=True, says=f"by {settings.EMAIL_PROVIDER}, which shows its key only when it sends")
        return _server()

    def _incoming(self) -> Finding:
        try:
            box = Mailbox(**self._mailbox)
            with box.visit() as visit:
                count = len(visit.waiting())
        except (Unreachable, ValueError) as error:
            return Finding(ok=False, says=str(error), fix="Correct IMAP_URL.")
        says = f"{count} mails wait in {box.folder} of {box.user}"
        if count > _MANY:
            fix = "Set IMAP_SINCE to today's date if old mail is to be left alone."
            return Finding(ok=False, says=f"{says}: all of them would be taken in.", fix=fix)
        return Finding(ok=True, says=says)


def _postmark() -> Finding:
    try:
        name = postmark.ask("server").get("Name", "")
    except OutcomeUnknown as error:
        return Finding(ok=False, says=str(error), fix="Copy the server token into EMAIL_URL: postmark://token")
    return Finding(ok=True, says=f"Postmark, server {name}")


def _server() -> Finding:
    server = Smtp()
    try:
        server.open()
    except DeliveryError as error:
        return Finding(ok=False, says=str(error), fix="Correct EMAIL_URL.")
    server.close()
    return Finding(ok=True, says=f"logged in at {server.host}:{server.port}")
