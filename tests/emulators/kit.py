"""A strict service on a loopback socket: routes, a journal of what came, and faults on demand.

Handlers run one at a time under a lock, so that their state stays simple; waiting happens outside it. An exception
in a handler is answered 599 {"emulator_bug"}: never a plausible error of the service.
"""

import json
import re
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

Handler = Callable[..., Any]


@dataclass
class Req:
    """A request as it came. Header names are in lower case; `raw_target` is the request line's, not normalised."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    raw_target: str = ""

    def json(self) -> Any:
        """The body, parsed; raises ValueError."""
        return json.loads(self.body)


@dataclass(eq=False)
class Reply(Exception):
    """An answer; returned, or raised from any depth. `raw` wins over `body`; an iterator is sent in chunks."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | Iterator[bytes] | None = None
    ctype: str = "application/json"

    def content(self) -> bytes | Iterator[bytes]:
        """What is written behind the headers."""
        return self.raw if self.raw is not None else json.dumps(self.body).encode()


@dataclass
class Seen:
    """One line of the journal; `status` is a number, or what a fault did instead ("drop", "reset")."""

    at: float
    req: Req
    status: int | str = 0

    def json(self) -> Any:
        """The request's body, parsed."""
        return self.req.json()


@dataclass
class Fault:
    """Something that goes wrong `times` times on requests whose "METHOD path" matches."""

    match: re.Pattern[str]
    kind: str
    times: int
    options: dict[str, Any]


KINDS = {"status", "drop", "reset", "stall", "lost", "truncate", "truncate_json", "interrupt", "drip"}


class Emu:
    """One emulated service. Subclasses register routes in `setup` and judge every call in `pre`."""

    def __init__(self) -> None:
        self.journal: list[Seen] = []
        self.violations: list[str] = []
        self.faults: list[Fault] = []
        self.routes: list[tuple[str, re.Pattern[str], Handler]] = []
        self.lock = threading.RLock()
        self.released = threading.Event()  # set by stop(): whoever still waits goes on at once
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.setup()

    def setup(self) -> None:
        """Register routes and state."""

    def pre(self, req: Req) -> None:
        """Checks for every call: raise a Reply to refuse it."""

    def not_found(self, req: Req) -> Reply:
        """The service's own answer to an unknown path."""
        return Reply(404, {"error": f"no route for {req.path}"})

    def pause(self, req: Req) -> float:
        """Seconds that every answer to this request waits, outside the lock."""
        return 0.0

    def route(self, method: str, pattern: str, handler: Handler) -> None:
        """`{x}` in the pattern is one path segment, decoded and passed by its name."""
        regex = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
        self.routes.append((method, re.compile(regex), handler))

    def fault(self, match: str, kind: str, times: int = 1, **options: Any) -> None:
        """Queue a fault.

        status         answer without the handler: status, and body or raw, headers, ctype
        drop, reset    close the connection, without or with a TCP reset; the handler does not run
        stall          wait `seconds`, then answer as always
        lost           run the handler, then drop its answer: the case of billing twice
        truncate       half the body under the full Content-Length, then close; of a stream `after` pieces (3), then
                       close, or with `reset` a TCP reset
        truncate_json  half the body with its own length: broken JSON; of a stream half a piece at its end
        interrupt      of a stream: `after` pieces (3), then `piece` as the last
        drip           of a stream: `seconds` between two pieces
        """
        if kind not in KINDS:
            raise ValueError(f"no fault is called {kind!r}")
        with self.lock:
            self.faults.append(Fault(re.compile(match), kind, times, options))

    def start(self, port: int = 0) -> Self:
        """Serve on 127.0.0.1 in a thread of its own."""
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening; waiting answers are let go."""
        self.released.set()
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        if self._server is None:
            raise RuntimeError("the emulator is not started")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def bugs(self) -> list[str]:
        """What a test must not leave behind: emulator bugs, faults that never struck, violations."""
        with self.lock:
            broken = [f"{seen.req.method} {seen.req.path}: 599" for seen in self.journal if seen.status == 599]
            unused = [f"fault {fault.kind} never struck" for fault in self.faults if fault.times > 0]
            return broken + unused + self.violations

    def take_fault(self, req: Req) -> Fault | None:
        """The first live fault for this request, counted down. Under the lock."""
        for fault in self.faults:
            if fault.times > 0 and fault.match.search(f"{req.method} {req.path}"):
                fault.times -= 1
                return fault
        return None

    def answer(self, req: Req) -> Reply:
        """What the service says, faults aside. Takes the lock."""
        with self.lock:
            try:
                self.pre(req)
                result = self._handled(req)
                return result if isinstance(result, Reply) else Reply(200, result)
            except Reply as reply:
                return reply
            except Exception:
                traceback.print_exc()
                return Reply(599, {"emulator_bug": traceback.format_exc()})

    def _handled(self, req: Req) -> Any:
        methods = set()
        for method, pattern, handler in self.routes:
            found = pattern.fullmatch(req.path)
            if found and method == req.method:
                return handler(req, **{name: unquote(value) for name, value in found.groupdict().items()})
            if found:
                methods.add(method)
        return Reply(405, {"error": f"use {sorted(methods)}"}) if methods else self.not_found(req)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], emu: Emu) -> None:
        self.emu = emu
        super().__init__(address, _Wire)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is nothing to report."""


class _Wire(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # with disable_nagle_algorithm: else 40 ms a call
    disable_nagle_algorithm = True
    server: _Server
    seen: "Seen"

    def log_message(self, *args: Any) -> None:
        """No access log."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        emu = self.server.emu
        req = self._read()
        seen = self.seen = Seen(time.monotonic(), req)
        with emu.lock:
            emu.journal.append(seen)
            fault = emu.take_fault(req)
        emu.released.wait(emu.pause(req))
        try:
            self._play(emu, req, fault)
        except (BrokenPipeError, ConnectionResetError):
            seen.status = "client gone"
            self.close_connection = True

    def _play(self, emu: Emu, req: Req, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        options = fault.options if fault else {}
        if kind == "stall":
            emu.released.wait(options.get("seconds", 1.0))
        if kind == "lost":
            emu.answer(req)
        if kind in {"drop", "reset", "lost"}:
            self.seen.status = kind
            self._hang_up(kind)
            return
        reply = Reply(**options) if kind == "status" else emu.answer(req)
        # Noted before the answer leaves: a test that has it may look at the journal at once.
        self.seen.status = reply.status
        self._write(reply, fault if kind in {"truncate", "truncate_json", "interrupt", "drip"} else None)

    def _read(self) -> Req:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self._chunks() if "chunked" in headers.get("transfer-encoding", "") else self._sized(headers)
        return Req(self.command, parts.path, parse_qs(parts.query), headers, body, self.requestline)

    def _sized(self, headers: Mapping[str, str]) -> bytes:
        return self.rfile.read(int(headers.get("content-length", "0")))

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _hang_up(self, kind: str) -> None:
        if kind == "reset":
            # Closing with unsent time zero sends RST instead of FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def _write(self, reply: Reply, fault: Fault | None = None) -> None:
        content = reply.content()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.ctype)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if not isinstance(content, bytes):
            self._write_chunks(content, fault)
            return
        cut = fault.kind if fault else ""
        shown = content[: len(content) // 2] if cut.startswith("truncate") else content
        self.send_header("Content-Length", str(len(content) if cut == "truncate" else len(shown)))
        self.end_headers()
        self.wfile.write(shown)
        self.wfile.flush()
        if cut == "truncate":
            self._hang_up("drop")

    def _write_chunks(self, content: Iterator[bytes], fault: Fault | None) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        kind, options = (fault.kind, fault.options) if fault else ("", {})
        for number, piece in enumerate(self._made(content)):
            if kind == "drip":
                self.server.emu.released.wait(options.get("seconds", 1.0))
            if kind not in {"", "drip"} and number == options.get("after", 3):
                if kind == "truncate":
                    self._hang_up("reset" if options.get("reset") else "drop")
                    return
                self._write_chunk(options["piece"] if kind == "interrupt" else piece[: len(piece) // 2])
                break
            self._write_chunk(piece)
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _made(self, content: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces of a stream; a fault in what makes them is an emulator's bug too."""
        try:
            yield from content
        except Exception:
            traceback.print_exc()
            self.seen.status = 599

    def _write_chunk(self, piece: bytes) -> None:
        self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.flush()
