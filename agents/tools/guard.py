"""Which addresses a fetch may go to: public web servers by name, and nothing on this side of the fence.

`parse` judges the text of a URL, `pin` judges what its name resolves to. Who connects must use a pinned address
and must not resolve again, or a name that changes its answer in between (DNS rebinding) walks through.
"""

import ipaddress
import re
import socket
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from urllib.parse import quote

from agents.contracts import ToolError

Resolve = Callable[[str, int], list[str]]

MAX_URL = 2_048
PORTS = {"http": 80, "https": 443}
LOOPBACK = "127.0.0.1"

SPECIAL_NAMES = frozenset(
    {
        "localhost",
        "local",
        "localdomain",
        "internal",
        "intranet",
        "private",
        "corp",
        "home",
        "lan",
        "home.arpa",
        "arpa",
        "consul",
        "svc",
        "test",
        "invalid",
        "onion",
        "alt",
    }
)
# Public by the registries, yet a cloud's or a translator's door to the inside.
TREACHEROUS = tuple(
    ipaddress.ip_network(net)
    for net in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10", "2001::/23", "3fff::/20")
)
GLOBAL_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")

# One strict pattern instead of a lenient parser: what two parsers could read differently does not match at all.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/?#:@\[\]%]+)(?::(?P<port>[0-9]{1,5}))?(?P<rest>[/?][^#]*)?(?:#.*)?"
)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class Refused(ToolError):
    """The address is not one that may be fetched; the text says why and quotes no page."""


@dataclass(frozen=True)
class Place:
    """One checked URL: `host` is lower-case ASCII, `target` path and query; `pin` sets `addresses`."""

    url: str
    scheme: str
    host: str
    port: int
    target: str
    addresses: tuple[str, ...] = ()

    @property
    def loopback(self) -> bool:
        """True for the machine's own test server, which only `loopback_ports` can permit."""
        return self.host == LOOPBACK

    @property
    def authority(self) -> str:
        """What the Host header says: the name, with the port where it isn't the scheme's own."""
        return self.host if self.port == PORTS[self.scheme] else f"{self.host}:{self.port}"


def parse(url: str, *, loopback_ports: Collection[int] = ()) -> Place:
    """Judge the text of `url`; raise Refused.

    `http://127.0.0.1:<port>` passes for the given ports only: tests and the demo serve their pages there.
    """
    if len(url) > MAX_URL:
        raise Refused(f"The address is longer than {MAX_URL} characters.")
    if "\\" in url or any(unicodedata.category(char)[0] in "CZ" for char in url):
        raise Refused("The address contains a space, a backslash or a control character.")
    found = _URL.fullmatch(url)
    if not found:
        raise Refused("Only plain http:// and https:// addresses with a host name can be fetched.")
    scheme, rest = found["scheme"], found["rest"] or "/"
    port = int(found["port"] or PORTS[scheme])
    target = quote(rest if rest.startswith("/") else f"/{rest}", safe="/?&=%:;,+@!$'()*~[]|-._")
    if scheme == "http" and found["host"] == LOOPBACK and port in loopback_ports:
        return Place(url, scheme, LOOPBACK, port, target)
    if port not in PORTS.values():
        raise Refused(f"Port {port} cannot be fetched: only 80 and 443 can.")
    return Place(url, scheme, _public_name(found["host"]), port, target)


def pin(place: Place, resolve: Resolve) -> Place:
    """Resolve the name once and return the place with the addresses to connect to, in the resolver's order.

    Raise Refused unless every single answer is public: one private answer among several is an attack or a mistake.
    """
    if place.loopback:
        return replace(place, addresses=(LOOPBACK,))
    try:
        answers = resolve(place.host, place.port)
    except (OSError, UnicodeError):
        raise Refused(f"The name {place.host} does not resolve. Check its spelling.") from None
    if not answers:
        raise Refused(f"The name {place.host} has no address.")
    if not all(is_public(answer) for answer in answers):
        raise Refused(f"The name {place.host} leads to an address that is not public.")
    return replace(place, addresses=tuple(answers))


def is_public(address: str) -> bool:
    """True when the address is a unicast one of the public internet, also behind 4-in-6 notations."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is not None:
            return is_public(str(inner))
        if ip not in GLOBAL_UNICAST_V6:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in net for net in TREACHEROUS)


def system_resolve(host: str, port: int) -> list[str]:
    """All addresses of `host` by the system's resolver, in its order; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _public_name(written: str) -> str:
    """The name in lower-case ASCII without its final dot; Refused for literal addresses and special names."""
    try:
        # The codec folds full-width and other look-alike forms (NFKC) before anything is judged.
        name = written.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        raise Refused("The host name is not a valid one.") from None
    labels = name.split(".")
    # inet_aton reads 2130706433, 0x7f.1, 0177.1 and 127.1 as addresses: what ends in a number is never a name.
    if _NUMBER.fullmatch(labels[-1]):
        raise Refused("Addresses made of numbers cannot be fetched: a host name is needed.")
    if not all(_LABEL.fullmatch(label) for label in labels) or len(name) > 253:
        raise Refused("The host name is not a valid one.")
    if len(labels) == 1 or any(".".join(labels[start:]) in SPECIAL_NAMES for start in range(len(labels))):
        raise Refused(f"The name {name} belongs to a private network.")
    return name
