"""Who holds a lease, proved on real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.holder import Holder, this_process
from tests.waiting import until


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A living process that nobody waits for until the test is over."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def holder_of(pid: int) -> Holder:
    """The holder that a process is, as the process itself would say it."""
    started = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19]
    return Holder(host=this_process().host, pid=pid, started=started)


def test_this_process_is_here_and_alive() -> None:
    me = this_process()
    assert me == this_process()
    assert me.pid == os.getpid()
    assert me.is_here()
    assert not me.is_dead()


def test_a_child_tells_the_same_host_and_another_start() -> None:
    code = "from jobs.holder import this_process as me; print(me().host, me().pid, me().started, sep='|')"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    host, pid, started = told.split("|")
    assert host == this_process().host
    assert (int(pid), started) != (os.getpid(), this_process().started)
    assert Holder(host=host, pid=int(pid), started=started).is_dead()


def test_a_living_process_is_not_dead(child: subprocess.Popen[bytes]) -> None:
    assert not holder_of(child.pid).is_dead()


def test_a_paused_process_is_not_dead(child: subprocess.Popen[bytes]) -> None:
    holder = holder_of(child.pid)
    child.send_signal(signal.SIGSTOP)
    until(lambda: " T " in Path(f"/proc/{child.pid}/stat").read_text())
    assert not holder.is_dead()
    assert holder.kill()


def test_a_zombie_is_dead(child: subprocess.Popen[bytes]) -> None:
    holder = holder_of(child.pid)
    os.kill(child.pid, signal.SIGKILL)
    until(lambda: ") Z " in Path(f"/proc/{child.pid}/stat").read_text())
    assert holder.is_dead()
    assert holder.kill()


def test_a_later_process_with_the_same_number_is_somebody_else(child: subprocess.Popen[bytes]) -> None:
    earlier = Holder(host=this_process().host, pid=child.pid, started="1")
    assert earlier.is_dead()
    assert earlier.kill()
    assert child.poll() is None, "the later one must not be hit"


def test_kill_ends_the_process_for_certain(child: subprocess.Popen[bytes]) -> None:
    holder = holder_of(child.pid)
    assert holder.kill()
    assert child.wait(10) == -signal.SIGKILL


def test_a_process_elsewhere_is_never_known_to_be_dead_nor_killed(child: subprocess.Popen[bytes]) -> None:
    here = holder_of(child.pid)
    elsewhere = Holder(host="another machine", pid=here.pid, started=here.started)
    assert not elsewhere.is_here()
    assert not elsewhere.is_dead()
    assert not elsewhere.kill()
    assert child.poll() is None


def test_nobody_kills_himself() -> None:
    assert not this_process().kill()


def test_a_holder_that_never_was_is_dead_and_nobody_is_hit() -> None:
    nobody = Holder(host=this_process().host, pid=0, started="")
    assert nobody.is_dead()
    assert nobody.kill()


def test_a_name_with_brackets_and_spaces_does_not_hide_the_start(tmp_path: Path) -> None:
    odd = tmp_path / "odd) Z 1 (name"
    odd.symlink_to("/bin/sleep")
    with subprocess.Popen([odd, "60"]) as process:
        until(lambda: "odd) Z 1" in Path(f"/proc/{process.pid}/stat").read_text())
        assert not holder_of(process.pid).is_dead()
        process.kill()
