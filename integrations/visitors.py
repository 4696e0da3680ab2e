"""Strangers before a hosted form: the token of the page that they were given, and where they come from."""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Mapping

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware

# A page may lie open for this long before it is sent.
TOKEN_SECONDS = 6 * 3600
_SALT = "nightdesk.form-page"


class _CsrfCheck(CsrfViewMiddleware):
    """Django's own check, whose refusal is a reason: the page is shown again with what was typed."""

    def _reject(self, request: HttpRequest, reason: str) -> str:
        return reason


def new_token(slug: str) -> str:
    """A token for one page of this rule's form."""
    return signing.dumps([slug, secrets.token_urlsafe(18)], salt=_SALT)


def number_of(token: str, slug: str) -> str:
    """The number of the page that a token belongs to; empty if it is of another rule, too old, or none of ours."""
    try:
        of, number = signing.loads(token, salt=_SALT, max_age=TOKEN_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(number) if of == slug else ""


def forged(request: HttpRequest) -> str:
    """Why the request cannot be believed to come from our own page; empty if it can."""
    check = _CsrfCheck(lambda _: None)  # type: ignore[arg-type]  # never called
    check.process_request(request)
    return str(check.process_view(request, None, (), {}) or "")  # type: ignore[arg-type]  # no view is asked


def origin_of(request: HttpRequest) -> str:
    """The network address that it came from, as a keyed hash: to be counted, not to be read.

    Behind our own proxy, the last address of X-Forwarded-For is the one that the proxy saw; those before it are
    the sender's own words.
    """
    network = _network(_address(request.META)) or "unknown"
    return hmac.new(settings.SECRET_KEY.encode(), f"origin:{network}".encode(), hashlib.sha256).hexdigest()


def _address(meta: Mapping[str, str]) -> str:
    if settings.BEHIND_PROXY and meta.get("HTTP_X_FORWARDED_FOR"):
        return meta["HTTP_X_FORWARDED_FOR"].rpartition(",")[2].strip()
    return meta.get("REMOTE_ADDR", "")


def _network(address: str) -> str:
    """The address; of IPv6 the network that one subscriber has to choose addresses from."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped
        return str(inner or ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)
