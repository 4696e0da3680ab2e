"""Amazon SNS as it posts to a webhook: notifications signed with a certificate of its own making."""

import base64
import datetime
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tests.emulators import esp

TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
_ORDER = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def _certificate(key: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=3650))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def self_signed(folder: Path) -> Path:
    """A file with a certificate that nobody vouches for, and its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(secret + _certificate(key))
    return path


@dataclass
class Sns:
    """One key and certificate; `fetch` stands where the network would, and notes what it was asked for."""

    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    fetched: list[str] = field(default_factory=list)

    def fetch(self, address: str) -> bytes:
        """The certificate, or the answer to a confirmation."""
        self.fetched.append(address)
        return _certificate(self.key) if address == CERTIFICATE_URL else b"<ConfirmSubscriptionResponse/>"

    def mail(self, raw: bytes, recipient: str = "desk@example.com", **changes: Any) -> esp.Post:
        """A mail that SES took in: https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html"""
        receipt = {"action": {"type": "SNS", "encoding": "BASE64"}, "recipients": [recipient]}
        told = {
            "notificationType": "Received",
            "mail": {"messageId": secrets.token_hex(8), "source": "bounce@example.com"},
            "receipt": receipt,
            "content": base64.b64encode(raw).decode(),
        }
        return self.post(self.signed({"Type": "Notification", "Message": json.dumps(told)} | changes))

    def confirmation(self, **changes: Any) -> esp.Post:
        """The question whether the subscription is wanted."""
        asked = {
            "Type": "SubscriptionConfirmation",
            "Message": "You have chosen to subscribe.",
            "Token": "t" * 64,
            "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=" + "t" * 64,
        }
        return self.post(self.signed(asked | changes))

    def signed(self, notice: dict[str, Any], version: str = "2") -> dict[str, Any]:
        """The notification with Amazon's signature over it."""
        notice = {
            "MessageId": secrets.token_hex(16),
            "TopicArn": TOPIC,
            "Timestamp": "2026-11-23T06:30:00.000Z",
            "SignatureVersion": version,
            "SigningCertURL": CERTIFICATE_URL,
        } | notice
        content = "".join(f"{name}\n{notice[name]}\n" for name in _ORDER if name in notice).encode()
        algorithm = hashes.SHA256() if notice["SignatureVersion"] == "2" else hashes.SHA1()
        signature = self.key.sign(content, padding.PKCS1v15(), algorithm)
        return {**notice, "Signature": base64.b64encode(signature).decode()}

    def post(self, notice: dict[str, Any]) -> esp.Post:
        """The request, its headers as SNS sends them."""
        headers = {
            "authorization": esp.BASIC,
            "x-amz-sns-message-type": notice["Type"],
            "x-amz-sns-message-id": notice["MessageId"],
        }
        body = json.dumps(notice).encode()
        return esp.Post("/hooks/mail/amazon_ses/inbound/", body, "text/plain; charset=UTF-8", headers)
