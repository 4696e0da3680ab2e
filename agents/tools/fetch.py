"""Read one web page that the person who asked has named.

GET only, no cookies, no proxy of the environment, the connection goes to the address that `guard` has checked.
"""

import http.client
import io
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast
from urllib.parse import urljoin, urlsplit

from pydantic import BaseModel, Field

from agents.access import Access
from agents.contracts import Brief, Desk, ToolError
from agents.tools.extract import page_text
from agents.tools.formats import FEEDS, PDF, pdf_text, xml_text
from agents.tools.guard import Place, Refused, Resolve, parse, pin, system_resolve
from agents.tools.named import addresses, is_named, requested

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PAGES = ("text/html", "application/xhtml+xml", "text/plain", "text/markdown", "text/csv", "application/json")
READABLE = (*PAGES, PDF, *FEEDS)
HEADERS = {
    "User-Agent": "Nightdesk (reads pages its owner names)",
    "Accept": ", ".join(READABLE),
    "Accept-Encoding": "gzip",
    "Connection": "close",
}


_LISTS = "Lists: "


@dataclass(frozen=True)
class Caps:
    """The most that one fetch may take, and how many fetches one Run has."""

    connect_seconds: float = 5.0
    total_seconds: float = 15.0
    bytes: int = 2_000_000
    pdf_bytes: int = 10_000_000
    redirects: int = 3
    shown_chars: int = 60_000
    fetches: int = 20


@dataclass(frozen=True)
class Page:
    """What came back: where it was found in the end, its readable text, and what a feed or sitemap lists."""

    url: str
    title: str
    text: str
    lists: tuple[str, ...] = ()


class PageWanted(BaseModel):
    """What the model gives."""

    url: str = Field(description="The address, exactly as it stands in the request")


class Fetch:
    """The tool that research reads the web with. It opens what was named, word for word, and nothing else."""

    name = "fetch"
    description = (
        "Read a web page, a PDF, a feed or a sitemap. Give the address exactly as it stands in the request: "
        "addresses that nobody named, or with anything added to them, are refused. What a named feed or sitemap "
        "lists of its own site may be read too. Returns the text with the time it was read."
    )
    replay = False
    access = Access(untrusted=True, private=False, reaches_out=True)
    Input: type[BaseModel] = PageWanted

    def __init__(
        self,
        named: str,
        *,
        now: Callable[[], datetime],
        resolve: Resolve = system_resolve,
        loopback_ports: Collection[int] = (),
        caps: Caps | None = None,
    ) -> None:
        self._named = named
        self._now = now
        self._resolve = resolve
        self._loopback_ports = loopback_ports
        self._caps = caps or Caps()
        self._left = self._caps.fetches
        self.shown: dict[str, str] = {}  # what the model has read in this Run, by the address it gave
        self._listed: set[str] = set()

    @classmethod
    def for_task(cls, brief: Brief, desk: Desk) -> "Fetch":
        """The tool for one Run: what may be read is what the job and the task name."""
        return cls(
            requested(brief, with_input=True),
            now=desk.now,
            resolve=system_resolve if desk.options.get("fetch_outside", True) else _stay_inside,
            loopback_ports=desk.options.get("fetch_allow_loopback_ports", ()),
        )

    def remember(self, shown: Mapping[str, str]) -> None:
        """What an earlier Run of this round was shown, by address: what its feeds list may still be read."""
        for url, text in shown.items():
            head, _, body = text.partition("\n\n")
            if f"\n{_LISTS}" in head:
                self._listed |= _of_its_site(url, addresses(body))

    def run(self, given: PageWanted) -> str:
        """The page's text under a head of source, title and time; raise ToolError for all that went wrong."""
        if given.url not in self._listed and not is_named(given.url, self._named):
            raise Refused("This address is not named in the request. Read only what is named there, word for word.")
        if self._left <= 0:
            raise ToolError(f"All {self._caps.fetches} fetches are used up. Work with what you have read.")
        self._left -= 1
        page = get(given.url, resolve=self._resolve, loopback_ports=self._loopback_ports, caps=self._caps)
        self._listed |= _of_its_site(page.url, page.lists)
        self.shown[given.url] = self._with_head(given.url, page)
        return self.shown[given.url]

    def _with_head(self, asked: str, page: Page) -> str:
        head = [f"Source: {asked}"]
        if page.url != asked:
            head.append(f"Found at: {page.url}")
        head += [f"Title: {page.title or '(none)'}", f"Fetched: {self._now().isoformat(timespec='seconds')}"]
        if page.lists:
            head.append(f"{_LISTS}{len(page.lists)} addresses; those of this site may be read too")
        text = page.text[: self._caps.shown_chars]
        if len(page.text) > len(text):
            head.append(f"Cut: the first {len(text):,} of {len(page.text):,} characters")
        return "\n".join(head) + "\n\n" + text


def _of_its_site(url: str, listed: Iterable[str]) -> set[str]:
    """Only what the site lists of itself: a feed must not lead anywhere else."""
    site = urlsplit(url)[:2]
    return {address for address in listed if _site(address) == site}


def _site(address: str) -> tuple[str, str] | None:
    try:
        return urlsplit(address)[:2]
    except ValueError:
        return None


def _stay_inside(host: str, port: int) -> list[str]:
    """Resolve nothing: what a demo may reach is this machine alone."""
    raise Refused(f"In the demo nothing leaves this machine, so {host} was not read.")


def get(url: str, *, resolve: Resolve, loopback_ports: Collection[int], caps: Caps) -> Page:
    """Fetch `url`, following at most `caps.redirects` checked redirects; raise ToolError.

    Everything together has `caps.total_seconds`, however slowly a server drips.
    """
    deadline = time.monotonic() + caps.total_seconds
    place = pin(parse(url, loopback_ports=loopback_ports), resolve)
    for _ in range(caps.redirects + 1):
        try:
            answer = exchange(place, deadline=deadline, caps=caps)
        except TimeoutError:
            raise ToolError(f"{place.host} did not answer in time.") from None
        except ssl.SSLError:
            raise ToolError(f"{place.host} has no valid certificate.") from None
        except (OSError, http.client.HTTPException):
            raise ToolError(f"The connection to {place.host} failed.") from None
        if answer.location is None:
            return _page(place.url, answer)
        place = _next_hop(place, answer.location, resolve, loopback_ports)
    raise ToolError(f"The page redirects more than {caps.redirects} times.")


@dataclass(frozen=True)
class RawAnswer:
    """A redirect's `location`, or else a body within the caps."""

    location: str | None = None
    body: bytes = b""
    media_type: str = ""
    charset: str | None = None


def exchange(place: Place, *, deadline: float, caps: Caps) -> RawAnswer:
    """One GET to a pinned address of `place`; the name goes into SNI, certificate check and Host header.

    Raises OSError (TimeoutError among them), http.client.HTTPException and ToolError.
    """
    with _dial(place, deadline, caps) as plain:
        _refuse_own_address(place, plain)
        wire = plain
        if place.scheme == "https":
            plain.settimeout(_left(deadline))
            wire = ssl.create_default_context().wrap_socket(plain, server_hostname=place.host)
        with wire:
            connection = http.client.HTTPConnection(place.host)
            connection.auto_open = 0  # it would resolve the name again, unchecked
            # http.client needs sendall, makefile and close of a socket, no more.
            connection.sock = cast(socket.socket, _Timed(wire, deadline))
            connection.request("GET", place.target, headers={"Host": place.authority, **HEADERS})
            return _answer(connection.getresponse(), caps)


def _page(url: str, answer: RawAnswer) -> Page:
    if answer.media_type == PDF:
        return Page(url, *pdf_text(answer.body))
    if answer.media_type in FEEDS:
        title, text, lists = xml_text(answer.body)
        return Page(url, title, text, tuple(lists))
    return Page(url, *page_text(answer.body, answer.media_type, answer.charset))


def _next_hop(place: Place, location: str, resolve: Resolve, loopback_ports: Collection[int]) -> Place:
    # A public page must not be able to point at the test server's port either.
    try:
        target = urljoin(place.url, location)
    except ValueError:
        raise Refused("The page redirects to something that is not an address.") from None
    hop = parse(target, loopback_ports=loopback_ports if place.loopback else ())
    if place.scheme == "https" and hop.scheme == "http":
        raise Refused("The page redirects from https down to http.")
    return pin(hop, resolve)


def _dial(place: Place, deadline: float, caps: Caps) -> socket.socket:
    """A connection to the first of the checked addresses that answers: a host may lack IPv6, a server IPv4."""
    fault: OSError | None = None
    for address in place.addresses:
        try:
            return socket.create_connection((address, place.port), min(caps.connect_seconds, _left(deadline)))
        except OSError as error:
            fault = error
    raise fault or ConnectionRefusedError


def _refuse_own_address(place: Place, connected: socket.socket) -> None:
    """This host's own public address passes every list: both ends being equal gives it away."""
    if not place.loopback and connected.getsockname()[0] == connected.getpeername()[0]:
        raise Refused(f"The name {place.host} leads to this machine itself.")


def _answer(response: http.client.HTTPResponse, caps: Caps) -> RawAnswer:
    if response.status in REDIRECTS:
        return RawAnswer(location=response.headers.get("Location", ""))
    if response.status != 200:
        raise ToolError(f"The server answered {response.status}. Check the address, or use another source.")
    if "Content-Type" not in response.headers:
        raise ToolError("The server does not say what kind of file this is, so it is not read.")
    media_type = response.headers.get_content_type()
    if media_type not in READABLE:
        raise ToolError(f"This is {media_type}, which cannot be read. Ask for a page or a text version.")
    body = _unpacked(response, caps.pdf_bytes if media_type == PDF else caps.bytes)
    return RawAnswer(body=body, media_type=media_type, charset=response.headers.get_content_charset())


def _unpacked(response: http.client.HTTPResponse, cap: int) -> bytes:
    """The body, decompressed piece by piece so that a bomb is noticed before it is unpacked."""
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip", "x-gzip", ""):
        raise ToolError(f"The server packs the page as {coding!r}, which was not asked for.")
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in coding else None
    body = bytearray()
    received = 0
    while piece := response.read(65_536):
        received += len(piece)
        try:
            body += unzip.decompress(piece, cap + 1 - len(body)) if unzip else piece
        except zlib.error:
            raise ToolError("The page is packed wrongly and cannot be read.") from None
        if max(received, len(body)) > cap:
            raise ToolError(f"The page is larger than {cap / 1_000_000:g} MB. Ask for a smaller source.")
    if unzip and not unzip.eof:
        raise ToolError("The page is packed wrongly and cannot be read.")
    return bytes(body)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Timed:
    """A socket whose reads share one deadline: its own timeout starts anew with each byte that drips in."""

    def __init__(self, wire: socket.socket, deadline: float) -> None:
        self._wire = wire
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        """Send all of `data` before the deadline."""
        self._wire.settimeout(_left(self._deadline))
        self._wire.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """A reader for the answer; `mode` is always "rb"."""
        return io.BufferedReader(_Drip(self._wire, self._deadline))

    def close(self) -> None:
        """Nothing: http.client closes while the answer is still being read; `exchange` closes the real one."""


class _Drip(io.RawIOBase):
    def __init__(self, wire: socket.socket, deadline: float) -> None:
        self._wire = wire
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        self._wire.settimeout(_left(self._deadline))
        return self._wire.recv_into(buffer)
