"""Socket Mode on loopback: https://docs.slack.dev/apis/events-api/using-socket-mode

Each ticket opens one connection. An envelope goes to one of the connections and waits for its acknowledgement.
"""

import contextlib
import itertools
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

Json = dict[str, Any]


@dataclass
class Acknowledged:
    """What came back for an envelope, and after how many seconds."""

    payload: Json | None
    seconds: float


@dataclass
class SocketServer:
    """Started by its first ticket."""

    connections: list[ServerConnection] = field(default_factory=list)
    opened: int = 0
    tickets: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._server: Server | None = None
        self._numbers = itertools.count(1)
        self._answers: dict[str, Json] = {}
        self._changed = threading.Condition()

    def ticket(self) -> str:
        """The address of one connection."""
        with self._changed:
            if self._server is None:
                self._server = serve(self._talk, "127.0.0.1", 0)
                threading.Thread(target=self._server.serve_forever, daemon=True).start()
            ticket = f"t{next(self._numbers)}"
            self.tickets.add(ticket)
            port = self._server.socket.getsockname()[1]
        return f"ws://127.0.0.1:{port}/link/?ticket={ticket}"

    def wait_for_connection(self, count: int = 1, *, seconds: float = 10.0) -> None:
        """Return once so many connections have been opened; an AssertionError if not."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.opened >= count and self.connections, seconds)

    def send(
        self, kind: str, payload: Json, *, seconds: float = 3.0, envelope: str = "", **more: Any
    ) -> Acknowledged:
        """Send an envelope, and return what it was acknowledged with; an AssertionError after three seconds."""
        envelope = envelope or f"e{next(self._numbers)}"
        begun = time.monotonic()
        sent = {"envelope_id": envelope, "type": kind, "payload": payload, "accepts_response_payload": True, **more}
        with self._changed:
            self.connections[-1].send(json.dumps(sent))
            assert self._changed.wait_for(lambda: envelope in self._answers, seconds), "no acknowledgement in time"
            return Acknowledged(self._answers.pop(envelope).get("payload"), time.monotonic() - begun)

    def ask_to_reconnect(self) -> None:
        """As Slack does now and then, for its own sake."""
        self.connections[-1].send(json.dumps({"type": "disconnect", "reason": "refresh_requested"}))

    def stop(self) -> None:
        """Close what is open."""
        for connection in list(self.connections):
            with contextlib.suppress(ConnectionClosed, OSError):
                connection.close()
        if self._server:
            self._server.shutdown()

    def _talk(self, connection: ServerConnection) -> None:
        path = connection.request.path if connection.request else ""
        ticket = path.rpartition("=")[2]
        with self._changed:
            if ticket not in self.tickets:
                connection.close(1008, "a ticket is good for one connection")
                return
            self.tickets.discard(ticket)
        connection.send(json.dumps({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0APP"}}))
        with self._changed:
            self.connections.append(connection)
            self.opened += 1
            self._changed.notify_all()
        # A client may go without a word.
        with contextlib.suppress(ConnectionClosed, OSError):
            for message in connection:
                self._heard(json.loads(message))
        with self._changed:
            self.connections.remove(connection)

    def _heard(self, message: Json) -> None:
        with self._changed:
            self._answers[message["envelope_id"]] = message
            self._changed.notify_all()
