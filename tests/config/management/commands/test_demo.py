"""manage.py demo: a world of its own, whatever installation it is started from."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from config.demo import night, seed
from config.management.commands import demo
from jobs.models import Client, Job, Trigger
from tests.house import House, Person, free_port

ROOT = Path(__file__).parents[4]
# What an owner's environment may hold. None of it is the demo's business.
OWNERS = {
    "ANTHROPIC_API_KEY": "sk-of-the-owner",
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:1/of-the-owner",
    "DATABASE_URL": "postgresql://of-the-owner@127.0.0.1:1/nowhere",
    "REDIS_URL": "redis://of-the-owner@127.0.0.1:1/0",
    "EMAIL_URL": "smtps://of-the-owner@127.0.0.1:1",
    "GITHUB_WEBHOOK_SECRET": "hook-of-the-owner",
    "SECRET_KEY": "a key of-the-owner, long enough to be accepted by the checks of Django",
    "SECRET_KEY_FALLBACKS": "an earlier key of-the-owner",
    "MAIL_FROM": "of-the-owner@example.com",
    "NIGHTDESK_PUSH_REPOSITORIES": "site=https://token-of-the-owner@git.example/site.git",
    "NIGHTDESK_REPOSITORIES": "site=/srv/of-the-owner.git",
    "NIGHTDESK_DAILY_BUDGET": "77",
}
COMMAND = [sys.executable, str(ROOT / "manage.py"), "demo"]

Start = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The owner's NIGHTDESK_VAR."""
    return tmp_path / "var"


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    """A shell that holds all that an owner's may hold."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PATH", "HOME", "COVERAGE"))}
    return {**kept, **OWNERS, "NIGHTDESK_VAR": str(folder), "PYTHONWARNINGS": "ignore"}


@pytest.fixture
def start(environment: dict[str, str]) -> Start:
    """A function that runs the command to its end."""

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [*COMMAND, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.mark.django_db
def test_it_fills_no_database_that_is_in_use(settings: Settings, tmp_path: Path) -> None:
    settings.DEMO, settings.STATIC_ROOT = True, tmp_path
    Client.objects.create(name="Mine", slug="mine", recipients=["me@example.com"])
    with pytest.raises(CommandError, match=r"This database is in use.*--database"):
        call_command("demo", "--seed-only")
    assert not Job.objects.exists()


def test_its_environment_holds_nothing_that_the_owners_settings_hold(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would be started is caught at the door; all before it is real."""
    caught: dict[str, str] = {}
    monkeypatch.setattr(os, "execve", lambda path, arguments, environment: caught.update(environment))
    for name, value in OWNERS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("EMAIL_URL_FILE", "/run/secrets/of-the-owner")
    monkeypatch.setenv("LC_PAPER", "kept")
    demo.again(folder, port=8123, database="", redis="")
    assert "of-the-owner" not in json.dumps(caught)
    assert not caught.keys() & (OWNERS.keys() - {"NIGHTDESK_REPOSITORIES"})
    assert caught["LC_PAPER"] == "kept"
    assert caught["NIGHTDESK_VAR"] == str(folder)
    assert (caught["NIGHTDESK_DEMO"], caught["NIGHTDESK_REHEARSAL"]) == ("on", "on")
    assert caught["NIGHTDESK_ROLE"], "without a role, .env would be read"
    assert caught["BASE_URL"] == "http://127.0.0.1:8123"

    demo.again(folder, port=8123, database="", redis="", emulate=True)
    assert "of-the-owner" not in json.dumps(caught)
    assert caught["ANTHROPIC_BASE_URL"].startswith("http://127.0.0.1:")
    assert caught["ANTHROPIC_API_KEY"].startswith("sk-ant-demo-")
    assert caught["NIGHTDESK_REHEARSAL"] == "off"

    demo.again(folder, port=8123, database="postgresql://127.0.0.1/empty", redis="redis://127.0.0.1/9")
    assert caught["DATABASE_URL"] == "postgresql://127.0.0.1/empty"
    assert caught["REDIS_URL"] == "redis://127.0.0.1/9"


def test_a_taken_port_is_refused_before_anything_is_forgotten(start: Start, folder: Path) -> None:
    (folder / "demo").mkdir(parents=True)
    (folder / "demo" / "kept").touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = start("--port", port, "--fresh")
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in done.stderr
    assert (folder / "demo" / "kept").exists()


def test_the_live_job_comes_in_through_the_front_door(transactional_db: None, live_server: Any) -> None:
    seed._cast()
    port = urlsplit(live_server.url).port
    assert demo.await_web(port)
    demo.post_live_job(port)
    job = Job.objects.get()
    assert (job.title, job.priority) == (f"Enquiry: {night.LIVE['subject']}", 1)
    assert job.client == Client.objects.get(slug="bergwerk")
    assert job.brief == night.LIVE["message"]

    Trigger.objects.update(enabled=False)
    with pytest.raises(CommandError, match="The live job was refused: 4"):
        demo.post_live_job(port)


@pytest.mark.long
@pytest.mark.services
@pytest.mark.parametrize(
    "emulate",
    [pytest.param(False, id="rehearsed"), pytest.param(True, id="emulated")],
)
def test_the_link_that_it_prints_opens_the_desk_and_the_live_job_is_worked_on(
    environment: dict[str, str], folder: Path, emulate: bool
) -> None:
    port = free_port()
    earlier = folder / "demo" / "of an earlier demo"
    earlier.parent.mkdir(parents=True)
    earlier.touch()
    with (folder / "log").open("wb") as log:
        house = House(folder / "demo", "embedded", environment, port, log)
        command = [*COMMAND, "--fresh", "--port", str(port), *(["--emulate"] if emulate else [])]
        house.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            shown = re.compile(r"http://\S+/enter/\S+")
            said = house.wait_for("the link", lambda: shown.search(read(log.name)), seconds=90)
            assert said
            person = Person(house)
            link = urlsplit(said[0]).path
            person.open(link)
            desk = person.submit(link)
            assert night.MESSAGES[0].title in desk
            assert house.rows("SELECT count(*) FROM jobs_review WHERE state = 'open'")[0][0] >= 20
            house.wait_for(
                "work on the live job",
                lambda: house.rows("SELECT 1 FROM jobs_run WHERE job_id = 48 AND state = 'succeeded'"),
            )
            cost = house.rows("SELECT sum(cost_microusd) FROM jobs_turn WHERE job_id = 48")[0][0]
            assert (cost > 0) is emulate, "an emulated model has a price, the rehearsal none"
        finally:
            house.stop()
        assert not house.pids()
    assert not earlier.exists()
    assert not (folder / "nightdesk.sqlite3").exists(), "the owner's own database"
    said_anywhere = b"".join(path.read_bytes() for path in (folder / "demo").rglob("*") if path.is_file())
    assert b"of-the-owner" not in said_anywhere


def read(name: str) -> str:
    """What was said so far."""
    return Path(name).read_text(errors="replace")
