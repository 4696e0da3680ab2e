"""Proof of the sender that several sources take: Standard Webhooks signatures and bearer tokens.

The signature is checked over the raw bytes, with the clock that the caller gives. Specification:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from integrations.contracts import BadSignature, RawRequest

KEY_PREFIX = "whsec_"
TOKEN_PREFIX = "nd_"  # noqa: S105 - what a token begins with, not a token
TOLERANCE_SECONDS = 300
MIN_KEY_BYTES = 16

_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
# A full stop separates the signed parts: an id with one could be read as another id and timestamp.
_ID = re.compile(r"[!-\-/-~]{1,255}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"(v[0-9a-z]+),([A-Za-z0-9+/]{1,120}={0,2})")
_BEARER = re.compile(r"[Bb]earer ([!-~]{1,255})")


def is_signed(headers: Mapping[str, str]) -> bool:
    """Whether the request claims a signature: then it has to be right, whatever else it brings."""
    return any(name in headers for name in _HEADERS)


def verify_signed(request: RawRequest, *, secrets: Sequence[str], now: datetime) -> None:
    """Return if one of the request's signatures was made with one of the whsec_ keys, at most 5 minutes from `now`.

    Raises BadSignature. Other secrets than whsec_ keys are passed over.
    """
    message_id, timestamp, signatures = (_header(request.headers, name) for name in _HEADERS)
    if not _ID.fullmatch(message_id):
        raise BadSignature("webhook-id must be 1 to 255 visible ASCII characters without a full stop.")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise BadSignature("webhook-timestamp must be whole seconds since 1970.")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise BadSignature("webhook-timestamp is more than 5 minutes away from this server's clock: sign again.")
    given = _given(signatures)
    expected = [sign(key, message_id, timestamp, request.body).encode() for key in _keys(secrets)]
    # Every pair is compared, so that the time taken says nothing about which one came close.
    if not sum(hmac.compare_digest(one.encode(), other) for one in given for other in expected):
        raise BadSignature("No signature in webhook-signature fits the body and a key of this address.")


def verify_bearer(headers: Mapping[str, str], *, secrets: Sequence[str]) -> None:
    """Return if `Authorization: Bearer …` holds one of the nd_ tokens; raises BadSignature."""
    match = _BEARER.fullmatch(headers.get("authorization", ""))
    if not match:
        raise BadSignature(
            "Sign the request (webhook-id, webhook-timestamp, webhook-signature) or send Authorization: Bearer nd_…"
        )
    given = match[1].encode()
    tokens = [secret.encode() for secret in secrets if secret.startswith(TOKEN_PREFIX)]
    if not sum(hmac.compare_digest(given, token) for token in tokens if len(token) >= MIN_KEY_BYTES):
        raise BadSignature("The bearer token is not one of this address.")


def sign(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """The `v1,…` signature of a message, as its sender makes it."""
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def proof(body: bytes, *, message_id: str, secret: str, now: datetime) -> dict[str, str]:
    """The headers that a sender who knows the whsec_ secret proves itself with."""
    timestamp = str(int(now.timestamp()))
    signature = sign(key_of(secret), message_id, timestamp, body)
    return dict(zip(_HEADERS, (message_id, timestamp, signature), strict=True))


def key_of(secret: str) -> bytes:
    """The bytes of a whsec_ secret (base64, padded or not); raises ValueError if it is none or too short."""
    if not secret.startswith(KEY_PREFIX):
        raise ValueError("a signature key begins with whsec_")
    code = secret.removeprefix(KEY_PREFIX).rstrip("=")
    try:
        key = base64.b64decode(code + "=" * (-len(code) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("a signature key is base64 after whsec_") from error
    if len(key) < MIN_KEY_BYTES:
        raise ValueError(f"a signature key has at least {MIN_KEY_BYTES} bytes")
    return key


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    if not value:
        raise BadSignature(f"The header {name} is missing.")
    return value


def _given(header: str) -> list[str]:
    """The v1 signatures of the header; versions of other kinds are passed over, what is no signature is refused."""
    found = []
    for part in header.split(" "):
        match = _SIGNATURE.fullmatch(part)
        if not match:
            raise BadSignature("webhook-signature must be v1,<base64>, several of them separated by one space.")
        if match[1] == "v1":
            # Compared as text: base64 has spellings that decode alike, and only one of them is the signature.
            found.append(part)
    return found


def _keys(secrets: Sequence[str]) -> list[bytes]:
    try:
        return [key_of(secret) for secret in secrets if secret.startswith(KEY_PREFIX)]
    except ValueError as error:
        raise BadSignature(f"A key of this address cannot be used, so nothing is believed: {error}.") from error
