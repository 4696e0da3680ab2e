"""Control groups: the sum of memory and processes that a whole cell may take, and the sure way to end all of it.

Both versions of the kernel's interface. Without root, version 2 works wherever the service manager has delegated a
part of its tree, which it does for every user's own session manager.
"""

import contextlib
import os
import re
import secrets
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agents.sandbox.limits import Limits
from agents.words import _

_NEEDED = frozenset({"memory", "pids"})
_PREFIX = "nightdesk-cell-"
_REAP_SECONDS = 5.0


class NoGroup(Exception):
    """No control group can be made; the text says what to do."""


@dataclass(frozen=True)
class Mounts:
    """Where the kernel shows its groups: a folder for each controller (version 1), or one for all (version 2).

    Each is the folder of the group that this process is in.
    """

    one: dict[str, Path]
    two: Path | None
    top: Path | None = None  # the root of version 2's tree as far as it can be seen


@dataclass(frozen=True)
class Group:
    """One group, which is a folder in version 2 and one for each controller in version 1."""

    folders: tuple[Path, ...]
    version: int

    def take(self, pid: int) -> None:
        """Move a process and all that it has started in; what they start from now on is born inside."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(pid))
        for child in _children(pid):
            with contextlib.suppress(ProcessLookupError):
                self.take(child)

    def kill(self) -> None:
        """End every process in it, however it hides."""
        switch = self.folders[0] / "cgroup.kill"
        if switch.exists():
            switch.write_text("1")
        for pid in self.members():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def members(self) -> list[int]:
        """The processes in it now; none once it is gone."""
        pids: set[int] = set()
        for folder in self.folders:
            with contextlib.suppress(FileNotFoundError):
                pids |= {int(line) for line in (folder / "cgroup.procs").read_text().split()}
        return sorted(pids)

    def out_of_memory(self) -> bool:
        """Whether the kernel had to kill something in it for its memory."""
        names = ("memory.oom_control", "memory.events")
        texts = [path.read_text() for folder in self.folders for name in names if (path := folder / name).exists()]
        return any(re.search(r"^oom_kill [1-9]", text, re.MULTILINE) for text in texts)

    def remove(self) -> None:
        """Take it away. The last process may still have to be reaped, which takes a moment."""
        give_up = time.monotonic() + _REAP_SECONDS
        while not all(_removed(folder) for folder in self.folders):
            if time.monotonic() > give_up:
                raise OSError(f"The control group {self.folders[0]} cannot be removed.")
            self.kill()
            time.sleep(0.005)


@contextlib.contextmanager
def group(limits: Limits) -> Iterator[Group]:
    """A group with the limits set, which is emptied and removed at the end. Raises NoGroup."""
    made = _make(find(), limits)
    try:
        yield made
    finally:
        made.kill()
        made.remove()


def find(mountinfo: Path = Path("/proc/self/mountinfo"), own: Path = Path("/proc/self/cgroup")) -> Mounts:
    """What there is of control groups, seen from this process."""
    paths = dict(_own_groups(own.read_text()))
    one: dict[str, Path] = {}
    two = top = None
    for line in mountinfo.read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, options = after.split()[0], after.split()[-1].split(",")
        root, place = before.split()[3:5]
        if kind == "cgroup2":
            top = Path(place)
            two = _below(top, root, paths.get("", "/"))
        elif kind == "cgroup":
            one |= {name: _below(Path(place), root, paths[name]) for name in _NEEDED & {*options} & {*paths}}
    return Mounts(one, two, top)


def _own_groups(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        _, names, path = line.split(":", 2)
        for name in names.split(","):
            yield name, path


def _below(place: Path, root: str, path: str) -> Path:
    """The folder of our group; in a container the mount shows a part of the tree only."""
    inside = path.removeprefix(root.rstrip("/")) if path.startswith(root) else path
    folder = place / inside.lstrip("/")
    return folder if folder.is_dir() and ".." not in inside else place


def _make(mounts: Mounts, limits: Limits) -> Group:
    if mounts.two is not None and mounts.top is not None:
        parent = _delegated(mounts.two, mounts.top)
        if parent is not None:
            return _made([parent], 2, limits)
    if mounts.one.keys() >= _NEEDED:
        parents = [mounts.one["memory"], mounts.one["pids"]]
        if all(os.access(parent, os.W_OK) for parent in parents):
            return _made(list(dict.fromkeys(parents)), 1, limits)
    raise NoGroup(
        _(
            "Memory and processes cannot be limited: this user may not make control groups. "
            "Start Nightdesk as a service with Delegate=yes, inside of `systemd-run --user "
            "--scope -p Delegate=yes`, or as root."
        )
    )


def _delegated(own: Path, top: Path) -> Path | None:
    """The nearest group upwards in which this user may make one that memory and processes are counted for."""
    for folder in (own, *own.parents):
        if not folder.is_relative_to(top):
            break
        if _may_write(folder) and _words(folder / "cgroup.subtree_control") >= _NEEDED:
            return folder
    if _may_write(own) and _words(own / "cgroup.controllers") >= _NEEDED:
        return _divided(own)
    return None


def _divided(own: Path) -> Path | None:
    """Our own group made into one that can hold others: then no process may be in it directly."""
    leaf = own / "nightdesk"
    try:
        leaf.mkdir(exist_ok=True)
        for pid in (own / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                (leaf / "cgroup.procs").write_text(pid)
        (own / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in sorted(_NEEDED)))
    except OSError:
        return None
    return own


def _may_write(folder: Path) -> bool:
    return all(os.access(path, os.W_OK) for path in (folder, folder / "cgroup.procs"))


def _words(path: Path) -> set[str]:
    try:
        return set(path.read_text().split())
    except OSError:
        return set()


def _made(parents: list[Path], version: int, limits: Limits) -> Group:
    name = f"{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    for parent in parents:
        _remove_orphans(parent)
    made = Group(tuple(parent / name for parent in parents), version)
    try:
        for folder in made.folders:
            folder.mkdir()
        _limit(made, limits)
    except OSError as error:
        for folder in made.folders:
            _removed(folder)
        raise NoGroup(
            _("No control group can be made at {parents}: {strerror}.").format(
                parents=parents[0], strerror=error.strerror or error
            )
        ) from error
    return made


def _limit(made: Group, limits: Limits) -> None:
    memory, pids = made.folders[0], made.folders[-1]
    (pids / "pids.max").write_text(str(limits.processes))
    if made.version == 2:
        (memory / "memory.max").write_text(str(limits.memory_bytes))
        _write_if_there(memory / "memory.swap.max", 0)
    else:
        (memory / "memory.limit_in_bytes").write_text(str(limits.memory_bytes))
        _write_if_there(memory / "memory.memsw.limit_in_bytes", limits.memory_bytes)


def _write_if_there(path: Path, value: int) -> None:
    """Swap is not counted on every machine."""
    if path.exists():
        path.write_text(str(value))


def _remove_orphans(parent: Path) -> None:
    """Groups of a process that was killed; their cells died with it."""
    for folder in parent.glob(f"{_PREFIX}*"):
        maker = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if maker.isdigit() and not Path(f"/proc/{maker}").exists():
            _removed(folder)


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _children(pid: int) -> list[int]:
    """Its children, from the parent that each process names: not every kernel lists children."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append(int(stat.parent.name))
    return found
