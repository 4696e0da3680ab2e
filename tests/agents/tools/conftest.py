"""A small web of our own on loopback."""

import gzip
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

PAGE = b"""<html><head><title>Oven  test</title></head><body><nav><a href="/x">Home</a></nav>
<article><h1>Three ovens</h1><p>The Forno Uno heats up in 12 minutes and costs 1,890 euros.</p>
<p>The Forno Due needs 25 minutes.</p></article></body></html>"""
TEXT = "text/plain; charset=utf-8"
BOMB = gzip.compress(b"0" * 40_000_000)


@dataclass
class Web:
    """The server's pages and what it was asked for."""

    port: int = 0
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


class Pages(BaseHTTPRequestHandler):
    """Answers by path; `/to?<address>` redirects there."""

    web: Web

    def do_GET(self) -> None:
        self.web.seen.append((self.path, dict(self.headers.items())))
        path, _, query = self.path.partition("?")
        if path == "/to":
            self.send(302, b"", [("Location", query)])
        elif path == "/drip":
            self.drip()
        elif path == "/drip-head":
            self.drip_head()
        else:
            self.send(*self.fixed(path))

    def fixed(self, path: str) -> tuple[int, bytes, list[tuple[str, str]]]:
        html = ("Content-Type", "text/html; charset=utf-8")
        zipped = ("Content-Encoding", "gzip")
        pages: dict[str, tuple[int, bytes, list[tuple[str, str]]]] = {
            "/ovens": (200, PAGE, [html]),
            "/zipped": (200, gzip.compress(PAGE), [html, zipped]),
            "/bomb": (200, BOMB, [html, zipped]),
            "/cut-zip": (200, gzip.compress(PAGE)[:-12], [html, zipped]),
            "/not-zip": (200, PAGE, [html, zipped]),
            "/brotli": (200, PAGE, [html, ("Content-Encoding", "br")]),
            "/large": (200, b"x" * 3_000_000, [("Content-Type", TEXT)]),
            "/text": (200, "Preis: 12 €".encode(), [("Content-Type", TEXT)]),
            "/latin": (200, "Preis: 12 £".encode("latin-1"), [("Content-Type", "text/plain; charset=latin-1")]),
            "/json": (200, b'{"price": 12}', [("Content-Type", "application/json")]),
            "/pdf": (200, b"%PDF-1.7", [("Content-Type", "application/pdf")]),
            "/picture": (200, b"\x89PNG", [("Content-Type", "image/png")]),
            "/other-xml": (200, b"<order><id>1</id></order>", [("Content-Type", "text/xml")]),
            "/feed": (200, self.feed(), [("Content-Type", "application/rss+xml")]),
            "/sitemap": (200, self.sitemap(), [("Content-Type", "application/xml")]),
            "/untyped": (200, PAGE, []),
            "/script": (200, b"<html><body><script>go()</script></body></html>", [html]),
            "/long": (200, b"word " * 20_000, [("Content-Type", TEXT)]),
        }
        return pages.get(path, (404, b"not here", [html]))

    def feed(self) -> bytes:
        items = "".join(
            f"<item><title>{name}</title><link>{link}</link><description>On {name}.</description></item>"
            for name, link in (("Ovens", self.web.url("/ovens")), ("Away", "http://127.0.0.1:1/elsewhere"))
        )
        return f'<rss version="2.0"><channel><title>News</title>{items}</channel></rss>'.encode()

    def sitemap(self) -> bytes:
        places = (self.web.url("/ovens"), "http://127.0.0.1:1/elsewhere")
        return f"<urlset>{''.join(f'<url><loc>{place}</loc></url>' for place in places)}</urlset>".encode()

    def send(self, status: int, body: bytes, headers: list[tuple[str, str]]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.write(body)

    def write(self, body: bytes) -> bool:
        try:
            self.wfile.write(body)
        except OSError:  # whoever asked has had enough
            return False
        return True

    def drip(self) -> None:
        """A byte now and then for ever: each read succeeds long before a socket's own timeout."""
        self.send(200, b"", [("Content-Type", TEXT)])
        while not self.web.stop.wait(0.02) and self.write(b"."):
            pass

    def drip_head(self) -> None:
        while not self.web.stop.wait(0.02) and self.write(b"H"):
            pass

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def web() -> Iterator[Web]:
    """A running server; `web.url("/ovens")` is its address."""
    site = Web()
    server = ThreadingHTTPServer(("0.0.0.0", 0), type("SitePages", (Pages,), {"web": site}))
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    site.stop.set()
    server.shutdown()
    server.server_close()
    thread.join()
