"""The mail that an approved message becomes, the same for every attempt: bytes, addresses, id and date."""

import hashlib
import re
from email import encoders
from email.charset import BASE64, QP, Charset
from email.mime.base import MIMEBase
from email.utils import format_datetime, parseaddr

from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.utils.encoding import punycode

from integrations.contracts import DeliveryError, Json, OutFile, Outgoing
from integrations.mail import replies
from integrations.mail.rendering import to_html
from integrations.words import _

MAX_BYTES = 20_000_000
MAX_RECIPIENTS = 50
MAX_SUBJECT_CHARS = 300
MAX_REFERENCES = 20

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,250}>")


def compose(outgoing: Outgoing, *, sender: str, reply_to: str = "") -> EmailMultiAlternatives:
    """The mail for `outgoing`; its first file is the message, the others are attachments.

    `fields` are `to` and `cc` (lists of addresses) and `subject`. With `reply_to`, the mailbox that is read, it
    asks for answers at the job's own address there. It stands below the mail that it answers, if there is one.
    Raises DeliveryError (permanent) for what no mail can be made of: no recipient, no address, a line break in a
    header, an empty or too large message.
    """
    to, cc = _addresses(outgoing, "to"), _addresses(outgoing, "cc")
    if not to:
        raise _refused(_("It has no recipient: give the client a trusted recipient, then send it anew."))
    if len(to) + len(cc) > MAX_RECIPIENTS:
        raise _refused(_("It has more than {max_recipients} recipients.").format(max_recipients=MAX_RECIPIENTS))
    text = _text(outgoing.files)
    mail = EmailMultiAlternatives(
        subject=_subject(outgoing),
        body=text,
        from_email=sender,
        to=to,
        cc=cc,
        headers={
            "Message-ID": message_id(outgoing.key, sender=sender),
            "Date": format_datetime(outgoing.created_at),
            **_threading(outgoing.thread, [*to, *cc]),
        },
        reply_to=[replies.address_for(outgoing.job_uid, reply_to)] if reply_to else None,
        alternatives=[(to_html(text), "text/html")],
        attachments=[_attachment(file) for file in outgoing.files[1:]],
    )
    mail.encoding = _charset(text)
    return mail


def checked_sender(sender: str) -> str:
    """The sender's address, as it came; raises ValueError if it is none."""
    sanitize_address(sender, "utf-8")
    if "@" not in parseaddr(sender)[1]:
        raise ValueError(f"{sender!r} is no mail address: set MAIL_FROM to one")
    return sender


def message_id(key: str, *, sender: str) -> str:
    """The Message-ID of the effect with this key, the same for every attempt."""
    return message_id_of(hashlib.sha256(key.encode()).hexdigest()[:32], sender=sender)


def message_id_of(own_part: str, *, sender: str) -> str:
    """The Message-ID with this part of its own, of a mail from the sender."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{own_part}@{punycode(domain)}>"


def _threading(thread: Json, recipients: list[str]) -> dict[str, str]:
    """The headers that put it below the mail that it answers, if whoever wrote that is among the recipients."""
    given, before = str(thread.get("message_id", "")), thread.get("references")
    known = {parseaddr(one)[1].casefold() for one in recipients}
    if not _MESSAGE_ID.fullmatch(given) or str(thread.get("with", "")).casefold() not in known:
        return {}
    chain = [str(one) for one in before if _MESSAGE_ID.fullmatch(str(one))] if isinstance(before, list) else []
    line = [*(one for one in chain if one != given), given][-MAX_REFERENCES:]
    return {"In-Reply-To": given, "References": " ".join(line)}


def _addresses(outgoing: Outgoing, field: str) -> list[str]:
    value = outgoing.fields.get(field) or []
    if not isinstance(value, list):
        raise _refused(_("{field} is not a list of addresses.").format(field=field))
    return list(dict.fromkeys(_address(one) for one in value))


def _address(value: object) -> str:
    """The address itself: one, with nothing that a header could take for more than that."""
    text = str(value).strip()
    if not text.isprintable():
        raise _refused(_("An address holds a line break or control character: correct the client's recipients."))
    try:
        clean = sanitize_address(text, "utf-8")
        validate_email(parseaddr(clean)[1])
    except (ValidationError, ValueError) as error:
        raise _refused(
            _("{text} is no mail address: correct the client's recipients.").format(text=f"{text[:100]!r}")
        ) from error
    return text


def _subject(outgoing: Outgoing) -> str:
    subject = str(outgoing.fields.get("subject") or outgoing.job_title).strip()
    if not subject.isprintable():
        raise _refused(_("The subject holds a line break or a control character: edit it, then approve it anew."))
    if not 0 < len(subject) <= MAX_SUBJECT_CHARS:
        raise _refused(
            _("The subject must have 1 to {max_subject_chars} characters.").format(
                max_subject_chars=MAX_SUBJECT_CHARS
            )
        )
    return subject


def _text(files: list[OutFile]) -> str:
    if not files:
        raise _refused(_("There is no message to send."))
    size = sum(len(file.content) for file in files)
    if size > MAX_BYTES:
        raise _refused(
            _("Message and attachments have {size} bytes; mail servers take at most {max_bytes}.").format(
                size=size, max_bytes=MAX_BYTES
            )
        )
    try:
        text = files[0].content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused(_("The message {name} is not a UTF-8 text.").format(name=files[0].name)) from error
    if not text.strip():
        raise _refused(_("The message is empty."))
    return text


def _charset(text: str) -> Charset:
    """UTF-8 in an encoding that gives back every approved byte.

    Quoted-printable stays readable, but has one line end only: a text with carriage returns goes as base64.
    """
    charset = Charset("utf-8")
    charset.body_encoding = BASE64 if "\r" in text else QP
    return charset


def _attachment(file: OutFile) -> MIMEBase:
    main, _, sub = file.media_type.partition("/")
    if main not in {"application", "audio", "image", "text", "video"} or not sub.isascii():
        main, sub = "application", "octet-stream"
    part = MIMEBase(main, sub)
    part.set_payload(file.content)
    encoders.encode_base64(part)
    name = "".join(char for char in file.name if char.isprintable()).replace("/", "-") or "attachment"
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
    return part


def _refused(reason: str) -> DeliveryError:
    return DeliveryError(reason, permanent=True)
