"""What the doctor looks at: each probe where all is well, and each fault with what mends it."""

import os
import pwd
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from aiosmtpd.smtp import AuthResult
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from pytest_django import Settings

from agents import sandbox
from agents.tools import place_access
from agents.tools.place_access import Seen
from config import checkups, probes
from config.probes import Finding, Level
from jobs import spool
from jobs.lifecycle.job import open_job
from jobs.models import Client, Process
from tests.house import REDIS
from tests.integrations.mail.conftest import LocalController, Post


def look(name: str) -> Finding:
    """What the doctor finds under this name."""
    (found,) = checkups.look_at(name)
    return found


@pytest.fixture(autouse=True)
def no_cell(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Building a cell takes a second, and only the tests of that probe look at it."""
    if "cell" not in request.node.name:
        rest = [probe for probe in probes.PROBES if probe is not probes._cell]
        monkeypatch.setattr(probes, "PROBES", rest)


@pytest.fixture
def closed_port() -> int:
    """A port of this machine on which nobody answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.django_db
class TestFolder:
    def test_one_that_is_not_there(self, settings: Settings, tmp_path: Path) -> None:
        settings.VAR = tmp_path / "gone"
        found = look("disk")
        assert (found.level, found.says) == (Level.FAIL, f"{tmp_path / 'gone'}: No such file or directory")
        assert "NIGHTDESK_VAR" in found.fix

    def test_a_full_disk(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(probes, "_ENOUGH_BYTES", 1 << 62)
        found = look("disk")
        assert found.level == Level.FAIL
        assert "MiB free" in found.says
        assert "Make room" in found.fix


@pytest.mark.django_db
class TestDatabase:
    def test_tables_of_an_earlier_version(self) -> None:
        MigrationRecorder.Migration.objects.filter(app="jobs").delete()
        found = look("database")
        assert found.level == Level.FAIL
        assert "wait: run manage.py migrate." in found.says
        assert "DATABASE_URL" in found.fix
        workers = look("workers")
        assert workers.level == Level.WARN, "what stands on the database is not looked at then"


@pytest.mark.django_db
class TestDoorbell:
    def test_redis_that_answers(self, settings: Settings) -> None:
        try:
            with redis.Redis.from_url(REDIS, socket_connect_timeout=3) as server:
                server.ping()
        except redis.RedisError as error:
            if os.environ.get("TEST_REQUIRE_SERVICES"):
                raise
            pytest.skip(f"no Redis here (TEST_REDIS_URL): {error}")
        settings.REDIS_URL = REDIS
        assert look("doorbell") == Finding(Level.OK, "doorbell", "Redis")

    def test_redis_that_does_not(self, settings: Settings, closed_port: int) -> None:
        settings.REDIS_URL = f"redis://:hidden@127.0.0.1:{closed_port}/0"
        found = look("doorbell")
        assert (found.level, found.fix) == (Level.FAIL, "Check REDIS_URL.")
        assert "Redis does not answer" in found.says
        assert "hidden" not in found.says

    def test_an_address_that_is_none(self, settings: Settings) -> None:
        settings.REDIS_URL = "127.0.0.1:6379"
        assert look("doorbell").fix == "Check REDIS_URL."


@pytest.mark.django_db
def test_a_storage_that_cannot_be_written_is_a_fault(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    settings.STORAGES = {
        **settings.STORAGES,
        "artifacts": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "a file" / "artifacts", "base_url": None},
        },
    }
    found = look("artifacts")
    assert found.level == Level.FAIL
    assert "a file" in found.says


@pytest.mark.django_db
def test_a_storage_keeps_nothing_of_the_look(tmp_path: Path) -> None:
    assert look("artifacts").level == Level.OK
    assert not list((tmp_path / "artifacts").iterdir())


@pytest.mark.django_db
def test_with_a_key_the_models_are_named(settings: Settings) -> None:
    settings.REHEARSAL = False
    settings.MODELS = {"default": "a-model", "code": "another"}
    assert look("model") == Finding(Level.OK, "model", "default a-model, code another")


@pytest.mark.django_db
class TestMail:
    @pytest.fixture
    def server(self, settings: Settings) -> Iterator[LocalController]:
        """A mail server that lets nobody log in."""
        controller = LocalController(
            Post(),
            hostname="127.0.0.1",
            port=0,
            authenticator=lambda *_: AuthResult(success=False, handled=False),
            auth_require_tls=False,
        )
        controller.start()
        settings.EMAIL_URL = "smtp://127.0.0.1"
        settings.EMAIL_BACKEND = "integrations.mail.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
        yield controller
        controller.stop()

    def test_a_server_that_lets_us_in(self, server: LocalController, settings: Settings) -> None:
        settings.MAIL_FROM = "desk@example.com"
        assert look("mail") == Finding(Level.OK, "mail", "SMTP, from desk@example.com")

    def test_a_wrong_password(self, server: LocalController, settings: Settings) -> None:
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "desk", "hidden"
        found = look("mail")
        assert found.level == Level.FAIL
        assert "refused the login" in found.says
        assert "hidden" not in found.says
        assert "EMAIL_URL" in found.fix

    def test_a_server_that_is_not_there(
        self, server: LocalController, settings: Settings, closed_port: int
    ) -> None:
        settings.EMAIL_PORT = closed_port
        found = look("mail")
        assert found.level == Level.FAIL
        assert "could not be reached" in found.says


@pytest.mark.django_db
class TestRepositories:
    def test_those_that_are_there_are_named(self, settings: Settings, tmp_path: Path) -> None:
        settings.REPOSITORIES = {"site": str(tmp_path), "shop": "https://git.example/shop.git"}
        assert look("repositories") == Finding(Level.OK, "repositories", "site, shop")

    def test_one_that_is_gone(self, settings: Settings, tmp_path: Path) -> None:
        settings.REPOSITORIES = {"site": str(tmp_path), "shop": str(tmp_path / "gone")}
        found = look("repositories")
        assert (found.level, found.says) == (Level.FAIL, f"not there: shop ({tmp_path / 'gone'})")
        assert "NIGHTDESK_REPOSITORIES" in found.fix


@pytest.mark.django_db
class TestReading:
    def test_without_a_place_there_is_nothing_to_look_at(self) -> None:
        found = look("reading")
        assert (found.level, found.says) == (Level.OK, "agents read no places of your own")

    @pytest.mark.parametrize(
        ("seen", "level", "fix"),
        [
            ([Seen(ok=True, says="a.")], Level.OK, ""),
            ([Seen(ok=True, says="a."), Seen(ok=True, says="b.", fix="less")], Level.WARN, "less"),
            ([Seen(ok=True, says="a.", fix="less"), Seen(ok=False, says="b.", fix="mend")], Level.FAIL, "mend"),
        ],
        ids=["well", "too wide", "a fault"],
    )
    def test_what_is_worst_decides_and_says_what_helps(
        self, seen: list[Seen], level: Level, fix: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(place_access, "look", lambda places: seen)
        found = look("reading")
        assert (found.level, found.says, found.fix) == (level, " ".join(one.says for one in seen), fix)

    def test_a_token_of_this_process_is_tried_where_it_leads(self, settings: Settings, closed_port: int) -> None:
        nowhere = {"token": "ntn_x", "base_url": f"http://127.0.0.1:{closed_port}"}
        settings.AGENT_OPTIONS = {**settings.AGENT_OPTIONS, "places": {"notion": nowhere}}
        assert look("reading").says == "Notion did not answer."


@pytest.mark.django_db
class TestCell:
    @pytest.mark.cell
    def test_a_cell_is_looked_at_as_the_user_of_the_settings(self, settings: Settings) -> None:
        user = pwd.getpwnam("nobody").pw_name if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        settings.AGENT_OPTIONS = {**settings.AGENT_OPTIONS, "cell_user": user}
        missing = sandbox.probe(user)
        assert look("cell").level == (Level.WARN if missing else Level.OK)

    def test_a_cell_that_cannot_be_built_is_told_of(self, settings: Settings) -> None:
        settings.AGENT_OPTIONS = {**settings.AGENT_OPTIONS, "cell_user": "nobody of that name"}
        found = look("cell")
        assert found.level == Level.WARN
        assert "nobody of that name" in found.says
        assert found.fix


@pytest.mark.django_db
class TestWorkers:
    @pytest.fixture(autouse=True)
    def due(self, trattoria: Client) -> None:
        """A job that waits to be planned."""
        open_job(title="Mail", brief="Write it.", by="test", client=trattoria)

    @pytest.fixture
    def process(self) -> Process:
        """A worker process that has just claimed something."""
        now = timezone.now()
        return Process.objects.create(
            cluster="agents", host="here", pid=1, pid_started="1", heartbeat_at=now, progress_at=now
        )

    def test_work_that_nobody_takes(self) -> None:
        found = look("workers")
        assert (found.level, found.says) == (Level.FAIL, "work is due and nobody takes it: agents")
        assert "manage.py up" in found.fix

    def test_work_that_is_taken(self, process: Process) -> None:
        assert look("workers") == Finding(Level.OK, "workers", "1 at work")

    def test_another_cluster_does_not_do_it(self, process: Process) -> None:
        Process.objects.update(cluster="deliveries")
        assert look("workers").level == Level.FAIL

    def test_a_process_that_only_lives_is_no_help(self, process: Process) -> None:
        Process.objects.update(progress_at=timezone.now() - timedelta(minutes=1))
        assert look("workers").level == Level.FAIL

    def test_a_process_whose_slots_are_taken_is_at_work(self, process: Process, settings: Settings) -> None:
        earlier = timezone.now() - timedelta(minutes=1)
        Process.objects.update(progress_at=earlier, in_flight=settings.CONCURRENCY - 1)
        assert look("workers").level == Level.OK
        Process.objects.update(heartbeat_at=earlier)
        assert look("workers").level == Level.FAIL


def test_the_last_backup_is_told_and_an_old_one_is_a_warning(settings: Settings, tmp_path: Path) -> None:
    settings.BACKUPS = tmp_path / "backups"
    assert look("backup") == Finding(
        Level.WARN,
        "backup",
        f"none in {tmp_path / 'backups'}",
        "Run manage.py backup; with NIGHTDESK_BACKUP=folder there is one every night.",
    )
    settings.BACKUPS.mkdir()
    for age, level, said in (
        (9, Level.WARN, "9 days ago"),
        (1, Level.OK, "24 hours ago"),
        (0, Level.OK, "an hour"),
    ):
        made = timezone.now() - timedelta(days=age, minutes=1)
        (settings.BACKUPS / f"nightdesk-{made:%Y%m%dT%H%M%S}Z.tar.gz").write_bytes(b"x" * 2_000_000)
        found = look("backup")
        assert (found.level, "2.0 MB" in found.says, said in found.says) == (level, True, True)


@pytest.mark.django_db
def test_events_that_wait_are_told_and_those_that_cannot_be_read_are_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert look("spool") == Finding(Level.OK, "spool", "no accepted event waits to be taken in")
    for number in range(2):
        spool.put({}, [b""], identity=str(number))
    assert look("spool").says == "2 accepted events wait until the database can be written"
    monkeypatch.setattr(probes, "_FRESH", timedelta(0))
    found = look("spool")
    assert (found.level, "the oldest since" in found.says) == (Level.WARN, True)
    spool.set_aside(spool.waiting()[0])
    found = look("spool")
    assert (found.level, str(spool.standing().broken[0]) in found.says) == (Level.FAIL, True)
