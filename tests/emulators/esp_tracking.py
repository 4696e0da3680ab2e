"""What e-mail providers post when a mail that they sent came back, or was called spam: each in its own form.

`key` is the mark that the mail bore; `message_id` the id that the provider gave it, or got with it.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from svix.webhooks import Webhook as SvixWebhook

from tests.emulators.esp import BASE_URL, BASIC, KEYS, PASSWORD, POSTAL_KEY, Post

WHY = "550 5.1.1 no such user"
TRACKING_KEYS = {
    "MAILERSEND_SIGNING_SECRET": "mailersend-tracking",
    "MAILTRAP_TRACKING_SECRET": "mailtrap-tracking",
    "RESEND_SIGNING_SECRET": "whsec_" + base64.b64encode(b"another secret, 24 bytes").decode(),
}
Made = Callable[[str, str], Post]


def postmark(key: str, who: str, kind: str = "HardBounce") -> Post:
    """https://postmarkapp.com/developer/webhooks/bounce-webhook"""
    told = {
        "RecordType": "SpamComplaint" if kind == "SpamComplaint" else "Bounce",
        "ID": secrets.randbelow(10**9),
        "Type": kind,
        "MessageID": "00000000-0000-4000-8000-000000000001",
        "Metadata": {"nightdesk": key},
        "Details": WHY,
        "Email": who,
        "BouncedAt": "2026-11-23T06:30:00Z",
    }
    return Post("/hooks/mail/postmark/tracking/", json.dumps(told).encode())


def delivered(key: str, who: str) -> Post:
    """https://postmarkapp.com/developer/webhooks/delivery-webhook: it arrived."""
    told = {"RecordType": "Delivery", "MessageID": "1", "Metadata": {"nightdesk": key}, "Recipient": who}
    return Post("/hooks/mail/postmark/tracking/", json.dumps(told).encode())


def mailgun(key: str, who: str, *, at: float | None = None, token: str = "") -> Post:
    """https://documentation.mailgun.com/docs/mailgun/user-manual/events/webhooks"""
    stamp, token = str(int(time.time() if at is None else at)), token or secrets.token_hex(25)
    code = hmac.new(KEYS["MAILGUN_WEBHOOK_SIGNING_KEY"].encode(), f"{stamp}{token}".encode(), hashlib.sha256)
    told = {
        "signature": {"timestamp": stamp, "token": token, "signature": code.hexdigest()},
        "event-data": {
            "event": "failed",
            "severity": "permanent",
            "recipient": who,
            "timestamp": 1,
            "user-variables": {"nightdesk": key},
            "message": {"headers": {"message-id": "1@mg.example.com"}},
            "delivery-status": {"message": WHY},
        },
    }
    return Post("/hooks/mail/mailgun/tracking/", json.dumps(told).encode())


def sendgrid(key: str, who: str) -> Post:
    """https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event"""
    told = {"event": "bounce", "email": who, "nightdesk": key, "reason": WHY, "sg_event_id": secrets.token_hex(8)}
    return Post("/hooks/mail/sendgrid/tracking/", json.dumps([{**told, "timestamp": 1}]).encode())


def mailersend(key: str, who: str) -> Post:
    """https://developers.mailersend.com/api/v1/webhooks.html"""
    email = {"recipient": {"email": who}, "message": {"id": "1"}, "tags": [f"nightdesk-{key}"]}
    morph = {"object": "recipient_bounce", "reason": WHY}
    data = {"id": secrets.token_hex(8), "type": "hard_bounced", "email": email, "morph": morph}
    body = json.dumps({"type": "activity.hard_bounced", "data": data}).encode()
    code = hmac.new(TRACKING_KEYS["MAILERSEND_SIGNING_SECRET"].encode(), body, hashlib.sha256).hexdigest()
    return Post("/hooks/mail/mailersend/tracking/", body, headers={"authorization": BASIC, "signature": code})


def mandrill(key: str, who: str) -> Post:
    """https://mailchimp.com/developer/transactional/docs/webhooks/: at the same address as mail that comes in."""
    message = {"email": who, "metadata": {"nightdesk": key}, "diag": WHY}
    said = json.dumps([{"event": "hard_bounce", "_id": secrets.token_hex(8), "ts": 1, "msg": message}])
    path = "/hooks/mail/mandrill/"
    signed = f"{BASE_URL.replace('://', f'://{PASSWORD}@')}{path}mandrill_events{said}"
    code = hmac.new(KEYS["MANDRILL_WEBHOOK_KEY"].encode(), signed.encode(), hashlib.sha1).digest()
    headers = {"authorization": BASIC, "x-mandrill-signature": base64.b64encode(code).decode()}
    return Post(path, urlencode({"mandrill_events": said}).encode(), "application/x-www-form-urlencoded", headers)


def postal(key: str, who: str) -> Post:
    """https://docs.postalserver.io/developer/webhooks: it tells the Message-ID that the mail had."""
    original = {"id": 1, "message_id": f"{key}@studio.example", "to": who, "direction": "outgoing"}
    payload = {"original_message": original, "bounce": {"id": 2}, "details": WHY}
    body = json.dumps({"uuid": secrets.token_hex(8), "timestamp": 1, "payload": payload}).encode()
    code = base64.b64encode(POSTAL_KEY.sign(body, padding.PKCS1v15(), hashes.SHA1())).decode()
    return Post("/hooks/mail/postal/tracking/", body, headers={"authorization": BASIC, "x-postal-signature": code})


def sparkpost(key: str, who: str) -> Post:
    """https://developers.sparkpost.com/api/webhooks/"""
    told = {
        "type": "bounce",
        "event_id": secrets.token_hex(8),
        "raw_rcpt_to": who,
        "timestamp": "1",
        "raw_reason": WHY,
    }
    event = {**told, "bounce_class": "10", "rcpt_meta": {"nightdesk": key}}
    return Post("/hooks/mail/sparkpost/tracking/", json.dumps([{"msys": {"message_event": event}}]).encode())


def mailjet(key: str, who: str) -> Post:
    """https://dev.mailjet.com/email/guides/webhooks/"""
    said = {"event": "bounce", "email": who, "MessageID": 1, "time": 1, "smtp_reply": WHY}
    told = {**said, "hard_bounce": True, "Payload": json.dumps({"nightdesk": key})}
    return Post("/hooks/mail/mailjet/tracking/", json.dumps([told]).encode())


def mailtrap(key: str, who: str) -> Post:
    """https://docs.mailtrap.io/email-api-smtp/advanced/webhooks"""
    told = {"event": "bounce", "message_id": "1", "event_id": secrets.token_hex(8), "email": who, "timestamp": 1}
    event = {**told, "custom_variables": {"nightdesk": key}, "response": WHY}
    body = json.dumps({"events": [event]}).encode()
    code = hmac.new(TRACKING_KEYS["MAILTRAP_TRACKING_SECRET"].encode(), body, hashlib.sha256).hexdigest()
    headers = {"authorization": BASIC, "mailtrap-signature": code}
    return Post("/hooks/mail/mailtrap/tracking/", body, headers=headers)


def brevo(key: str, who: str) -> Post:
    """https://developers.brevo.com/docs/transactional-webhooks"""
    told = {"event": "hard_bounce", "email": who, "message-id": "<1@relay.example>", "reason": WHY, "ts_epoch": 1}
    custom = json.dumps({"nightdesk": key})
    return Post("/hooks/mail/brevo/tracking/", json.dumps({**told, "X-Mailin-custom": custom}).encode())


def resend(key: str, who: str) -> Post:
    """https://resend.com/docs/dashboard/webhooks/event-types"""
    headers = [{"name": "X-Metadata", "value": json.dumps({"nightdesk": key})}]
    data: dict[str, Any] = {"email_id": "1", "to": [who], "bounce": {"message": WHY}, "headers": headers}
    body = json.dumps({"type": "email.bounced", "created_at": "2026-11-23T06:30:00.000Z", "data": data}).encode()
    signer, identity = SvixWebhook(TRACKING_KEYS["RESEND_SIGNING_SECRET"]), "msg_" + secrets.token_hex(8)
    now = datetime.now(UTC)
    proof = {
        "svix-id": identity,
        "svix-timestamp": str(int(now.timestamp())),
        "svix-signature": signer.sign(identity, now, body.decode()),
    }
    return Post("/hooks/mail/resend/tracking/", body, headers={"authorization": BASIC, **proof})


def amazon_message(key: str, who: str) -> str:
    """What SES has SNS post: https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html"""
    mail = {
        "messageId": "1",
        "destination": [who],
        "commonHeaders": {"messageId": f"<{key}@studio.example>"},
    }
    recipients = [{"emailAddress": who, "diagnosticCode": WHY}]
    bounce = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": recipients}
    return json.dumps({"notificationType": "Bounce", "mail": mail, "bounce": bounce})


BOUNCES: dict[str, Made] = {
    "brevo": brevo,
    "mailersend": mailersend,
    "mailgun": mailgun,
    "mailjet": mailjet,
    "mailtrap": mailtrap,
    "mandrill": mandrill,
    "postal": postal,
    "postmark": postmark,
    "resend": resend,
    "sendgrid": sendgrid,
    "sparkpost": sparkpost,
}
