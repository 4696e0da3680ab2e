"""Whether mail can be worked with as it is set up: out by a server or provider, in by a mailbox or a webhook."""

import secrets
import time
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any, ClassVar

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from integrations.contracts import DeliveryError, Finding, OutcomeUnknown
from integrations.mail import postmark, replies
from integrations.mail.mailbox import Mailbox, Unreachable
from integrations.mail.smtp import EmailBackend as Smtp
from integrations.words import _

_MANY = 100
# How long a mail to ourselves may take, and how often the mailbox is looked into for it.
COMES_BACK_SECONDS = 30.0
_PAUSE_SECONDS = 1.0


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
            says = _("No sender is ever proven: nobody's word on them counts.")
            fix = _("Set MAIL_AUTHSERV_ID to what your receiving server calls itself in Authentication-Results.")
            found.append(Finding(ok=False, says=says, fix=fix))
        try:
            replies.checked_mailbox(self._reply_to)
        except ValueError as error:
            fix = _("Until then no message to a client can be sent.")
            found.append(Finding(ok=False, says=f"{error}.", fix=fix))
        if comes_in and self._sends and not self._reply_to:
            says = _("Clients' answers open new jobs, they don't find their own.")
            fix = _("Set MAIL_REPLY_TO to the address of the mailbox; it has to take desk+…@ too.")
            found.append(Finding(ok=False, says=says, fix=fix))
        return found

    def try_out(self) -> list[Finding]:
        """Send one mail to the house's own address, and take it out of the mailbox again. It opens nothing."""
        to = self._reply_to or self._sender
        subject = f"Nightdesk tries its mail ({secrets.token_hex(4)})"
        mail = EmailMessage(subject, "Nothing has to be done.\n", self._sender, [to])
        mail.extra_headers["Auto-Submitted"] = "auto-generated"
        if settings.EMAIL_PROVIDER == postmark.SLUG:
            mail.extra_headers["Message-ID"] = "<trial@nightdesk.invalid>"
        try:
            get_connection().send_messages([mail])
        except (DeliveryError, OutcomeUnknown) as error:
            return [Finding(ok=False, says=str(error), fix=_("Correct EMAIL_URL and MAIL_FROM."))]
        if not self._mailbox or not settings.EMAIL_URL:
            return [Finding(ok=True, says=_("A mail was sent to {to}: look whether it arrives.").format(to=to))]
        return [self._comes_back(subject, to)]

    def _comes_back(self, subject: str, to: str) -> Finding:
        ends = time.monotonic() + COMES_BACK_SECONDS
        try:
            while True:
                with Mailbox(**self._mailbox).visit() as visit:
                    if visit.take_away(subject):
                        return Finding(
                            ok=True,
                            says=_("A mail to {to} came back into the mailbox, and is gone again.").format(to=to),
                        )
                if time.monotonic() > ends:
                    break
                time.sleep(_PAUSE_SECONDS)
        except (Unreachable, ValueError) as error:
            return Finding(
                ok=False,
                says=_("A mail was sent to {to}. {error}").format(to=to, error=error),
                fix=_("Correct IMAP_URL."),
            )
        says = _("A mail was sent to {to}, and did not come into the mailbox in {seconds:g} seconds.").format(
            to=to, seconds=COMES_BACK_SECONDS
        )
        return Finding(ok=False, says=says, fix=_("Look whether MAIL_REPLY_TO leads into the mailbox of IMAP_URL."))

    def _outgoing(self) -> Finding:
        if self._sends and not settings.EMAIL_URL:
            return Finding(ok=True, says=_("Mail is sent by the deliveries' process, which alone knows the login."))
        if not settings.EMAIL_URL:
            fix = _("Set EMAIL_URL, and MAIL_FROM to an address that its server may send from.")
            return Finding(ok=True, says=_("Mail is kept as files, nothing is sent."), fix=fix)
        if parseaddr(self._sender)[1].endswith("@localhost"):
            return Finding(
                ok=False,
                says=_("Mail would come from {sender}.").format(sender=self._sender),
                fix=_("Set MAIL_FROM."),
            )
        if settings.EMAIL_PROVIDER == postmark.SLUG:
            return _postmark()
        if settings.EMAIL_PROVIDER:
            return Finding(
                ok=True,
                says=_("By {provider}, which shows its key only when it sends.").format(
                    provider=settings.EMAIL_PROVIDER
                ),
            )
        return _server()

    def _incoming(self) -> Finding:
        try:
            box = Mailbox(**self._mailbox)
            with box.visit() as visit:
                count = len(visit.waiting())
        except (Unreachable, ValueError) as error:
            return Finding(ok=False, says=str(error), fix=_("Correct IMAP_URL."))
        says = _("{count} mails wait in {folder} of {user}").format(count=count, folder=box.folder, user=box.user)
        if count > _MANY:
            fix = _("Set IMAP_SINCE to today's date if old mail is to be left alone.")
            return Finding(ok=False, says=_("{says}: all of them would be taken in.").format(says=says), fix=fix)
        return Finding(ok=True, says=says)


def _postmark() -> Finding:
    try:
        name = postmark.ask("server").get("Name", "")
    except OutcomeUnknown as error:
        return Finding(ok=False, says=str(error), fix=_("Copy the server token into EMAIL_URL: postmark://token"))
    return Finding(ok=True, says=_("Postmark, server {name}.").format(name=name))


def _server() -> Finding:
    server = Smtp()
    try:
        server.open()
    except DeliveryError as error:
        return Finding(ok=False, says=str(error), fix=_("Correct EMAIL_URL."))
    server.close()
    return Finding(ok=True, says=_("Logged in at {host}:{port}.").format(host=server.host, port=server.port))
