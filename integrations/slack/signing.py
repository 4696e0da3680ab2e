"""Slack's proof of itself: https://docs.slack.dev/authentication/verifying-requests-from-slack"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from integrations.contracts import BadSignature, RawRequest

TOLERANCE_SECONDS = 300

_STAMP, _SIGNATURE = "x-slack-request-timestamp", "x-slack-signature"
_TIME = re.compile(r"[0-9]{1,12}")
_GIVEN = re.compile(r"v0=[0-9a-f]{64}")


def verify(request: RawRequest, *, secrets: Sequence[str], now: datetime) -> None:
    """Return if one of `secrets` signed the time and the raw body, at most 5 minutes from `now`.

    Raises BadSignature; the SDK's own check raises other errors for what is no number or not UTF-8.
    """
    stamp, given = request.headers.get(_STAMP, ""), request.headers.get(_SIGNATURE, "")
    if not _TIME.fullmatch(stamp):
        raise BadSignature(f"{_STAMP} is missing or is not whole seconds since 1970.")
    if not _GIVEN.fullmatch(given):
        raise BadSignature(f"{_SIGNATURE} is missing or is not v0=<64 hex digits>.")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
        raise BadSignature(f"{_STAMP} is more than 5 minutes away from this server's clock.")
    expected = [sign(secret, stamp, request.body) for secret in secrets if secret]
    # Every secret is compared, so that the time taken says nothing about which one came close.
    if not sum(hmac.compare_digest(given, one) for one in expected):
        raise BadSignature(f"{_SIGNATURE} does not fit the body: compare SLACK_SIGNING_SECRET with the app's.")


def proof(body: bytes, *, secret: str, now: datetime) -> Mapping[str, str]:
    """The headers that Slack proves itself with."""
    stamp = str(int(now.timestamp()))
    return {_STAMP: stamp, _SIGNATURE: sign(secret, stamp, body)}


def sign(secret: str, stamp: str, body: bytes) -> str:
    """The signature of a body at a time."""
    return "v0=" + hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
