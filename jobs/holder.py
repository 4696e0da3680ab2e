"""Who holds a lease: host, pid and start time of a process; whether it still lives, and how to end it.

A pid alone proves nothing, since the kernel gives it out again; with the start time it is unique on its host.
"""

import os
import signal
import socket
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_DEATH_SECONDS = 5.0


@dataclass(frozen=True)
class Holder:
    """One process on one host. `started` is opaque: equal for the same process, different for a later one."""

    host: str
    pid: int
    started: str

    def is_here(self) -> bool:
        """Whether the process runs (or ran) where this one does, so that its death can be seen."""
        return self.host == _host()

    def is_dead(self) -> bool:
        """Whether it is certain that the process is gone. Never certain for another host."""
        # Without a start time it never lived; its pid 0 would name the whole process group.
        return self.is_here() and (not self.started or _started(self.pid) != self.started)

    def kill(self) -> bool:
        """End the process if it is here and not this one; return whether it is certainly gone."""
        if not self.is_here() or self.pid == os.getpid():
            return False
        if not self.is_dead():
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                return True
            except PermissionError:
                return False
        deadline = time.monotonic() + _DEATH_SECONDS
        while not self.is_dead():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True


def this_process() -> Holder:
    """The holder that this process is."""
    pid = os.getpid()
    return Holder(host=_host(), pid=pid, started=_started(pid))


@lru_cache(maxsize=1)
def _host() -> str:
    """Host name, boot and pid namespace: a container that restarts is another host, its pids mean nothing."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    namespace = Path("/proc/self/ns/pid")
    boot_id = boot.read_text(encoding="ascii").strip()[:8] if boot.exists() else ""
    pid_namespace = str(namespace.readlink())[5:-1] if namespace.exists() else ""
    return f"{socket.gethostname()[:80]}:{boot_id}:{pid_namespace}"


def _started(pid: int) -> str:
    """The start time of a living process in clock ticks since boot; empty when there is none, or only a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *rest = stat.rpartition(") ")[2].split()
    return "" if state in {"Z", "X"} else rest[18]
