import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.emulators.kit import Emu, Reply, Req
from tests.waiting import PATIENCE, until


class Counter(Emu):
    """Counts."""

    def setup(self) -> None:
        self.count = 0
        self.route("POST", "/count/{name}", self.add)
        self.route("GET", "/stream", lambda req: Reply(raw=iter([b"one", b"two"]), ctype="text/plain"))
        self.route("GET", "/broken", lambda req: 1 / 0)

    def add(self, req: Req, name: str) -> dict[str, object]:
        if name == "refused":
            raise Reply(422, {"error": "no"}, {"x-why": "test"})
        self.count += 1
        return {"name": name, "count": self.count, "sent": req.json() if req.body else None}


@pytest.fixture
def counter() -> Iterator[Counter]:
    emu = Counter().start()
    yield emu
    emu.stop()


def call(emu: Emu, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(emu.url.removeprefix("http://"), timeout=PATIENCE)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_route_names_and_decodes_its_segments(counter: Counter) -> None:
    status, body = call(counter, "POST", "/count/a%20b?x=1&x=2", b'{"k": 1}')
    assert (status, json.loads(body)) == (200, {"name": "a b", "count": 1, "sent": {"k": 1}})
    (seen,) = counter.journal
    assert (seen.status, seen.req.query, seen.json()) == (200, {"x": ["1", "2"]}, {"k": 1})


def test_a_chunked_body_is_read(counter: Counter) -> None:
    connection = http.client.HTTPConnection(counter.url.removeprefix("http://"), timeout=PATIENCE)
    connection.request("POST", "/count/x", iter([b'{"k"', b": 2}"]), encode_chunked=True)
    answer = connection.getresponse()
    assert json.loads(answer.read())["sent"] == {"k": 2}
    connection.close()


def test_answers_may_be_raised_streamed_or_missing(counter: Counter) -> None:
    assert call(counter, "POST", "/count/refused")[0] == 422
    assert call(counter, "GET", "/stream") == (200, b"onetwo")
    assert call(counter, "GET", "/nowhere")[0] == 404
    assert call(counter, "DELETE", "/stream")[0] == 405


def test_an_error_in_a_handler_is_a_bug_of_the_emulator(
    counter: Counter, capsys: pytest.CaptureFixture[str]
) -> None:
    status, body = call(counter, "GET", "/broken")
    assert status == 599
    assert "ZeroDivisionError" in json.loads(body)["emulator_bug"]
    assert counter.bugs() == ["GET /broken: 599"]
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_fault_strikes_as_often_as_it_says_and_is_missed_when_it_does_not(counter: Counter) -> None:
    counter.fault("POST /count", "status", times=2, status=503, body={"busy": True}, headers={"retry-after": "1"})
    assert [call(counter, "POST", "/count/x")[0] for _ in range(3)] == [503, 503, 200]
    assert counter.bugs() == []
    counter.fault("GET", "drop")
    assert counter.bugs() == ["fault drop never struck"]
    with pytest.raises(ValueError, match="explode"):
        counter.fault("GET", "explode")


@pytest.mark.parametrize(("kind", "ran"), [("drop", 0), ("reset", 0), ("lost", 1)])
def test_a_hung_up_connection_has_no_answer(counter: Counter, kind: str, ran: int) -> None:
    counter.fault("POST", kind)
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        call(counter, "POST", "/count/x")
    assert counter.count == ran
    assert counter.journal[0].status == kind


def test_truncated_answers_are_half(counter: Counter) -> None:
    counter.fault("POST", "truncate")
    counter.fault("POST", "truncate_json")
    with pytest.raises(http.client.IncompleteRead):
        call(counter, "POST", "/count/x")
    status, body = call(counter, "POST", "/count/x")
    assert status == 200
    with pytest.raises(ValueError):
        json.loads(body)


def test_a_stalled_answer_holds_up_nobody_else(counter: Counter) -> None:
    counter.fault("POST /count/slow", "stall", seconds=2 * PATIENCE)
    slow = threading.Thread(target=call, args=(counter, "POST", "/count/slow"))
    slow.start()
    assert call(counter, "POST", "/count/x")[0] == 200
    assert slow.is_alive()
    counter.released.set()
    slow.join(PATIENCE)
    assert not slow.is_alive()


def test_hundreds_may_wait_at_once() -> None:
    class Slow(Counter):
        def pause(self, req: Req) -> float:
            return 30.0

    emu = Slow().start()
    host, port = emu.url.removeprefix("http://").split(":")
    waiting = []
    for _ in range(200):
        waiting.append(socket.create_connection((host, int(port)), timeout=PATIENCE))
        waiting[-1].sendall(b"POST /count/x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    until(lambda: len(emu.journal) == 200)
    emu.released.set()
    assert all(connection.recv(12) == b"HTTP/1.1 200" for connection in waiting)
    for connection in waiting:
        connection.close()
    emu.stop()


def test_streams_break_off_where_they_are_told_to(counter: Counter) -> None:
    counter.route("GET", "/three", lambda req: Reply(raw=iter([b"one", b"two", b"three!"]), ctype="text/plain"))
    counter.fault("GET", "truncate", after=1)
    with pytest.raises(http.client.IncompleteRead) as caught:
        call(counter, "GET", "/three")
    assert caught.value.partial == b"one"
    counter.fault("GET", "truncate", after=1, reset=True)
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        call(counter, "GET", "/three")
    counter.fault("GET", "truncate_json", after=2)
    assert call(counter, "GET", "/three") == (200, b"onetwothr")
    counter.fault("GET", "interrupt", after=1, piece=b"oops")
    assert call(counter, "GET", "/three") == (200, b"oneoops")
    counter.fault("GET", "drip", seconds=0.01)
    begun = time.monotonic()
    assert call(counter, "GET", "/three") == (200, b"onetwothree!")
    assert time.monotonic() - begun >= 0.03
    assert not counter.bugs()


def test_a_bug_in_the_midst_of_a_stream_is_the_emulators(counter: Counter) -> None:
    counter.route("GET", "/half", lambda req: Reply(raw=(b"x" * (1 // number) for number in (1, 0))))
    call(counter, "GET", "/half")
    assert counter.bugs() == ["GET /half: 599"]
