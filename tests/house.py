"""The whole product as processes: a supervisor, a web and two clusters on a database of their own."""

import contextlib
import http.client
import http.cookiejar
import json
import os
import random
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypeVar

import psycopg
import pytest
import redis
from standardwebhooks import Webhook

from tests import template

ROOT = Path(__file__).parent.parent
# Where the scaled-out size is tested. Without an answer there those tests are skipped, or fail where that is asked.
POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
SIZES = ("embedded", "scaled")
PASSWORD = "a long enough password"
# Held while this process has a house that needs the servers.
_one = threading.Lock()

_SET_UP = """
import json, sys
from django.contrib.auth.models import User
from jobs.lifecycle.intake import secrets_of
from jobs.models import Client, Trigger
User.objects.create_superuser("owner", password={password!r})
lume = Client.objects.create(name="Trattoria Lume", slug="lume", recipients=["marta@example.com"], tone="warm")
made = {{}}
for slug, source, client, priority in (("enquiry", "form", lume, 1), ("ticket", "standard", None, 2)):
    rule = Trigger.objects.create(
        slug=slug, name=slug, source=source, client=client, priority=priority,
        title_template="{{subject}}" if source == "form" else "{{summary}}",
        brief_template="{{message}}" if source == "form" else "{{text}}",
    )
    made[slug] = next(secret for secret in secrets_of(rule) if secret.startswith("whsec_"))
print(json.dumps(made))
"""

T = TypeVar("T")


class Refused(Exception):
    """An answer other than the one that was waited for."""


@dataclass
class House:
    """One running Nightdesk. `folder` is its NIGHTDESK_VAR."""

    folder: Path
    size: str
    environment: dict[str, str]
    port: int
    log: IO[bytes]
    secrets: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return once the web answers."""
        command = [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, env=self.environment, stdout=self.log, stderr=self.log, start_new_session=True
        )
        self.wait_for("the web", self._is_up, seconds=90)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it with this signal, and return once the supervisor is gone."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(timeout=60)

    def manage(self, *arguments: str) -> str:
        """What a management command prints; an AssertionError if it fails."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def set_up(self) -> None:
        """An owner, a client and two rules; keeps the rules' secrets."""
        printed = self.manage("shell", "--no-imports", "-c", _SET_UP.format(password=PASSWORD))
        self.secrets = json.loads(printed.splitlines()[-1])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query finds, read past the code under test."""
        if self.size == "embedded":
            path = self.folder / "nightdesk.sqlite3"
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as database:
                return database.execute(sql).fetchall()
        with psycopg.connect(self.environment["DATABASE_URL"]) as database:
            return database.execute(sql).fetchall()

    def counts(self, table: str) -> dict[str, int]:
        """State -> number of rows."""
        return dict(self.rows(f"SELECT state, count(*) FROM {table} GROUP BY state"))

    def post_hook(
        self, path: str, secret: str, payload: object, *, identity: str = "", taken_in: bool = True
    ) -> tuple[int, Any]:
        """Post one signed event; return status and answer, with `taken_in` not before its receipt is there."""
        body = json.dumps(payload)
        now, identity = datetime.now(UTC), identity or f"msg_{secrets.token_hex(8)}"
        headers = {
            "Content-Type": "application/json",
            "webhook-id": identity,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(identity, now, body),
        }
        request = urllib.request.Request(f"{self.url}{path}", data=body.encode(), headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                status, said = answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        if taken_in:
            self.wait_for("what waits in the spool", lambda: not self.spooled())
        return status, said

    def spooled(self) -> list[Path]:
        """Events that were acknowledged while another process wrote, and that are not taken in yet."""
        return list((self.folder / "spool").glob("*.event"))

    def wait_for(self, what: str, condition: Callable[[], T], *, seconds: float = 60) -> T:
        """The first true value of the condition; fails with the log's end after that many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > deadline:
                said = Path(self.log.name).read_text(errors="replace")[-4000:]
                pytest.fail(f"{what} did not come within {seconds:g} s. What was said:\n{said}")
            time.sleep(0.05)

    def pids(self, *, having: str = "") -> list[int]:
        """Every process of it but the supervisor; with `having`, those with this in their environment."""
        mark = f"NIGHTDESK_VAR={self.folder}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                variables = entry.read_bytes().split(b"\0")
                if mark in variables and any(line.startswith(having.encode()) for line in variables):
                    found.append(int(entry.parent.name))
        own = self.process.pid if self.process else 0
        return [pid for pid in found if pid != own]

    def _is_up(self) -> bool:
        assert self.process
        assert self.process.poll() is None, Path(self.log.name).read_text(errors="replace")[-4000:]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        return False


class Person:
    """Somebody with a browser that knows no JavaScript: reads pages, fills in their forms."""

    def __init__(self, house: House) -> None:
        self._house = house
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        self.page = ""

    def log_in(self) -> None:
        self.open("/login/")
        self.submit("/login/", username="owner", password=PASSWORD)

    def open(self, path: str) -> str:
        with self._opener.open(f"{self._house.url}{path}", timeout=20) as answer:
            self.page = answer.read().decode()
        return self.page

    def submit(self, action: str, **filled: str) -> str:
        """Send the present page's form with this action, its hidden fields as they stand."""
        form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', self.page, re.DOTALL)
        inside = form[0] if form else self.page
        fields: dict[str, str] = {}
        for tag in re.findall(r"<input[^>]*>", inside):
            attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            if attributes.get("type") == "hidden":
                fields[attributes["name"]] = attributes.get("value", "")
        data = urllib.parse.urlencode(fields | filled).encode()
        request = urllib.request.Request(
            f"{self._house.url}{action}", data=data, headers={"Origin": self._house.url}
        )
        try:
            with self._opener.open(request, timeout=20) as answer:
                self.page = answer.read().decode()
        except urllib.error.HTTPError as refusal:
            self.page = refusal.read().decode()
        return self.page


@contextlib.contextmanager
def built(folder: Path, size: str, **settings: str) -> Iterator[House]:
    """A house of this size that is not started yet; whatever of it still runs at the end is killed."""
    folder.mkdir()
    with _database(size) as urls, (folder / "log").open("wb") as log:
        port = free_port()
        kept = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("PATH", "HOME", "COVERAGE", "LANG"))
        }
        own = {
            "NIGHTDESK_ROLE": "test",
            "NIGHTDESK_VAR": str(folder),
            "NIGHTDESK_UNDO_CLIENT": "1s",
            "SECRET_KEY": "a key for tests only, long enough to be accepted by the checks of Django",
            "BASE_URL": f"http://127.0.0.1:{port}",
            "PYTHONWARNINGS": "ignore",
        }
        if size == "embedded":
            template.copy_to(folder / "nightdesk.sqlite3")
        house = House(folder, size, kept | own | urls | settings, port, log)
        try:
            yield house
        finally:
            house.stop()
            for pid in house.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def killing(house: House, *, every: float) -> Iterator[list[int]]:
    """Inside, one process of a cluster, whichever it is, is killed every so many seconds; gives those killed."""
    chance, done, killed = random.Random(7), threading.Event(), list[int]()

    def kill() -> None:
        while not done.wait(every):
            if clusters := house.pids(having="Q_CLUSTER_NAME="):
                killed.append(chance.choice(clusters))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(killed[-1], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        done.set()
        thread.join()


@contextlib.contextmanager
def _database(size: str) -> Iterator[dict[str, str]]:
    if size == "embedded":
        yield {}
        return
    _need_services()
    name = f"nightdesk_{secrets.token_hex(4)}"
    with _alone(), psycopg.connect(POSTGRES, autocommit=True) as server:
        # Tests run in several processes, and all their houses ring on one number of Redis: one house at a time.
        server.execute("SELECT pg_advisory_lock(hashtext(%s))", [REDIS])
        server.execute(f"CREATE DATABASE {name}")
        redis.Redis.from_url(REDIS).flushdb()
        try:
            yield {"DATABASE_URL": POSTGRES.rpartition("/")[0] + f"/{name}", "REDIS_URL": REDIS}
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """A second one in this process would wait for the first one's end, which comes after its own."""
    if not _one.acquire(blocking=False):
        raise RuntimeError(
            "This process has a house of that size already: put the other one's tests into another file."
        )
    try:
        yield
    finally:
        _one.release()


def _need_services() -> None:
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
        redis.Redis.from_url(REDIS, socket_connect_timeout=3).ping()
    except (psycopg.Error, redis.RedisError) as error:
        if os.environ.get("TEST_REQUIRE_SERVICES"):
            pytest.fail(f"PostgreSQL and Redis have to be there: {error}")
        pytest.skip(f"no PostgreSQL with Redis here (TEST_POSTGRES_URL, TEST_REDIS_URL): {error}")


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def bare_repository(path: Path, files: dict[str, str]) -> Path:
    """A bare git repository whose main holds these files in one commit."""
    tree = path.with_name(path.name + ".tree")
    tree.mkdir(parents=True)
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    git(tree, "init", "--quiet", "--initial-branch=main")
    git(tree, "add", ".")
    git(tree, "-c", "user.name=Test", "-c", "user.email=test@localhost", "commit", "--quiet", "-m", "As it is")
    git(tree, "clone", "--quiet", "--bare", str(tree), str(path))
    shutil.rmtree(tree)
    return path


def git(folder: Path, *arguments: str) -> str:
    """What git prints."""
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout
