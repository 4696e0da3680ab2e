import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from config import supervisor as house
from config.supervisor import AlreadyRunning, Child, Supervisor
from config.watch import Finding
from jobs.holder import this_process
from jobs.models import Process
from tests.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

# Writes its pid down, once a start, and waits to be told to end.
SLEEPS = """
import os, pathlib, signal, subprocess, sys, time
notes = pathlib.Path(sys.argv[1])
{first}
notes.open("a").write(str(os.getpid()) + chr(10))
{also}
while True:
    time.sleep(60)
"""
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
HAS_CHILD = "subprocess.Popen([sys.executable, '-c', sys.argv[2], sys.argv[1]])"
HAS_DISTANT_CHILD = "subprocess.Popen([sys.executable, '-c', sys.argv[2], sys.argv[1]], start_new_session=True)"


class Looks:
    """A watch that says what the test tells it to."""

    def __init__(self) -> None:
        self.finding = Finding.FINE
        self.forgiven = 0

    def look(self) -> Finding:
        return self.finding

    def forgive(self, seconds: float) -> None:
        self.forgiven += 1
        self.finding = Finding.FINE


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds in a night takes moments here."""
    monkeypatch.setattr(house, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(house, "_SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(house, "_GRACE_SECONDS", 2.0)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Where children write their pids."""
    path = tmp_path / "pids"
    path.touch()
    return path


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., Supervisor]]:
    """A function that runs a supervisor of these children in a thread; stopped at the end."""
    started: list[tuple[Supervisor, threading.Thread]] = []

    def run(*children: Child) -> Supervisor:
        one = Supervisor(list(children), folder=tmp_path)
        thread = threading.Thread(target=end_to_end, args=[one])
        thread.start()
        started.append((one, thread))
        return one

    yield run
    for one, thread in started:
        one.stop()
        thread.join()


def end_to_end(one: Supervisor) -> None:
    """Run it; the thread's own connection is closed then, as the end of a process does it."""
    try:
        one.run()
    finally:
        connection.close()


def child(notes: Path, *, first: str = "", also: str = "", role: str = "web", watch: Looks | None = None) -> Child:
    """One that does `first` before it writes its pid down and `also` after it."""
    plain = SLEEPS.replace("{first}", "").replace("{also}", "")
    source = SLEEPS.replace("{first}", first).replace("{also}", also)
    command = [sys.executable, "-c", source, str(notes), plain]
    return Child(role=role, command=command, watch=watch or Looks())


def pids(notes: Path) -> list[int]:
    return [int(line) for line in notes.read_text().splitlines()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def stop(one: Supervisor) -> None:
    one.stop()
    until(lambda: all(not child.is_alive() for child in one.children))


def test_a_killed_child_is_started_again(notes: Path, running: Callable[..., Supervisor]) -> None:
    running(child(notes))
    until(lambda: len(pids(notes)) == 1)
    os.kill(pids(notes)[0], signal.SIGKILL)
    until(lambda: len(pids(notes)) == 2)
    assert is_alive(pids(notes)[1])


def test_what_a_killed_child_left_is_ended_before_the_next_start(
    notes: Path, running: Callable[..., Supervisor]
) -> None:
    running(child(notes, also=HAS_CHILD))
    until(lambda: len(pids(notes)) == 2)
    first, grandchild = pids(notes)
    os.kill(first, signal.SIGKILL)
    until(lambda: not is_alive(grandchild))
    until(lambda: len(pids(notes)) == 4)


def test_a_child_that_has_work_and_does_none_is_started_anew(
    notes: Path, running: Callable[..., Supervisor]
) -> None:
    watch = Looks()
    running(child(notes, watch=watch))
    until(lambda: len(pids(notes)) == 1 and watch.forgiven)
    watch.finding = Finding.STALLED
    until(lambda: len(pids(notes)) == 2)
    assert not is_alive(pids(notes)[0])
    until(lambda: watch.forgiven == 2)  # a fresh start is given its time


def test_a_sweep_that_breaks_off_does_not_end_the_watching(
    notes: Path, running: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = threading.Event()

    def sweep() -> None:
        if not broken.is_set():
            broken.set()
            raise ConnectionError("Redis is away")

    monkeypatch.setattr(house, "sweep", sweep)
    watch = Looks()
    running(child(notes, watch=watch))
    until(lambda: broken.is_set() and len(pids(notes)) == 1 and watch.forgiven)
    watch.finding = Finding.STALLED
    until(lambda: len(pids(notes)) == 2)


def test_a_child_that_dies_at_once_is_started_ever_later(notes: Path, running: Callable[..., Supervisor]) -> None:
    dying = child(notes, also="sys.exit(3)")
    running(dying)
    until(lambda: dying.failures >= 2 and dying.start_at >= dying.started_at + 1)


@pytest.mark.parametrize(
    ("first", "also", "number"), [("", HAS_CHILD, 3), ("", HAS_DISTANT_CHILD, 3), (STUBBORN, "", 2)]
)
def test_stopping_leaves_nothing_behind(
    notes: Path, running: Callable[..., Supervisor], first: str, also: str, number: int
) -> None:
    one = running(child(notes, first=first, also=also), child(notes))
    until(lambda: len(pids(notes)) == number)
    stop(one)
    until(lambda: not any(is_alive(pid) for pid in pids(notes)))


def test_a_second_supervisor_on_the_same_folder_is_refused(
    notes: Path, tmp_path: Path, running: Callable[..., Supervisor]
) -> None:
    running(child(notes))
    until(lambda: len(pids(notes)) == 1)
    with pytest.raises(AlreadyRunning, match="already runs"):
        Supervisor([child(notes)], folder=tmp_path).run()
    assert is_alive(pids(notes)[0])


def test_what_a_killed_supervisor_left_is_ended_by_the_next(
    notes: Path, tmp_path: Path, running: Callable[..., Supervisor]
) -> None:
    orphan = child(notes, also=HAS_DISTANT_CHILD)
    orphan.start(mark="of the one that was killed")
    until(lambda: len(pids(notes)) == 2)
    (tmp_path / "supervisor.mark").write_text("of the one that was killed")
    running(child(notes))
    until(lambda: len(pids(notes)) == 3)
    until(lambda: not orphan.is_alive() and not is_alive(pids(notes)[1]))


def test_a_cluster_is_told_to_drain_while_it_stops(notes: Path, running: Callable[..., Supervisor]) -> None:
    me, now = this_process(), timezone.now()
    for cluster in ("agents", "elsewhere"):
        Process.objects.create(
            cluster=cluster, host=me.host, pid=me.pid, pid_started=cluster, heartbeat_at=now, progress_at=now
        )
    one = running(child(notes, first=STUBBORN, role="agents"))
    until(lambda: len(pids(notes)) == 1)
    one.stop()
    until(lambda: Process.objects.get(cluster="agents").draining)
    assert not Process.objects.get(cluster="elsewhere").draining


def test_children_hold_the_secrets_of_their_role_alone(
    notes: Path, running: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-model")
    monkeypatch.setenv("EMAIL_URL", "smtp://outbox")
    tells = "notes.with_name('env.' + os.environ['NIGHTDESK_ROLE']).write_text(' '.join(os.environ))"
    running(child(notes, also=tells, role="agents"), child(notes, also=tells, role="deliveries"))
    agents, deliveries = notes.with_name("env.agents"), notes.with_name("env.deliveries")
    until(lambda: agents.exists() and deliveries.exists() and bool(agents.read_text() and deliveries.read_text()))
    assert "ANTHROPIC_API_KEY" in agents.read_text().split()
    assert "EMAIL_URL" not in agents.read_text().split()
    assert "EMAIL_URL" in deliveries.read_text().split()
    assert "ANTHROPIC_API_KEY" not in deliveries.read_text().split()


def test_the_commands_that_it_starts() -> None:
    agents = house.cluster("agents")
    assert agents.command[-2:] == ["qcluster", "--skip-checks"]
    assert agents.also == {"Q_CLUSTER_NAME": "agents"}
    assert "127.0.0.1:8123" in house.web("127.0.0.1", 8123).command


@pytest.mark.parametrize(("command", "role"), [("slack_socket", "socket"), ("mailbox", "mailbox")])
def test_a_listener_is_a_command_with_a_role_of_its_own(command: str, role: str) -> None:
    child = house.listener(command)
    assert (child.role, child.command[-1]) == (role, command)
    assert child.watch.look() == Finding.FINE
