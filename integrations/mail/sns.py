"""Amazon SNS, by which SES tells of mail: proof that a notification is Amazon's, and of a topic of the owner's.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import base64
import binascii
import re
import urllib.request
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from integrations.contracts import BadSignature

Fetch = Callable[[str], bytes]

_ADDRESS = re.compile(r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?/[!-\[\]-~]*")
_MAX_BYTES = 20_000
_SECONDS = 5.0
_SIGNED: dict[str, tuple[str, ...]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]
# Version 1 is SNS's default until the owner of the topic chooses 2.
_HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303


class Unreachable(Exception):
    """Amazon could not be asked just now: the notification should be sent again."""


def verify(notice: Mapping[str, Any], *, topics: Collection[str], fetch: Fetch) -> None:
    """Return if Amazon signed the notification, and for one of `topics` where there are any. Raises BadSignature.

    `fetch` brings the certificate, and raises Unreachable: it is asked for addresses of Amazon's SNS alone.
    """
    topic = str(notice.get("TopicArn", ""))
    if topics and topic not in topics:
        raise BadSignature(f"The topic {topic[:100]} is none of ANYMAIL_AMAZON_SES_TOPIC_ARNS.")
    address = amazon(notice.get("SigningCertURL"))
    algorithm = _HASHES.get(str(notice.get("SignatureVersion")))
    if algorithm is None:
        raise BadSignature("SignatureVersion is neither 1 nor 2.")
    try:
        key = x509.load_pem_x509_certificate(fetch(address)).public_key()
        signature = base64.b64decode(str(notice.get("Signature")), validate=True)
        if not isinstance(key, rsa.RSAPublicKey):
            raise BadSignature("The certificate holds no RSA key.")
        key.verify(signature, _canonical(notice), padding.PKCS1v15(), algorithm)
    except (InvalidSignature, ValueError, binascii.Error) as error:
        raise BadSignature("The signature of the notification does not fit.") from error


def confirm(notice: Mapping[str, Any], *, fetch: Fetch) -> None:
    """Accept the subscription that a verified notification asks to confirm. Raises BadSignature or Unreachable."""
    fetch(amazon(notice.get("SubscribeURL")))


def amazon(address: object) -> str:
    """The address, if it is one of Amazon's SNS and of nobody else; raises BadSignature."""
    text = str(address or "")
    # The host is all of it: no name, password or port may lead elsewhere.
    if not (_ADDRESS.fullmatch(text) and len(text) < 2_000):
        raise BadSignature("An address in the notification is not one of Amazon's SNS.")
    return text


def ask_amazon(address: str) -> bytes:
    """What Amazon answers at the address, redirects not followed. Raises Unreachable."""
    try:
        with _OPENER.open(address, timeout=_SECONDS) as answer:
            content: bytes = answer.read(_MAX_BYTES)
    except OSError as error:
        raise Unreachable(f"Amazon SNS could not be asked: {error}") from error
    return content


@lru_cache(maxsize=16)
def certificate(address: str) -> bytes:
    """The certificate at this address, which never changes, asked for once a process. Raises Unreachable."""
    return ask_amazon(address)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **options: Any) -> None:
        """Follow nobody: what was checked is the address that was given."""


_OPENER = urllib.request.build_opener(_Stay)


def _canonical(notice: Mapping[str, Any]) -> bytes:
    """The text that Amazon signs."""
    names = _SIGNED.get(str(notice.get("Type")), ())
    if not names:
        raise BadSignature("The type of the notification is unknown.")
    return "".join(f"{name}\n{notice[name]}\n" for name in names if notice.get(name) is not None).encode()
