"""manage.py up: everything on this machine."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django_q.models import Schedule

from config.management.commands.up import prepare
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


def manage(house: House, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A management command in the same surroundings, run to its end."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, env=house.environment, capture_output=True, text=True, check=False)


@pytest.mark.services
def test_one_installation_runs_once_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with built(tmp_path / "house", "embedded") as house:
        house.start()
        for arguments in (["up", "--port", str(free_port())], ["up", "--no-web"], ["worker"]):
            second = manage(house, *arguments)
            assert second.returncode == 1
            assert f"Nightdesk already runs on {house.folder}" in second.stderr
        for role in ("web", "agents", "deliveries"):
            assert house.pids(having=f"NIGHTDESK_ROLE={role}")
        house.stop(signal.SIGINT)
        assert house.process
        assert house.process.returncode == 0
        assert not house.pids()


@pytest.mark.services
def test_without_a_web_there_are_workers_alone(tmp_path: Path) -> None:
    with built(tmp_path / "house", "embedded") as house:
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
