"""Which control group is used. What version 2 shows is laid out as files: one machine has one version."""

import os
import subprocess
from pathlib import Path

import pytest

from agents.sandbox import groups
from agents.sandbox.groups import Mounts, NoGroup
from agents.sandbox.limits import Limits

USER = "user.slice/user-1000.slice/user@1000.service"
ONE = """\
30 20 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
31 20 0:27 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct
32 20 0:28 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
"""


def a_group(folder: Path, *, offers: str = "memory pids", hands_on: str = "", writable: bool = True) -> Path:
    """A folder as version 2 of the kernel's interface shows it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cgroup.controllers").write_text(offers)
    (folder / "cgroup.subtree_control").write_text(hands_on)
    (folder / "cgroup.procs").write_text("")
    if not writable:
        (folder / "cgroup.procs").unlink()
    return folder


def found(tmp_path: Path, mountinfo: str, own: str) -> Mounts:
    (tmp_path / "mountinfo").write_text(mountinfo)
    (tmp_path / "own").write_text(own)
    return groups.find(tmp_path / "mountinfo", tmp_path / "own")


class TestFinding:
    def test_version_2_and_our_place_in_it(self, tmp_path: Path) -> None:
        top = tmp_path / "top"
        (top / USER).mkdir(parents=True)
        seen = found(tmp_path, f"25 20 0:22 / {top} rw - cgroup2 cgroup2 rw\n", f"0::/{USER}\n")
        assert seen == Mounts({}, top / USER, top)

    def test_a_container_sees_its_own_part_as_the_whole(self, tmp_path: Path) -> None:
        top = tmp_path / "top"
        top.mkdir()
        for own in ("/", "/docker/abc", "/../elsewhere"):
            seen = found(tmp_path, f"25 20 0:22 /docker/abc {top} rw - cgroup2 cgroup2 rw\n", f"0::{own}\n")
            assert seen.two == top

    def test_version_1_has_a_folder_for_each(self, tmp_path: Path) -> None:
        seen = found(tmp_path, ONE, "8:pids:/a\n4:memory:/no/such\n1:cpu,cpuacct:/\n")
        assert seen.one == {"memory": Path("/sys/fs/cgroup/memory"), "pids": Path("/sys/fs/cgroup/pids")}
        assert seen.two is None


class TestDelegation:
    def test_the_nearest_group_that_hands_both_on_is_used(self, tmp_path: Path) -> None:
        app = a_group(tmp_path / USER / "app.slice", hands_on="cpu memory pids")
        own = a_group(app / "terminal.scope")
        assert groups._delegated(own, tmp_path) == app

    def test_a_part_of_the_tree_that_is_not_ours_is_not_used(self, tmp_path: Path) -> None:
        a_group(tmp_path / "user.slice", hands_on="memory pids", writable=False)
        own = a_group(tmp_path / "user.slice" / "session-1.scope", writable=False)
        assert groups._delegated(own, tmp_path) is None

    def test_memory_alone_is_not_enough(self, tmp_path: Path) -> None:
        app = a_group(tmp_path / "app.slice", hands_on="memory", offers="memory")
        assert groups._delegated(a_group(app / "x.scope", offers="memory"), tmp_path) is None

    def test_our_own_group_is_divided_where_it_was_handed_to_us(self, tmp_path: Path) -> None:
        own = a_group(tmp_path / "nightdesk.service")
        (own / "cgroup.procs").write_text("12\n")
        a_group(own / "nightdesk")
        assert groups._delegated(own, tmp_path) == own
        assert (own / "nightdesk" / "cgroup.procs").read_text() == "12"
        assert (own / "cgroup.subtree_control").read_text() == "+memory +pids"

    def test_nothing_above_the_top_is_looked_at(self, tmp_path: Path) -> None:
        a_group(tmp_path, hands_on="memory pids")
        top = a_group(tmp_path / "top", offers="")
        assert groups._delegated(top, top) is None


class TestMaking:
    def test_version_2_gets_its_limits(self, tmp_path: Path) -> None:
        made = groups._made([tmp_path], 2, Limits(memory_bytes=5, processes=6))
        (folder,) = made.folders
        assert folder.parent == tmp_path
        assert (folder / "memory.max").read_text() == "5"
        assert (folder / "pids.max").read_text() == "6"

    def test_groups_of_processes_that_are_gone_are_removed(self, tmp_path: Path) -> None:
        with subprocess.Popen(["true"]) as ended:
            ended.wait()
        orphan = tmp_path / f"nightdesk-cell-{ended.pid}-ab"
        ours = tmp_path / f"nightdesk-cell-{os.getpid()}-ab"
        for folder in (orphan, ours, tmp_path / "nightdesk-cell-x", tmp_path / "other"):
            folder.mkdir()
        groups._remove_orphans(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted([ours.name, "nightdesk-cell-x", "other"])

    def test_where_none_can_be_made_it_says_what_helps(self) -> None:
        with pytest.raises(NoGroup, match="Delegate=yes"):
            groups._make(Mounts({}, None), Limits())

    def test_a_place_that_refuses_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(NoGroup, match="gone"):
            groups._made([tmp_path / "gone"], 2, Limits())

    def test_a_kill_for_memory_is_seen_in_both_versions(self, tmp_path: Path) -> None:
        group = groups.Group((tmp_path,), 2)
        assert not group.out_of_memory()
        (tmp_path / "memory.events").write_text("low 0\noom 1\noom_kill 0\n")
        assert not group.out_of_memory()
        (tmp_path / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
        assert group.out_of_memory()


@pytest.mark.cell
def test_a_process_is_moved_with_those_it_started(buildable: None) -> None:
    with groups.group(Limits()) as group:
        parent = subprocess.Popen(["sh", "-c", "sleep 1000 & echo; wait"], stdout=subprocess.PIPE)
        assert parent.stdout is not None
        parent.stdout.readline()
        group.take(parent.pid)
        assert len(group.members()) == 2
        group.kill()
        parent.wait()
        parent.stdout.close()
    assert group.members() == []
