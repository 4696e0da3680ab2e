"""What e-mail providers post when a mail arrives: each in its own form, proven as that provider proves itself."""

import base64
import email
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import getaddresses
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from svix.webhooks import Webhook as SvixWebhook

PASSWORD = "nightdesk:a long password of the hooks"
BASIC = "Basic " + base64.b64encode(PASSWORD.encode()).decode()
KEYS = {
    "BREVO_API_KEY": "brevo-key",
    "MAILERSEND_INBOUND_SECRET": "mailersend-secret",
    "MAILGUN_WEBHOOK_SIGNING_KEY": "mailgun-key",
    "MAILTRAP_API_TOKEN": "mailtrap-token",
    "MAILTRAP_INBOUND_SECRET": "mailtrap-secret",
    "MANDRILL_WEBHOOK_KEY": "mandrill-key",
    "RESEND_API_KEY": "re_key",
    "RESEND_INBOUND_SECRET": "whsec_" + base64.b64encode(b"a secret of 24 bytes, eh").decode(),
}
POSTAL_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
BASE_URL = "http://127.0.0.1:8000"


@dataclass
class Post:
    """A request of a provider's, to be sent as it is or spoilt first."""

    path: str
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=lambda: {"authorization": BASIC})


def postal_public_key() -> str:
    """The key as Postal shows it: the base64 alone."""
    public = POSTAL_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return "".join(public.decode().splitlines()[1:-1])


def postmark(raw: bytes, recipient: str = "desk@example.com", event: str = "") -> Post:
    """https://postmarkapp.com/developer/webhooks/inbound-webhook with "include raw email"."""
    said = {
        "MessageID": event or secrets.token_hex(8),
        "OriginalRecipient": recipient,
        "RawEmail": text(raw),
        "Headers": [{"Name": "Return-Path", "Value": "<bounce@example.com>"}],
    }
    return Post("/hooks/mail/postmark/inbound/", json.dumps(said).encode())


def postmark_parsed(raw: bytes, recipient: str = "desk@example.com", stripped: str = "") -> Post:
    """The same without the raw mail."""
    mail = email.message_from_bytes(raw)
    named = ("From", "To", "Cc", "Subject", "Date", "Content-Type", "MIME-Version")
    said = {
        "MessageID": secrets.token_hex(8),
        "OriginalRecipient": recipient,
        "FromFull": _full(mail, "From")[0],
        "ToFull": _full(mail, "To"),
        "Subject": dict(_headers(mail))["Subject"],
        "Date": mail["Date"],
        "TextBody": body_of(mail),
        "StrippedTextReply": stripped,
        "Headers": [{"Name": name, "Value": value} for name, value in _headers(mail) if name not in named],
        "Attachments": [
            {
                "Name": part.get_filename(),
                "ContentType": part.get_content_type(),
                "Content": base64.b64encode(bytes(part.get_payload(decode=True))).decode(),
            }
            for part in mail.walk()
            if part.get_filename()
        ],
    }
    return Post("/hooks/mail/postmark/inbound/", json.dumps(said).encode())


def mailgun(raw: bytes, recipient: str = "desk@example.com", *, at: float | None = None, token: str = "") -> Post:
    """https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/ by the MIME address."""
    token, stamp = token or secrets.token_hex(25), str(int(time.time() if at is None else at))
    signature = hmac.new(KEYS["MAILGUN_WEBHOOK_SIGNING_KEY"].encode(), (stamp + token).encode(), hashlib.sha256)
    fields = {
        "recipient": recipient,
        "sender": "bounce@example.com",
        "timestamp": stamp,
        "token": token,
        "signature": signature.hexdigest(),
        "body-mime": text(raw),
    }
    body, content_type = multipart(fields, {})
    return Post("/hooks/mail/mailgun/inbound_mime/", body, content_type)


def sendgrid(raw: bytes, recipient: str = "desk@example.com") -> Post:
    """https://www.twilio.com/docs/sendgrid/for-developers/parsing-email, with "send raw"."""
    envelope = json.dumps({"to": [recipient], "from": "bounce@example.com"})
    body, content_type = multipart({"envelope": envelope, "email": text(raw)}, {})
    return Post("/hooks/mail/sendgrid/inbound/", body, content_type)


def sendgrid_parsed(raw: bytes, recipient: str = "desk@example.com") -> Post:
    """SendGrid's default: fields, and each attachment as a file."""
    mail = email.message_from_bytes(raw)
    files = {
        f"attachment{number}": (part.get_filename() or "", part.get_content_type(), part.get_payload(decode=True))
        for number, part in enumerate((part for part in mail.walk() if part.get_filename()), start=1)
    }
    fields = {
        "headers": "\n".join(f"{name}: {value}" for name, value in mail.items()),
        "envelope": json.dumps({"to": [recipient], "from": "bounce@example.com"}),
        "text": body_of(mail),
        "charsets": json.dumps({"text": "UTF-8"}),
        "attachment-info": json.dumps({name: {} for name in files}),
    }
    body, content_type = multipart(fields, files)
    return Post("/hooks/mail/sendgrid/inbound/", body, content_type)


def mailersend(raw: bytes, recipient: str = "desk@example.com") -> Post:
    """https://developers.mailersend.com/api/v1/inbound.html"""
    data = {"id": secrets.token_hex(8), "raw": text(raw), "recipients": {"rcptTo": [{"email": recipient}]}}
    body = json.dumps({"type": "inbound.message", "data": data}).encode()
    signature = _hexdigest("MAILERSEND_INBOUND_SECRET", body)
    return Post("/hooks/mail/mailersend/inbound/", body, headers={"authorization": BASIC, "signature": signature})


def mandrill(*raws: bytes, recipient: str = "desk@example.com") -> Post:
    """https://mailchimp.com/developer/transactional/docs/webhooks/, several mails in one post."""
    events = [{"event": "inbound", "ts": 1, "msg": {"raw_msg": text(raw), "email": recipient}} for raw in raws]
    said = json.dumps(events)
    path = "/hooks/mail/mandrill/"
    # What is signed holds the password, as the address that was given to Mandrill does.
    signed = f"{BASE_URL.replace('://', f'://{PASSWORD}@')}{path}mandrill_events{said}"
    digest = hmac.new(KEYS["MANDRILL_WEBHOOK_KEY"].encode(), signed.encode(), hashlib.sha1).digest()
    headers = {"authorization": BASIC, "x-mandrill-signature": base64.b64encode(digest).decode()}
    body = urlencode({"mandrill_events": said}).encode()
    return Post(path, body, "application/x-www-form-urlencoded", headers)


def postal(raw: bytes, recipient: str = "desk@example.com") -> Post:
    """https://docs.postalserver.io/developer/http-payloads"""
    said = {"id": 1, "rcpt_to": recipient, "message": base64.b64encode(text(raw).encode()).decode(), "base64": True}
    body = json.dumps(said).encode()
    signature = base64.b64encode(POSTAL_KEY.sign(body, padding.PKCS1v15(), hashes.SHA1())).decode()
    return Post(
        "/hooks/mail/postal/inbound/", body, headers={"authorization": BASIC, "x-postal-signature": signature}
    )


def sparkpost(raw: bytes, recipient: str = "desk@example.com") -> Post:
    """https://developers.sparkpost.com/api/relay-webhooks/"""
    content = {"email_rfc822": base64.b64encode(text(raw).encode()).decode(), "email_rfc822_is_base64": True}
    message = {"protocol": "smtp", "rcpt_to": recipient, "content": content}
    return Post("/hooks/mail/sparkpost/inbound/", json.dumps([{"msys": {"relay_message": message}}]).encode())


def mailjet(raw: bytes, recipient: str = "desk@example.com") -> Post:
    """https://dev.mailjet.com/email/guides/parse-api/"""
    mail = email.message_from_bytes(raw)
    said = {"Headers": dict(_headers(mail)), "Text-part": body_of(mail), "Recipient": recipient}
    return Post("/hooks/mail/mailjet/inbound/", json.dumps(said).encode())


def resend(email_id: str) -> Post:
    """https://resend.com/docs/webhooks/emails/received: the mail itself is fetched."""
    said = {"type": "email.received", "created_at": "2026-11-23T06:30:00.000Z", "data": {"email_id": email_id}}
    body = json.dumps(said).encode()
    return Post("/hooks/mail/resend/inbound/", body, headers={"authorization": BASIC, **_svix(body)})


def mailtrap(inbox: int, *messages: str) -> Post:
    """https://docs.mailtrap.io/email-api-smtp/advanced/webhooks: likewise, several in one post."""
    events = [
        {"event": "inbound.message_received", "inbox_id": inbox, "message_id": one, "timestamp": 1}
        for one in messages
    ]
    body = json.dumps({"events": events}).encode()
    signature = _hexdigest("MAILTRAP_INBOUND_SECRET", body)
    headers = {"authorization": BASIC, "mailtrap-signature": signature}
    return Post("/hooks/mail/mailtrap/inbound/", body, headers=headers)


def brevo(raw: bytes, token: str = "") -> Post:
    """https://developers.brevo.com/docs/inbound-parse-webhooks: files are fetched."""
    mail = email.message_from_bytes(raw)
    files = [{"Name": "clock.txt", "ContentType": "text/plain", "DownloadToken": token}] if token else []
    said = {"Uuid": ["u"], "Headers": dict(_headers(mail)), "RawTextBody": body_of(mail), "Attachments": files}
    return Post("/hooks/mail/brevo/inbound/", json.dumps({"items": [said]}).encode())


# Those whose post holds the whole mail as it came.
WHOLE: dict[str, Callable[[bytes], Post]] = {
    "mailersend": mailersend,
    "mailgun": mailgun,
    "mandrill": mandrill,
    "postal": postal,
    "postmark": postmark,
    "sendgrid": sendgrid,
    "sparkpost": sparkpost,
}


def multipart(fields: dict[str, str], files: dict[str, tuple[str, str, object]]) -> tuple[bytes, str]:
    """A form with files, and its content type."""
    boundary = "xYzZY" + secrets.token_hex(8)
    body = b""
    for name, value in fields.items():
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        body += value.encode() + b"\r\n"
    for name, (filename, kind, content) in files.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        body += f"{head}Content-Type: {kind}\r\n\r\n".encode()
        body += (content if isinstance(content, bytes) else b"") + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def text(raw: bytes) -> str:
    """The mail as JSON and forms can hold it."""
    return raw.decode("utf-8", "replace")


def body_of(mail: Message) -> str:
    """The first plain text in the mail."""
    for part in mail.walk():
        if part.get_content_type() == "text/plain" and not part.get_filename():
            return bytes(part.get_payload(decode=True)).decode(part.get_content_charset() or "utf-8", "replace")
    return ""


def _headers(mail: Message) -> list[tuple[str, str]]:
    """Each header on one line, as those providers send them that take a mail apart."""
    return [(name, " ".join(value.split())) for name, value in mail.items()]


def _full(mail: Message, header: str) -> list[dict[str, str]]:
    pairs = getaddresses(mail.get_all(header, []))
    return [{"Name": name, "Email": address, "MailboxHash": ""} for name, address in pairs]


def _hexdigest(key: str, body: bytes) -> str:
    return hmac.new(KEYS[key].encode(), body, hashlib.sha256).hexdigest()


def _svix(body: bytes) -> dict[str, str]:
    identity, now = "msg_" + secrets.token_hex(8), datetime.now(UTC)
    signature = SvixWebhook(KEYS["RESEND_INBOUND_SECRET"]).sign(identity, now, body.decode())
    return {"svix-id": identity, "svix-timestamp": str(int(now.timestamp())), "svix-signature": signature}
