"""Real processes of the house, in the environment of this place, and what they hold."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from jobs.lifecycle.job import open_job
from jobs.models import Cluster, Job, Process
from jobs.states import JobState, Priority
from tests.bench import place

BRIEF = "Write a short note about the weather of tomorrow."
_START_SECONDS = 40.0
_STOP_SECONDS = 30.0


class TooLate(Exception):
    """A condition did not come true in its time."""


def until(condition: Callable[[], bool], *, seconds: float, what: str, every: float = 0.002) -> None:
    """Look until the condition holds; raises TooLate, saying what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TooLate(f"{what}: not within {seconds:g} s")
        time.sleep(every)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def started(command: Sequence[str], *, port: int, environment: dict[str, str] | None = None) -> Iterator[int]:
    """A process that answers on this port; gone with all that it started at the end. Gives its pid."""
    with (place.folder() / "bench.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, *command],
            cwd=place.ROOT,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"} | (environment or {}),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        until(lambda: _answers(port), seconds=_START_SECONDS, what=f"{command[-1]} answers on {port}", every=0.05)
        yield child.pid
    finally:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


@contextlib.contextmanager
def house() -> Iterator[int]:
    """`manage.py up`: web and both clusters, which have done a job already and are idle. Gives the pid."""
    port = free_port()
    with started(["manage.py", "up", "--port", str(port)], port=port) as pid:
        job = open_job(title="First", brief=BRIEF, by="bench", priority=Priority.CLIENT)
        until(lambda: _is_completed(job), seconds=_START_SECONDS, what="the first job is done")
        until(idle, seconds=_START_SECONDS, what="the agents' cluster is idle")
        yield pid


def idle() -> bool:
    """Whether the agents' cluster has let go of everything and only listens for its bell."""
    working = Process.objects.filter(cluster="agents").exists()
    ringing = Cluster.objects.filter(pk="agents", bell_at__isnull=False).exists()
    return not working and not ringing


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents.setdefault(int(entry.read_text().rpartition(")")[2].split()[1]), []).append(
                int(entry.parent.name)
            )
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def memory(pids: Sequence[int]) -> float:
    """What these processes hold together in MB: pages that several share count once."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def _is_completed(job: Job) -> bool:
    return Job.objects.filter(pk=job.pk, state=JobState.COMPLETED).exists()


def _answers(port: int) -> bool:
    asking = HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        asking.request("GET", "/healthz")
        asking.getresponse().read()
    except (OSError, HTTPException):
        return False
    finally:
        asking.close()
    return True
