"""Run one command of a repository in a cell of its own, and bring back what it said."""

import contextlib
import json
import logging
import os
import selectors
import signal
import stat
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from agents.sandbox import filters, groups, limits, profile
from agents.sandbox.limits import Limits
from agents.words import _

log = logging.getLogger(__name__)

_CHUNK = 65_536
_DEAD_SECONDS = 10.0


class CellUnavailable(Exception):
    """No cell can be built on this machine; the text says what is missing and what to do."""


@dataclass(frozen=True)
class Outcome:
    """How the command ended. `status` is None where it was stopped; `stopped` then says why."""

    output: str
    status: int | None
    stopped: str = ""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """True only when it ended by itself with 0."""
        return self.status == 0


def run(command: str, tree: Path, *, user: str = "", most: Limits | None = None) -> Outcome:
    """Run `command` in a shell on a copy of `tree`; nothing that it does reaches `tree`. Raises CellUnavailable.

    Call it in the thread that waits for it: the cell dies with the thread that started it.
    """
    most = most or Limits()
    try:
        who = limits.identity(user)
        with _packed(tree) as archive, groups.group(most) as group, _descriptors() as pipes:
            return _Cell(command, archive, most, who, group, pipes).run()
    except (limits.NoUser, filters.NoFilter, groups.NoGroup) as error:
        raise CellUnavailable(str(error)) from error


@dataclass(frozen=True)
class _Pipes:
    """Descriptors that the cell inherits, and our own ends of them."""

    filter: int
    gate: int
    open_gate: int
    status: int
    read_status: int


@dataclass
class _Cell:
    command: str
    archive: IO[bytes]
    most: Limits
    who: limits.Identity
    group: groups.Group
    pipes: _Pipes
    said: "_Said" = field(init=False)

    def run(self) -> Outcome:
        self.said = _Said(self.most.output_bytes)
        begun = time.monotonic()
        process = self._start()
        try:
            self.group.take(process.pid)
            os.write(self.pipes.open_gate, b"1")
            stopped = self._listen(process, begun + self.most.seconds)
        finally:
            self._end(process)
        return self._outcome(process.returncode, stopped, time.monotonic() - begun)

    def _start(self) -> subprocess.Popen[bytes]:
        pipes = self.pipes
        options = profile.arguments(self.most, seccomp=pipes.filter, status=pipes.status, gate=pipes.gate)
        with _memory("\0".join([*options, ""]).encode()) as sheet:
            try:
                # An empty environment: bubblewrap's own can be read inside, whatever --clearenv does.
                return subprocess.Popen(  # noqa: S603 - running what is not trusted is what a cell is for
                    [profile.bwrap(), "--args", str(sheet), "--", *profile.command(self.command, self.most)],
                    env={},
                    cwd="/",
                    user=self.who.uid,
                    group=self.who.gid,
                    extra_groups=None if self.who.uid is None else [],
                    start_new_session=True,
                    stdin=self.archive,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    pass_fds=[sheet, pipes.filter, pipes.gate, pipes.status],
                )
            except OSError as error:
                raise CellUnavailable(
                    _("bubblewrap cannot be started: {strerror}.").format(strerror=error.strerror or error)
                ) from error

    def _listen(self, process: subprocess.Popen[bytes], until: float) -> str:
        """Read all that the cell says; why it has to be stopped, if it has to."""
        assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
        handle = process.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(handle, selectors.EVENT_READ)
            while (left := until - time.monotonic()) > 0:
                if not selector.select(timeout=left):
                    continue
                chunk = os.read(handle, _CHUNK)
                if not chunk:
                    return self._await(process, until)
                self.said.add(chunk)
                if self.said.total > self.most.flood_bytes:
                    return f"it printed more than {self.most.flood_bytes // limits.MIB} MiB"
        return self._late()

    def _await(self, process: subprocess.Popen[bytes], until: float) -> str:
        """It may close its output long before it ends."""
        try:
            process.wait(timeout=max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return self._late()
        return ""

    def _late(self) -> str:
        return f"it took longer than {self.most.seconds:g} seconds"

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        self.group.kill()
        process.wait(timeout=_DEAD_SECONDS)
        if process.stdout is not None:
            process.stdout.close()

    def _outcome(self, returncode: int, stopped: str, seconds: float) -> Outcome:
        status = _exit_code(self.pipes.read_status)
        text = self.said.text()
        if stopped:
            return Outcome(text, None, stopped, seconds)
        if self.group.out_of_memory():
            most = self.most.memory_bytes // limits.MIB
            return Outcome(text, None, f"it needed more than {most} MiB of memory", seconds)
        if status is None and returncode >= 0:
            raise CellUnavailable(
                _("bubblewrap cannot build the cell: {strip}").format(strip=text.strip()[:500] or "it says nothing")
            )
        if status is None:
            return Outcome(text, None, f"it was ended by signal {-returncode}", seconds)
        return Outcome(text, status, "", seconds)


class _Said:
    """Output within a bound: its beginning and its end, which is where tests tell their result."""

    def __init__(self, most: int) -> None:
        self._head_most = most // 4
        self._tail_most = most - self._head_most
        self._head = b""
        self._tail = b""
        self.total = 0

    def add(self, chunk: bytes) -> None:
        self.total += len(chunk)
        room = self._head_most - len(self._head)
        self._head += chunk[:room]
        self._tail = (self._tail + chunk[room:])[-self._tail_most :]

    def text(self) -> str:
        left_out = self.total - len(self._head) - len(self._tail)
        middle = f"\n[{left_out:,} bytes left out]\n".encode() if left_out else b""
        return (self._head + middle + self._tail).decode("utf-8", errors="replace")


@contextlib.contextmanager
def _descriptors() -> Iterator[_Pipes]:
    """The filter, the gate that holds the cell until it is in its group, and the way it tells its exit status."""
    with contextlib.ExitStack() as stack:

        def kept(handle: int) -> int:
            stack.callback(_close, handle)
            return handle

        handle, unknown = filters.program()
        kept(handle)
        if unknown:
            log.warning("libseccomp here has no name for %s: they are not filtered", ", ".join(unknown))
        gate, open_gate = map(kept, os.pipe())
        read_status, status = map(kept, os.pipe())
        yield _Pipes(handle, gate, open_gate, status, read_status)


@contextlib.contextmanager
def _memory(content: bytes) -> Iterator[int]:
    """A descriptor that these bytes can be read from: an argument list would be readable for everyone."""
    handle = os.memfd_create("sheet")
    try:
        os.write(handle, content)
        os.lseek(handle, 0, os.SEEK_SET)
        yield handle
    finally:
        os.close(handle)


@contextlib.contextmanager
def _packed(tree: Path) -> Iterator[IO[bytes]]:
    """The work tree as an archive in a file without a name. Devices and the like are left out."""
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as archive:
            archive.add(tree, arcname=".", filter=_plain)
        file.seek(0)
        yield file


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if not (entry.isreg() or entry.isdir() or entry.issym()):
        return None
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = entry.mode | stat.S_IRUSR | stat.S_IWUSR
    return entry


def _exit_code(read_status: int) -> int | None:
    """What bubblewrap reported of the command's end; None where it never began or could not be told."""
    os.set_blocking(read_status, False)
    with contextlib.suppress(BlockingIOError):
        text = os.read(read_status, _CHUNK).decode()
        reports = [json.loads(line) for line in text.splitlines() if line.strip()]
        return next((int(report["exit-code"]) for report in reports if "exit-code" in report), None)
    return None


def _close(handle: int) -> None:
    with contextlib.suppress(OSError):
        os.close(handle)
