"""The same promises in a bucket that speaks S3."""

import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto.server import ThreadedMotoServer

from integrations.contracts import DeliveryError, Landed, OutcomeUnknown, Outgoing, TargetClosed
from integrations.folder import bucket
from integrations.folder.probe import FolderProbe
from integrations.folder.target import FolderTarget
from jobs.lifecycle import artifact as artifacts
from tests.emulators.kit import Emu, Reply, Req
from tests.integrations.target_contract import TargetContract, out_file

PLACE = "2026-11-23/3f2a9c1e-autumn-menu"
KEY = {"access_key": "id", "secret_key": "secret", "region_name": "us-east-1"}


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The address of an S3 service on this machine."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def s3(service: str) -> Any:
    """What looks at it past the code under test."""
    return boto3.client(
        "s3",
        endpoint_url=service,
        aws_access_key_id="id",
        aws_secret_access_key="secret",
        region_name="us-east-1",
    )


class Door(Emu):
    """Passes everything on to the service behind it, but for the faults that strike on the way."""

    def __init__(self, behind: str) -> None:
        self.behind = behind.removeprefix("http://")
        super().__init__()

    def setup(self) -> None:
        """It knows no path of its own."""

    def not_found(self, req: Req) -> Reply:
        connection = HTTPConnection(self.behind, timeout=20)
        try:
            _, path, _ = req.raw_target.split(" ")
            connection.request(req.method, path, req.body, req.headers)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() in {"etag", "last-modified"}}
            return Reply(answer.status, raw=answer.read(), headers=kept, ctype=answer.headers.get_content_type())
        finally:
            connection.close()


class TestBucket(TargetContract):
    kind = "document"
    door: Door
    client: Any
    url: str

    @pytest.fixture(autouse=True)
    def world(self, service: str, s3: Any) -> Iterator[None]:
        self.url, self.door, self.client = service, Door(service).start(), s3
        self.client.create_bucket(Bucket="desk")
        yield
        self.door.stop()
        assert self.door.bugs() == []
        for key in self.keys():
            self.client.delete_object(Bucket="desk", Key=key)
        self.client.delete_bucket(Bucket="desk")

    def keys(self) -> list[str]:
        return [entry["Key"] for entry in self.client.list_objects_v2(Bucket="desk").get("Contents", [])]

    def test_its_probe_writes_an_object_and_takes_it_away(self) -> None:
        options = {"endpoint_url": self.url, **KEY}
        probe = FolderProbe(root="s3://desk/outputs", options=options)
        assert [one.ok for one in (*probe.look(), *probe.try_out())] == [True, True]
        assert self.keys() == []
        gone = FolderProbe(root="s3://gone", options=options)
        assert [one.ok for one in (*gone.look(), *gone.try_out())] == [False, False]

    def seen(self) -> dict[str, bytes]:
        keys = [key for key in self.keys() if ".nightdesk" not in key and not key.endswith("index.html")]
        return {key: self.client.get_object(Bucket="desk", Key=key)["Body"].read() for key in keys}

    def make(self, root: str = "s3://desk/outputs", **options: str) -> FolderTarget:
        return FolderTarget(root=root, options={**KEY, "endpoint_url": self.url, **options})

    def effects(self) -> int:
        return len(self.seen())

    def refused_for_good(self) -> tuple[FolderTarget, Outgoing]:
        return self.make(), self.outgoing(files=[])

    def lose_the_next_answer(self) -> bool:
        """The library asks again by itself: the same bytes at the same place."""
        self.url = self.door.url
        self.door.fault(r"PUT .*/menu\.md$", "lost")
        return True

    def ask_for_a_pause(self, seconds: int) -> bool:
        """S3 knows no 429: it says 503 SlowDown, which is in the tests of what it refuses."""
        return False

    def test_files_lie_below_the_prefix(self) -> None:
        landed = self.make().deliver(self.outgoing())
        assert self.seen() == {f"outputs/{PLACE}/menu.md": b"# Menu\n\nWarm soup.\n"}
        assert landed.external_id == f"{PLACE}/menu.md"
        assert landed.detail == f"menu.md in s3://desk/outputs/{PLACE}"
        page = self.client.get_object(Bucket="desk", Key=f"outputs/{PLACE}/index.html")
        assert page["ContentType"] == "text/html"
        assert out_file().sha256 in page["Body"].read().decode()

    def test_a_bucket_without_a_prefix(self) -> None:
        target = self.make("s3://desk")
        landed = target.deliver(self.outgoing())
        assert list(self.seen()) == [f"{PLACE}/menu.md"]
        assert target.find(self.outgoing()) == landed

    def test_nothing_is_overwritten(self) -> None:
        for number, content in enumerate((b"one", b"two")):
            self.make().deliver(self.outgoing(key=f"job-1:1:{number}:1", files=[out_file(content)]))
        assert set(self.seen().values()) == {b"one", b"two"}

    def test_at_once_by_many_is_one_effect(self) -> None:
        found: list[Landed] = []
        start = threading.Barrier(6)

        def deliver() -> None:
            target = self.make()
            start.wait()
            found.append(target.deliver(self.outgoing()))

        threads = [threading.Thread(target=deliver) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 6
        assert self.effects() == 1

    def test_a_bucket_that_is_not_there_closes_the_target(self) -> None:
        target = self.make("s3://attic")
        with pytest.raises(OutcomeUnknown, match="NoSuchBucket"):
            target.find(self.outgoing())
        with pytest.raises((TargetClosed, OutcomeUnknown), match="NoSuchBucket"):
            target.deliver(self.outgoing())


@pytest.mark.parametrize(
    ("code", "status", "becomes", "permanent"),
    [
        ("AccessDenied", 403, TargetClosed, False),
        ("SlowDown", 503, DeliveryError, False),
        ("InternalError", 500, OutcomeUnknown, None),
        ("EntityTooLarge", 400, DeliveryError, True),
    ],
)
def test_a_refusal_says_whether_trying_again_helps(
    monkeypatch: pytest.MonkeyPatch, code: str, status: int, becomes: type[Exception], permanent: bool | None
) -> None:
    target = FolderTarget(root="s3://desk", options={**KEY, "endpoint_url": "http://127.0.0.1:9"})
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    said = raising(ClientError(answer, "PutObject"))
    monkeypatch.setattr(bucket.Bucket, "_client", said)
    with pytest.raises(becomes, match=code) as caught:
        target._place.write("a", b"a")
    assert getattr(caught.value, "permanent", None) is permanent


def test_a_service_that_does_not_answer_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    target = FolderTarget(root="s3://desk", options={**KEY, "endpoint_url": "http://127.0.0.1:9"})
    monkeypatch.setattr(bucket.Bucket, "_client", raising(EndpointConnectionError(endpoint_url="x")))
    with pytest.raises(OutcomeUnknown):
        target._place.write("a", b"a")
    with pytest.raises(OutcomeUnknown):
        target._place.read("a")


def raising(error: Exception) -> Any:
    """A client of which every call raises this."""

    class Client:
        def put_object(self, **said: Any) -> None:
            raise error

        get_object = put_object

    return Client()


def test_artifacts_may_lie_in_a_bucket(service: str, settings: Any) -> None:
    client = boto3.client(
        "s3", endpoint_url=service, aws_access_key_id="id", aws_secret_access_key="secret", region_name="us-east-1"
    )
    client.create_bucket(Bucket="bytes")
    settings.STORAGES = {
        **settings.STORAGES,
        "artifacts": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {"bucket_name": "bytes", "location": "all", "endpoint_url": service, **KEY},
        },
    }
    file = artifacts.File("draft", "draft.md", "text/markdown", b"# A draft")
    artifacts.keep(file)
    artifacts.keep(file)
    assert artifacts.load(file.sha256) == b"# A draft"
    client.put_object(Bucket="bytes", Key=f"all/{file.sha256[:2]}/{file.sha256}", Body=b"something else")
    with pytest.raises(artifacts.Corrupt):
        artifacts.load(file.sha256)
    artifacts.keep(file)
    assert artifacts.load(file.sha256) == b"# A draft"
    with pytest.raises(FileNotFoundError):
        artifacts.load("0" * 64)
