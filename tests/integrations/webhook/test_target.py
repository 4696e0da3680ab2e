"""Messages to other systems, at a strict receiver."""

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from integrations.contracts import DeliveryError, Landed, Outgoing
from integrations.webhook import target as module
from integrations.webhook.target import WebhookTarget
from tests.emulators.webhook import KEY, WebhookEmulator
from tests.integrations.target_contract import TargetContract

OTHER_KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
EVENT = {"id": 7, "name": "job.completed", "actor": "desk", "at": "2026-11-23T06:30:00Z", "data": {"secret": "no"}}
JOB = {"id": "3f2a", "title": "Größe", "state": "completed", "brief": "A long brief.", "client": "lume"}
REVIEW = {"id": 3, "kind": "message", "state": "approved", "title": "Status", "payload": {"x": 1}}


class TestWebhook(TargetContract):
    kind = "notice"
    fields = {"event": EVENT, "job": JOB}
    can_be_asked = False

    @pytest.fixture(autouse=True)
    def receiver(self, world: None) -> Iterator[None]:
        self.service = WebhookEmulator().start()
        yield
        self.service.stop()
        assert self.service.bugs() == []

    def make(self, url: str = "", secret: str = KEY) -> WebhookTarget:
        return WebhookTarget(place="crm", url=url or f"{self.service.url}/hook?a=1#top", secret=secret)

    def effects(self) -> int:
        return len(self.service.messages)

    def refused_for_good(self) -> tuple[WebhookTarget, Outgoing]:
        self.service.fault("POST /hook", "status", status=410)
        return self.make(), self.outgoing()

    def lose_the_next_answer(self) -> bool:
        self.service.fault("POST /hook", "lost")
        return True

    def ask_for_a_pause(self, seconds: int) -> bool:
        self.service.fault("POST /hook", "status", status=429, headers={"Retry-After": f"{seconds}"})
        return True

    def nothing(self) -> Outgoing:
        return self.outgoing(fields={"text": "All quiet."})

    def test_what_happened_is_told_in_few_words(self) -> None:
        fields = {**self.fields, "review": REVIEW}
        landed = self.make().deliver(self.outgoing(key="webhook:crm:7", fields=fields))
        assert landed == Landed(external_id="webhook:crm:7", detail="crm answered 202")
        assert self.service.messages == {
            "webhook:crm:7": {
                "type": "job.completed",
                "timestamp": "2026-11-23T06:30:00Z",
                "data": {
                    "event": 7,
                    "job": {"id": "3f2a", "title": "Größe", "state": "completed", "client": "lume"},
                    "review": {"id": 3, "kind": "message", "state": "approved", "title": "Status"},
                },
            }
        }

    def test_the_address_is_asked_as_it_was_written(self) -> None:
        self.make().deliver(self.outgoing())
        (seen,) = self.service.journal
        assert seen.req.raw_target == "POST /hook?a=1 HTTP/1.1"

    def test_another_key_is_not_believed(self) -> None:
        with pytest.raises(DeliveryError, match="crm answered 401"):
            self.make(secret=OTHER_KEY).deliver(self.outgoing())

    def test_a_place_that_is_gone_is_left_alone(self) -> None:
        target, _ = self.refused_for_good()
        for key in ("a", "b"):
            with pytest.raises(DeliveryError, match="gone") as caught:
                target.deliver(self.outgoing(key=key))
            assert caught.value.permanent
        assert len(self.service.journal) == 1
        assert self.make().deliver(self.outgoing())

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed(self, status: int) -> None:
        self.service.fault("POST /hook", "status", status=status, headers={"Location": f"{self.service.url}/hook"})
        with pytest.raises(DeliveryError, match="redirects are not followed") as caught:
            self.make().deliver(self.outgoing())
        assert caught.value.permanent
        assert len(self.service.journal) == 1

    @pytest.mark.parametrize("status", [400, 401, 404, 408, 429, 500, 502, 503, 504])
    def test_whoever_refuses_now_is_asked_again(self, status: int) -> None:
        self.service.fault("POST /hook", "status", status=status)
        with pytest.raises(DeliveryError, match=f"crm answered {status}") as caught:
            self.make().deliver(self.outgoing())
        assert (caught.value.permanent, caught.value.retry_after) == (False, None)
        self.make().deliver(self.outgoing())
        assert self.effects() == 1

    @pytest.mark.parametrize(
        ("said", "least", "most"),
        [
            ("120", 120, 120),
            (" 7 ", 7, 7),
            ("999999999", 86_400, 86_400),
            ("Mon, 23 Nov 2020 06:30:00 GMT", 0, 0),
        ],
    )
    def test_whoever_says_when_is_asked_then(self, said: str, least: float, most: float) -> None:
        self.service.fault("POST /hook", "status", status=429, headers={"Retry-After": said})
        with pytest.raises(DeliveryError) as caught:
            self.make().deliver(self.outgoing())
        assert caught.value.retry_after is not None
        assert least <= caught.value.retry_after <= most

    def test_a_date_is_a_time_from_now_on(self) -> None:
        said = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
        self.service.fault("POST /hook", "status", status=429, headers={"Retry-After": said})
        with pytest.raises(DeliveryError) as caught:
            self.make().deliver(self.outgoing())
        assert caught.value.retry_after is not None
        assert 3_000 < caught.value.retry_after <= 3_600

    @pytest.mark.parametrize("said", ["soon", "-5", "1.5"])
    def test_a_time_that_cannot_be_read_is_none(self, said: str) -> None:
        self.service.fault("POST /hook", "status", status=429, headers={"Retry-After": said})
        with pytest.raises(DeliveryError) as caught:
            self.make().deliver(self.outgoing())
        assert caught.value.retry_after is None

    @pytest.mark.parametrize("fault", ["drop", "reset", "lost"])
    def test_an_answer_that_does_not_come_means_once_more_under_the_same_id(self, fault: str) -> None:
        self.service.fault("POST /hook", fault)
        with pytest.raises(DeliveryError, match="crm gave no answer") as caught:
            self.make().deliver(self.outgoing())
        assert not caught.value.permanent
        self.make().deliver(self.outgoing())
        assert self.effects() == 1

    def test_whoever_says_nothing_is_not_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.05)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            target = self.make(f"http://127.0.0.1:{silent.getsockname()[1]}/")
            with pytest.raises(DeliveryError, match="gave no answer") as caught:
                target.deliver(self.outgoing())
        assert not caught.value.permanent

    def test_whoever_speaks_another_tongue_is_told_apart(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:

            def speak() -> None:
                connection, _ = other.accept()
                connection.recv(65_536)
                connection.sendall(b"SSH-2.0-OpenSSH\r\n")
                connection.close()

            thread = threading.Thread(target=speak)
            thread.start()
            target = self.make(f"http://127.0.0.1:{other.getsockname()[1]}/")
            with pytest.raises(DeliveryError, match="gave no answer"):
                target.deliver(self.outgoing())
            thread.join()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://127.0.0.1/",
        "127.0.0.1:80",
        "https://",
        "https://user:password@example.com/",
        "https://example.com:port/",
        "https://example.com:99999/",
        "",
    ],
)
def test_an_address_that_would_tell_others_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match=r"address of crm|[Pp]ort"):
        WebhookTarget(place="crm", url=url, secret=KEY)


@pytest.mark.parametrize(
    "url", ["https://example.com/hook", "http://localhost:8/", "http://[::1]:8/", "http://127.0.0.1"]
)
def test_an_address_is_https_or_on_this_machine(url: str) -> None:
    assert WebhookTarget(place="crm", url=url, secret=KEY)


@pytest.mark.parametrize("secret", ["", "secret", "whsec_AAAA"])
def test_a_key_that_is_none_is_refused_at_the_start(secret: str) -> None:
    with pytest.raises(ValueError, match="key"):
        WebhookTarget(place="crm", url="https://example.com/", secret=secret)


@pytest.mark.parametrize("place", ["", "CRM", "a b", "a.b", "x" * 31])
def test_a_name_that_is_none_is_refused_at_the_start(place: str) -> None:
    with pytest.raises(ValueError, match="names no place"):
        WebhookTarget(place=place, url="https://example.com/", secret=KEY)
