"""Typed readers of the environment. Each fails loudly, naming the variable and what it takes."""

import difflib
import os
import re
from collections.abc import Iterable
from datetime import time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


# Providers that mail may leave by, and what anymail calls the parts of EMAIL_URL behind them.
PROVIDER_KEYS: dict[str, tuple[str, ...]] = {
    "brevo": ("BREVO_API_KEY",),
    "mailersend": ("MAILERSEND_API_TOKEN",),
    "mailgun": ("MAILGUN_API_KEY", "MAILGUN_SENDER_DOMAIN"),
    "mailjet": ("MAILJET_API_KEY", "MAILJET_SECRET_KEY"),
    "mailtrap": ("MAILTRAP_API_TOKEN",),
    "mandrill": ("MANDRILL_API_KEY",),
    "postmark": ("POSTMARK_SERVER_TOKEN",),
    "resend": ("RESEND_API_KEY",),
    "sendgrid": ("SENDGRID_API_KEY",),
    "sparkpost": ("SPARKPOST_API_KEY",),
}


class BadSetting(Exception):
    """An environment variable that cannot be read; the message says what to write instead."""


# Every name that was asked for: what the settings read is what an installation is told.
asked: set[str] = set()
# Where a vendor's service is asked: a system check refuses what would carry a key in the clear.
addresses: dict[str, str] = {}


def text(name: str, default: str = "") -> str:
    """The variable's value, or the content of the file that `<NAME>_FILE` points to, without outer space."""
    asked.add(name)
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadSetting(f"{name}_FILE names {path}, which cannot be read: {error.strerror}") from error
    return os.environ.get(name, default).strip()


def is_held(name: str) -> bool:
    """Whether this process holds the secret, or was told that one of another role does."""
    asked.add(name)
    is_here = any(os.environ.get(key, "").strip() for key in (name, f"{name}_FILE"))
    return is_here or name in listing("NIGHTDESK_HELD_ELSEWHERE")


def address(name: str, default: str = "") -> str:
    """A vendor's address without a last slash: https, or on this machine (a system check sees to it)."""
    addresses[name] = text(name, default).rstrip("/")
    return addresses[name]


def boolean(name: str, *, default: bool) -> bool:
    """True for on, true, yes, 1; False for off, false, no, 0."""
    value = text(name).lower()
    if not value:
        return default
    if value in {"on", "true", "yes", "1"}:
        return True
    if value in {"off", "false", "no", "0"}:
        return False
    raise BadSetting(f"{name} is {value!r}: write on or off")


def integer(name: str, *, default: int, minimum: int = 0) -> int:
    """A whole number, at least `minimum`."""
    value = text(name)
    if not value:
        return default
    if not re.fullmatch(r"-?[0-9]+", value) or int(value) < minimum:
        raise BadSetting(f"{name} is {value!r}: write a whole number from {minimum}")
    return int(value)


def duration(name: str, *, default: str) -> timedelta:
    """A time span such as 30s, 5m, 2h or 1d."""
    value = text(name) or default
    match = re.fullmatch(r"(\d+)([smhd])", value)
    if not match:
        raise BadSetting(f"{name} is {value!r}: write a number and s, m, h or d, such as 30s or 5m")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def clock(name: str, *, default: str) -> time:
    """A time of day such as 07:00."""
    value = text(name) or default
    try:
        return time.fromisoformat(value)
    except ValueError as error:
        raise BadSetting(f"{name} is {value!r}: write a time of day such as 07:00") from error


def microusd(name: str, *, default: str) -> int:
    """An amount in USD such as 20 or 0.50, as integer micro-USD."""
    value = text(name) or default
    try:
        amount = Decimal(value)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise BadSetting(f"{name} is {value!r}: write an amount in USD such as 20 or 0.50")
    return int(amount * 1_000_000)


def choice(name: str, *, default: str, known: Iterable[str]) -> str:
    """One of the words that are known."""
    value = text(name) or default
    if value not in known:
        raise BadSetting(f"{name} is {value!r}: write one of {', '.join(known)}")
    return value


def listing(name: str, *, default: Iterable[str] = (), known: Iterable[str] | None = None) -> list[str]:
    """Values separated by commas, without empty ones; `known` are those that it may give."""
    value = text(name)
    found = [item.strip() for item in value.split(",") if item.strip()] if value else list(default)
    if known is not None and (wrong := [item for item in found if item not in known]):
        raise BadSetting(f"{name} names {wrong[0]!r}: write one of {', '.join(sorted(known)) or 'none'}")
    return found


def mapping(name: str, *, known: Iterable[str] | None = None) -> dict[str, str]:
    """Pairs such as site=/srv/git/site.git,shop=https://git.example/shop.git; `known` are the names it may give.

    Where a value holds a comma itself, pairs stand on lines of their own, or are separated by semicolons (one pair
    ends with one): site=python -m pytest -k "a,b"; shop=make test;
    """
    pairs = {}
    for item in _pairs(text(name)):
        key, mark, value = (part.strip() for part in item.partition("="))
        if not (mark and key and value):
            raise BadSetting(f"{name} holds {item!r}: write name=value, separated by commas, semicolons or lines")
        if known is not None and key not in known:
            raise BadSetting(f"{name} names {key!r}: write one of {', '.join(sorted(known)) or 'none'}")
        pairs[key] = value
    return pairs


def _pairs(value: str) -> list[str]:
    """The parts of a mapping: by lines if there are any, else by semicolons, else by commas."""
    separator = next((mark for mark in "\n;" if mark in value), ",")
    return [item.strip() for item in value.split(separator) if item.strip()]


def mail_server(name: str) -> dict[str, Any]:
    """Django's EMAIL_ settings from smtps://user:password@host:465 or smtp+tls://user:password@host:587.

    Empty without a value, and for the key of a provider (see `mail_provider`). Without TLS (smtp://) only for a
    server of this machine: the password would be readable.
    """
    value = text(name)
    parts = urlsplit(value)
    if not value or parts.scheme in PROVIDER_KEYS:
        return {}
    ports = {"smtps": 465, "smtp+tls": 587, "smtp": 25}
    if parts.scheme not in ports or not parts.hostname:
        raise BadSetting(f"{name} must look like smtps://user:password@mail.example.com or smtp+tls://…:587")
    if parts.scheme == "smtp" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise BadSetting(f"{name} would send in the clear: write smtps:// or smtp+tls:// for {parts.hostname}")
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or ports[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
    }


def mail_provider(name: str) -> tuple[str, dict[str, str]]:
    """The provider that mail leaves by, and its key under anymail's names, from postmark://key; empty for a server.

    With mailgun://key@mg.example.com the domain that it sends from, with mailjet://key:secret both of its keys.
    """
    value = text(name)
    scheme, _, rest = value.partition("://")
    names = PROVIDER_KEYS.get(scheme)
    if names is None:
        return "", {}
    parts = [unquote(part) for part in re.split("[:@]", rest.strip("/")) if part]
    if len(parts) != len(names):
        example = {"mailgun": "key@mg.example.com", "mailjet": "key:secret"}.get(scheme, "key")
        raise BadSetting(f"{name} must look like {scheme}://{example}")
    return scheme, dict(zip(names, parts, strict=True))


def refuse_unknown(known: Iterable[str]) -> None:
    """Raise BadSetting for a NIGHTDESK_ variable that nothing reads: a typing slip would be a silent default."""
    known = set(known)
    for name in sorted(os.environ):
        if name.startswith("NIGHTDESK_") and name.removesuffix("_FILE") not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"did you mean {near[0]}?" if near else f"the known ones: {', '.join(sorted(known))}"
            raise BadSetting(f"{name} is not a setting of Nightdesk; {meant}")


def load_file(path: Path) -> None:
    """Put KEY=value lines of a .env file into the environment; what is set there already wins."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        key, mark, value = line.strip().partition("=")
        if mark and not key.startswith("#"):
            os.environ.setdefault(key.strip(), _unquoted(value.strip()))


def _unquoted(value: str) -> str:
    """Without a pair of quotes around all of it; one at the end alone belongs to the value."""
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if is_quoted else value
