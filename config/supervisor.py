"""Starts the web and the clusters, each in a process group of its own, and keeps them alive until it is stopped.

Stock django-q2 does not survive the death of its main process or its sentinel, nor a worker that dies with the
lock of its queue. So the supervisor restarts what died, starts anew what has work and does none, and leaves nothing
behind when it stops. It also sweeps every two seconds: schedules of django-q2 are too coarse for that.
"""

import contextlib
import fcntl
import logging
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from config import roles
from config.watch import ClusterWatch, Finding, Unwatched, Watch, WebWatch
from jobs.holder import this_process
from jobs.models import Process
from jobs.workers import sweep

# What every child carries in its environment, so that a successor knows whom to end if this process is killed.
_MARK = "NIGHTDESK_SUPERVISOR"
_LOOK_SECONDS = 0.2
_SWEEP_SECONDS = 2.0
# What a fresh cluster may take to import everything on a busy machine.
_START_SECONDS = 20.0
_GRACE_SECONDS = 25.0
# One that dies again and again is started ever later, so that a broken setting does not burn the machine.
_STEADY_SECONDS = 30.0
_MAX_BACKOFF_SECONDS = 30.0

log = logging.getLogger(__name__)


class AlreadyRunning(Exception):
    """Another supervisor holds this folder."""


@dataclass
class Child:
    """One supervised process and everything that it starts, as one process group."""

    role: str
    command: Sequence[str]
    watch: Watch
    also: dict[str, str] = field(default_factory=dict)  # environment of its own, besides its role's
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    failures: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, *, mark: str) -> None:
        """Start it in a session of its own: a signal to the supervisor's group does not reach it."""
        environment = roles.environment(self.role, rehearsal=settings.REHEARSAL) | self.also | {_MARK: mark}
        self.process = subprocess.Popen(self.command, env=environment, start_new_session=True)  # noqa: S603 - ours
        self.started_at = time.monotonic()
        self.watch.forgive(_START_SECONDS)

    def is_alive(self) -> bool:
        """Whether its first process runs; the rest of the group may be dead or deaf."""
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        """SIGTERM to the first process alone: django-q2's sentinel would die of one to the group."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def kill_group(self) -> None:
        """End whatever is left of the group, at once."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Supervisor:
    """Runs the children until `stop` is called or a signal says so."""

    def __init__(self, children: list[Child], *, folder: Path) -> None:
        self.children = children
        self._mark_path = folder / "supervisor.mark"
        self._mark = secrets.token_hex(8)
        self._lock_path = folder / "supervisor.lock"
        self._stopping = threading.Event()

    def run(self, prepare: Callable[[], None] = lambda: None) -> None:
        """Prepare, start all, watch them, return once all have ended. Raises AlreadyRunning before any of it."""
        with _locked(self._lock_path):
            prepare()
            self._end_leftovers()
            self._mark_path.write_text(self._mark, encoding="utf-8")
            sweeper = threading.Thread(target=self._sweep, name="sweep", daemon=True)
            sweeper.start()
            try:
                while not self._stopping.wait(_LOOK_SECONDS):
                    self._look()
            finally:
                self._stopping.set()
                self._end_all()
                sweeper.join(timeout=_GRACE_SECONDS)

    def stop(self) -> None:
        """Ask it to end; safe from a signal handler."""
        self._stopping.set()

    def obey_signals(self) -> None:
        """SIGTERM and SIGINT stop it in good order. Main thread only."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())

    def _look(self) -> None:
        for child in self.children:
            with child.lock:
                if child.process is not None and not child.is_alive():
                    self._note_death(child)
                if child.process is None and time.monotonic() >= child.start_at:
                    child.start(mark=self._mark)

    def _note_death(self, child: Child) -> None:
        code = child.process.returncode if child.process else 0
        steady = time.monotonic() - child.started_at > _STEADY_SECONDS
        # Only one that gives up by itself, soon and again, is broken; one that was killed is needed at once.
        child.failures = 0 if steady or code <= 0 else child.failures + 1
        wait = 0.0 if child.failures < 2 else min(_MAX_BACKOFF_SECONDS, 2.0 ** (child.failures - 2))
        child.start_at = time.monotonic() + wait
        log.warning(
            "%s ended (exit %s); it is started again%s", child.role, code, f" in {wait:g} s" if wait else ""
        )
        child.kill_group()
        child.process = None

    def _sweep(self) -> None:
        """The thread that takes up what died and starts anew what does nothing; no fault of one look ends it."""
        while not self._stopping.wait(_SWEEP_SECONDS):
            try:
                sweep()
                for child in self.children:
                    self._check(child)
            except Exception:
                log.exception("a sweep broke off; the next one tries again")
                close_old_connections()
        connection.close()

    def _check(self, child: Child) -> None:
        if child.watch.look() != Finding.STALLED:
            return
        with child.lock:
            if not self._stopping.is_set() and child.is_alive():
                log.error("%s has work and does none: it is started anew", child.role)
                child.kill_group()

    def _end_all(self) -> None:
        """Let everything finish its present turn, then end what is left of each group."""
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + _GRACE_SECONDS
        while any(child.is_alive() for child in self.children) and time.monotonic() < deadline:
            self._drain()
            time.sleep(_LOOK_SECONDS)
        for child in self.children:
            if child.is_alive():
                log.warning(
                    "%s did not end in %g s; it is killed, its work is taken up later", child.role, _GRACE_SECONDS
                )
            child.kill_group()
        _end_marked(self._mark)
        self._mark_path.unlink(missing_ok=True)

    def _drain(self) -> None:
        """Tell the loops on this host to claim no more; again and again, since a queued bell may start another."""
        clusters = [child.role for child in self.children if child.role in settings.WORKERS]
        try:
            Process.objects.filter(host=this_process().host, cluster__in=clusters).update(draining=True)
        except DatabaseError:
            log.warning("the database does not answer; the workers are not told to drain")

    def _end_leftovers(self) -> None:
        """End what a killed predecessor left: two sets of workers would only be in each other's way."""
        try:
            mark = self._mark_path.read_text(encoding="utf-8")
        except OSError:
            return
        for pid in _marked(mark):
            log.warning("process %s of an earlier start is ended", pid)
        _end_marked(mark)


def _marked(mark: str) -> list[int]:
    """Every process whose environment carries this mark, whatever group it is in."""
    wanted = f"{_MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def _end_marked(mark: str) -> None:
    for pid in _marked(mark):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class _locked:  # noqa: N801 - read as a word: with _locked(path)
    """Holds an exclusive lock on a file; the kernel lets go of it when the process dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("a", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise AlreadyRunning(
                f"Nightdesk already runs on {self._path.parent}. Stop it first, or give this one a folder"
                " of its own with NIGHTDESK_VAR."
            ) from None

    def __exit__(self, *exc: object) -> None:
        if self._file:
            self._file.close()


def web(host: str, port: int) -> Child:
    """The web: one gunicorn process with threads; more of them stand behind a proxy of the owner's."""
    gunicorn = ["-m", "gunicorn", "config.wsgi", "--bind", f"{host}:{port}", "--workers", "1", "--threads", "16"]
    quiet = ["--log-level", "warning", "--graceful-timeout", "10", "--timeout", "60", "--no-control-socket"]
    return Child(role=roles.WEB, command=[sys.executable, *gunicorn, *quiet], watch=WebWatch(host, port))


def cluster(name: str) -> Child:
    """One django-q2 cluster. The checks load the whole house: what starts the supervisor makes them for all.

    It is named by the environment: the command's --name comes after django-q2 has read its settings
    (https://django-q2.readthedocs.io/en/master/cluster.html).
    """
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster", "--skip-checks"]
    return Child(role=name, command=command, watch=ClusterWatch(name), also={"Q_CLUSTER_NAME": name})


def listener(command: str) -> Child:
    """A process that holds a connection to a provider; it makes it anew by itself where it breaks."""
    whole = [sys.executable, str(settings.BASE_DIR / "manage.py"), command]
    return Child(role=roles.LISTENERS[command], command=whole, watch=Unwatched())
