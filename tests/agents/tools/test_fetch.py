import datetime
import shutil
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.contracts import Brief, Desk, Limits, ToolError
from agents.tools.fetch import Caps, Fetch, PageWanted, exchange, get
from agents.tools.guard import Place, Refused
from tests.agents.tools.conftest import Web
from tests.scripted import MemoryJournal, ScriptedLLM

NOW = datetime.datetime(2026, 11, 23, 3, 4, 5, tzinfo=datetime.UTC)
PUBLIC = "93.184.215.14"
ELSEWHERE = "127.0.0.2"  # loopback too, yet not the address that this end of the connection gets


def tool(web: Web, named: str, caps: Caps | None = None) -> Fetch:
    return Fetch(named, now=lambda: NOW, resolve=_no_name, loopback_ports=[web.port], caps=caps)


def read(web: Web, path: str, caps: Caps | None = None) -> str:
    url = web.url(path)
    return tool(web, f"Read {url}", caps).run(PageWanted(url=url))


def test_a_named_page_is_read_with_source_title_and_time(web: Web) -> None:
    head, _, text = read(web, "/ovens").partition("\n\n")
    assert head.split("\n") == [
        f"Source: {web.url('/ovens')}",
        "Title: Oven test",
        "Fetched: 2026-11-23T03:04:05+00:00",
    ]
    assert "The Forno Uno heats up in 12 minutes and costs 1,890 euros." in text


def test_what_was_shown_is_kept_for_looking_up_quotes(web: Web) -> None:
    fetch = tool(web, web.url("/text"))
    shown = fetch.run(PageWanted(url=web.url("/text")))
    assert fetch.shown == {web.url("/text"): shown}


def test_the_request_is_a_bare_get(web: Web) -> None:
    read(web, "/text")
    path, headers = web.seen[0]
    assert path == "/text"
    assert headers["Host"] == f"127.0.0.1:{web.port}"
    assert not {"Cookie", "Authorization", "Referer"} & headers.keys()


@pytest.mark.parametrize(
    ("path", "text"), [("/zipped", "Forno Due"), ("/text", "12 €"), ("/latin", "12 £"), ("/json", '{"price": 12}')]
)
def test_readable_kinds(web: Web, path: str, text: str) -> None:
    assert text in read(web, path)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/bomb", "larger than 2 MB"),
        ("/large", "larger than 2 MB"),
        ("/cut-zip", "packed wrongly"),
        ("/not-zip", "packed wrongly"),
        ("/brotli", "not asked for"),
        ("/pdf", "it is broken"),
        ("/picture", "image/png, which cannot be read"),
        ("/other-xml", "neither a feed nor a sitemap"),
        ("/untyped", "what kind"),
        ("/script", "no readable text"),
        ("/missing", "404"),
    ],
)
def test_what_cannot_be_read_is_said(web: Web, path: str, reason: str) -> None:
    with pytest.raises(ToolError, match=reason):
        read(web, path)


def test_a_bomb_is_noticed_before_it_is_unpacked(web: Web) -> None:
    tracemalloc.start()
    with pytest.raises(ToolError, match="larger"):
        read(web, "/bomb")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_an_address_that_nobody_named_is_not_asked_for(web: Web) -> None:
    fetch = tool(web, f"Read {web.url('/ovens')}")
    with pytest.raises(Refused, match="not named"):
        fetch.run(PageWanted(url=web.url("/ovens") + "?stolen=1"))
    assert not web.seen


def test_a_long_page_is_cut_and_says_so(web: Web) -> None:
    shown = read(web, "/long", Caps(shown_chars=1_000))
    assert "Cut: the first 1,000 of 99,999 characters" in shown
    assert len(shown.partition("\n\n")[2]) == 1_000


def test_a_run_has_so_many_fetches(web: Web) -> None:
    fetch = tool(web, web.url("/text"), Caps(fetches=2))
    for _ in range(2):
        fetch.run(PageWanted(url=web.url("/text")))
    with pytest.raises(ToolError, match="used up"):
        fetch.run(PageWanted(url=web.url("/text")))
    assert len(web.seen) == 2


def test_redirects_are_followed_and_the_end_is_told(web: Web) -> None:
    assert f"Found at: {web.url('/text')}" in read(web, "/to?/to?/to?/text")


def test_the_fourth_redirect_is_one_too_many(web: Web) -> None:
    with pytest.raises(ToolError, match="more than 3"):
        read(web, "/to?/to?/to?/to?/text")


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost/",
        "http://127.0.0.1/",
        "http://127.0.0.1:1/",
        "http://2130706433/",
        "file:///etc/passwd",
        "//metadata.google.internal/",
        "http://[::1",
        "http://private.example.com/",
    ],
)
def test_a_redirect_to_the_inside_is_refused(web: Web, location: str) -> None:
    url = web.url(f"/to?{location}")
    with pytest.raises(Refused):
        get(url, resolve=lambda host, port: ["10.0.0.5"], loopback_ports=[web.port], caps=Caps())
    assert len(web.seen) == 1


@pytest.mark.parametrize("path", ["/drip", "/drip-head"])
def test_a_dripping_server_has_no_more_than_the_time_of_all(web: Web, path: str) -> None:
    start = time.monotonic()
    with pytest.raises(ToolError, match="in time"):
        read(web, path, Caps(total_seconds=0.4))
    assert time.monotonic() - start < 10


def test_a_server_that_says_nothing_times_out(web: Web) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(ToolError, match="in time"):
            get(f"http://127.0.0.1:{port}/", resolve=_no_name, loopback_ports=[port], caps=Caps(total_seconds=0.3))


def test_a_closed_port_is_a_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ToolError, match=r"connection to 127\.0\.0\.1 failed"):
        get(f"http://127.0.0.1:{port}/", resolve=_no_name, loopback_ports=[port], caps=Caps())


def test_a_name_is_resolved_once_and_the_checked_address_is_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: the name says a public address first and 127.0.0.1 ever after."""
    answers = iter([[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]])
    dialled: list[object] = []

    def dial(address: object, timeout: float) -> socket.socket:
        dialled.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", dial)
    with pytest.raises(ToolError, match=r"connection to rebind\.example\.com failed"):
        get("http://rebind.example.com/", resolve=lambda host, port: next(answers), loopback_ports=[], caps=Caps())
    assert dialled == [(PUBLIC, 80)]


def test_the_next_checked_address_is_tried_when_the_first_does_not_answer() -> None:
    with socket.create_server((ELSEWHERE, 0)) as listening:
        thread = threading.Thread(target=_answer_once, args=[listening])
        thread.start()
        port = listening.getsockname()[1]
        place = Place("http://two.example.com/", "http", "two.example.com", port, "/", ("127.0.0.3", ELSEWHERE))
        assert exchange(place, deadline=time.monotonic() + 5, caps=Caps()).body == b"hi"
        thread.join()


def test_a_public_page_cannot_redirect_to_the_permitted_loopback_port(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The public server is played by the test server: what is dialled as PUBLIC arrives there."""
    dial = socket.create_connection

    def detour(address: object, timeout: float) -> socket.socket:
        assert address == (PUBLIC, 80)
        return dial((ELSEWHERE, web.port), timeout)

    monkeypatch.setattr(socket, "create_connection", detour)
    url = f"http://public.example.com/to?{web.url('/ovens')}"
    with pytest.raises(Refused, match="Port"):
        get(url, resolve=lambda host, port: [PUBLIC], loopback_ports=[web.port], caps=Caps())
    assert [path for path, _ in web.seen] == [f"/to?{web.url('/ovens')}"]


def test_this_machines_own_address_is_refused_whatever_it_is(web: Web) -> None:
    own = Place("http://own.example.com/", "http", "own.example.com", web.port, "/ovens", addresses=("127.0.0.1",))
    with pytest.raises(Refused, match="this machine"):
        exchange(own, deadline=time.monotonic() + 5, caps=Caps())
    assert not web.seen


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
class TestTls:
    """The pinned address is dialled, the name is what the certificate must be for."""

    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        path = tmp_path / "both.pem"
        made = ["-keyout", str(path), "-out", f"{path}.crt", "-days", "2", "-newkey", "rsa:2048", "-nodes"]
        name = ["-subj", "/CN=named.example.com", "-addext", "subjectAltName=DNS:named.example.com"]
        command = ["openssl", "req", "-x509", *made, *name]
        subprocess.run(command, check=True, capture_output=True)
        path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
        return path

    @pytest.fixture
    def heard(self, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
        """A server that is trusted and that whoever dials PUBLIC arrives at; it redirects to http on /down."""
        heard: list[str] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.sni_callback = lambda wire, name, _: heard.append(f"SNI {name}")
        listening = socket.create_server((ELSEWHERE, 0))
        thread = threading.Thread(target=_answer_once, args=[listening, context, heard])
        thread.start()
        dial = socket.create_connection

        def detour(address: object, timeout: float) -> socket.socket:
            assert address == (PUBLIC, 443)
            return dial(listening.getsockname(), timeout)

        monkeypatch.setattr(socket, "create_connection", detour)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        yield heard
        thread.join()
        listening.close()

    def read(self, url: str) -> str:
        return get(url, resolve=lambda host, port: [PUBLIC], loopback_ports=[], caps=Caps()).text

    def test_the_name_goes_into_sni_and_host(self, heard: list[str]) -> None:
        assert self.read("https://named.example.com/") == "hi"
        assert heard[0] == "SNI named.example.com"
        assert "Host: named.example.com\r\n" in heard[1]

    def test_a_certificate_for_another_name_is_refused(self, heard: list[str]) -> None:
        with pytest.raises(ToolError, match="no valid certificate"):
            self.read("https://other.example.com/")

    @pytest.mark.usefixtures("heard")
    def test_a_redirect_down_to_http_is_refused(self) -> None:
        with pytest.raises(Refused, match="down to http"):
            self.read("https://named.example.com/down")


def _answer_once(
    listening: socket.socket, context: ssl.SSLContext | None = None, heard: list[str] | None = None
) -> None:
    """One request over http, or over https when there is a context; a refused handshake is the end of it."""
    with listening.accept()[0] as plain:
        try:
            wire = context.wrap_socket(plain, server_side=True) if context else plain
        except ssl.SSLError:
            return
        with wire:
            request = wire.recv(4_096).decode()
            if heard is not None:
                heard.append(request)
            if request.startswith("GET /down"):
                wire.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://named.example.com/\r\n\r\n")
            else:
                wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi")


def _no_name(host: str, port: int) -> list[str]:
    raise AssertionError(f"nothing here has a name, yet {host} was looked up")


def test_a_demo_reads_no_page_outside_this_machine(tmp_path: Path) -> None:
    brief = Brief(job_uid="1", job_title="Menu", job_brief="Read https://lume.example/menu")
    options = {"fetch_outside": False}
    desk = Desk(ScriptedLLM(), "m", MemoryJournal(), lambda: NOW, tmp_path, Limits(), options)
    with pytest.raises(ToolError, match="nothing leaves this machine"):
        Fetch.for_task(brief, desk).run(PageWanted(url="https://lume.example/menu"))


class TestAFeedOrASitemap:
    @pytest.mark.parametrize("path", ["/feed", "/sitemap"])
    def test_opens_what_it_lists_of_its_own_site_and_nothing_else(self, web: Web, path: str) -> None:
        fetch = tool(web, f"Read {web.url(path)}")
        with pytest.raises(Refused):
            fetch.run(PageWanted(url=web.url("/ovens")))
        shown = fetch.run(PageWanted(url=web.url(path)))
        assert "Lists: 2 addresses; those of this site may be read too" in shown
        assert "12 minutes" in fetch.run(PageWanted(url=web.url("/ovens")))
        for url in (web.url("/ovens?secret=1"), "http://127.0.0.1:1/elsewhere"):
            with pytest.raises(Refused):
                fetch.run(PageWanted(url=url))

    def test_is_remembered_by_a_run_that_takes_over(self, web: Web) -> None:
        url = web.url("/sitemap")
        first = tool(web, url)
        first.run(PageWanted(url=url))
        later = tool(web, url)
        later.remember(first.shown)
        assert "12 minutes" in later.run(PageWanted(url=web.url("/ovens")))

    def test_is_not_what_a_page_says_of_itself(self, web: Web) -> None:
        later = tool(web, web.url("/text"))
        later.remember({web.url("/text"): f"Source: x\n\nLists: all\n{web.url('/ovens')}"})
        with pytest.raises(Refused):
            later.run(PageWanted(url=web.url("/ovens")))
