"""manage.py up: everything on this machine."""

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django_q.models import Schedule
from pytest_django import Settings

from config.management.commands.up import apart, prepare
from tests.house import ROOT, House, built, free_port


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_refused_with_what_to_do(taken: int) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("up", port=taken)
    assert str(refusal.value) == (f"Cannot listen on 127.0.0.1:{taken} ({os.strerror(98)}). Choose another --port.")


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(CommandError, match=r"Cannot listen on 192\.0\.2\.1"):
        call_command("up", host="192.0.2.1", port=free_port())


@pytest.mark.django_db
def test_preparing_can_be_repeated() -> None:
    Schedule.objects.create(name="of an earlier version", func="jobs.workers.gone")
    for _ in range(2):
        prepare()
        assert set(Schedule.objects.values_list("name", flat=True)) == set(settings.SCHEDULES)
    assert (Path(settings.STATIC_ROOT) / "nightdesk" / "nightdesk.css").is_file()


@pytest.fixture
def running(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """A folder that another supervisor holds."""
    settings.VAR, settings.STATIC_ROOT = tmp_path, tmp_path / "static"
    with (tmp_path / "supervisor.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@pytest.mark.django_db
@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("arguments", [["up", "--port", "0"], ["up", "--no-web"], ["worker"]], ids=" ".join)
def test_beside_one_that_runs_nothing_is_begun(arguments: list[str], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=f"Nightdesk already runs on {re.escape(str(tmp_path))}"):
        call_command(*arguments)
    assert not Schedule.objects.exists(), "one of another version would change what the running one works by"
    assert not (tmp_path / "static").exists()


@pytest.mark.services
def test_one_installation_runs_once_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with built(tmp_path / "house", "embedded") as house:
        house.start()
        command = [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(free_port())]
        second = subprocess.run(command, env=house.environment, capture_output=True, text=True, check=False)
        assert second.returncode == 1
        assert f"Nightdesk already runs on {house.folder}" in second.stderr
        for role in ("web", "agents", "deliveries"):
            assert house.pids(having=f"NIGHTDESK_ROLE={role}")
        house.stop(signal.SIGINT)
        assert house.process
        assert house.process.returncode == 0
        assert not house.pids()

        starts_without_a_web(house)


def starts_without_a_web(house: House) -> None:
    """Once more on the same folder, workers alone."""
    command = [sys.executable, str(ROOT / "manage.py"), "up", "--no-web"]
    house.process = subprocess.Popen(
        command, env=house.environment, stdout=house.log, stderr=house.log, start_new_session=True
    )
    for having in ("NIGHTDESK_ROLE=agents", "NIGHTDESK_ROLE=deliveries"):
        house.wait_for(having, partial(house.pids, having=having))
    assert not house.pids(having="NIGHTDESK_ROLE=web")
    house.stop()
    assert house.process.returncode == 0
    assert not house.pids()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"NOTION_BASE_URL": "http://notion.example"}, "NOTION_BASE_URL is no https address."),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "connection to server at"),
    ],
    ids=["a setting", "no database"],
)
def test_what_cannot_be_prepared_is_said_and_nothing_starts(
    wrong: dict[str, str], said: str, tmp_path: Path
) -> None:
    with built(tmp_path / "house", "embedded", **wrong) as house:
        command = [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(free_port())]
        ended = subprocess.run(command, env=house.environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 1
        assert said in ended.stderr
        assert "Traceback" not in ended.stderr
        assert ended.stderr.splitlines()[-1] == "CommandError: Nightdesk was not started: see above."


def test_what_was_loaded_apart_goes_with_its_process(tmp_path: Path) -> None:
    def load() -> None:
        sys.modules["only_loaded_apart"] = sys
        (tmp_path / "done").touch()

    apart(load)
    assert (tmp_path / "done").exists()
    assert "only_loaded_apart" not in sys.modules


@pytest.mark.django_db
def test_a_house_without_an_owner_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.management.commands.up.apart", lambda work: None)
    monkeypatch.setattr("config.management.commands.up.supervise", lambda children, begin: begin())
    out = StringIO()
    call_command("up", port=free_port(), stdout=out)
    assert "manage.py init makes the owner" in out.getvalue()
    User.objects.create_user("owner")
    out = StringIO()
    call_command("up", port=free_port(), stdout=out)
    assert "manage.py init" not in out.getvalue()
