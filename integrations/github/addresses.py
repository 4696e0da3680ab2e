"""Which repositories are GitHub's, and what they are called there."""

import re
from urllib.parse import quote, urlsplit

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_SHORT_SSH = re.compile(r"(?:[\w.-]+@)?([\w.-]+):([^/].*)")
_FULL_NAME = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")


def site_of(base_url: str) -> str:
    """The address of the site whose API is at `base_url`: github.com's own, or an Enterprise server's."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc.removeprefix('api.')}"


def full_name(address: str, base_url: str) -> str:
    """owner/name of a repository at this GitHub, from any address that git takes; empty for one elsewhere."""
    short = _SHORT_SSH.fullmatch(address) if "://" not in address else None
    parts = urlsplit(address)
    host = short[1] if short else parts.netloc.rpartition("@")[2] if parts.scheme != "ssh" else parts.hostname or ""
    path = (short[2] if short else parts.path).strip("/").removesuffix(".git")
    is_there = host == urlsplit(site_of(base_url)).netloc
    return path if is_there and _FULL_NAME.fullmatch(path) else ""


def with_token(name: str, base_url: str, token: str) -> str:
    """The same with the token in it, for a reader that keeps it out of sight itself."""
    scheme, _, place = clone_address(name, base_url).partition("://")
    return f"{scheme}://x-access-token:{quote(token, safe='')}@{place}"


def clone_address(name: str, base_url: str) -> str:
    """Where git reads and writes owner/name, by a token."""
    return f"{site_of(base_url)}/{name}.git"
