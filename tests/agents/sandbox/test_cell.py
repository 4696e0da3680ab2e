"""What a cell gives, and when there is none. Real cells; see test_cell_walls.py and test_cell_bombs.py."""

import json
import os
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from agents.sandbox import CellUnavailable, Limits, Outcome, groups, profile, run
from tests.agents.sandbox.conftest import Run, leftovers
from tests.waiting import until

pytestmark = pytest.mark.cell


class TestWork:
    def test_the_command_sees_the_tree_and_its_end_is_told(self, cell: Run) -> None:
        outcome = cell("cat menu.txt; pwd; exit 3")
        assert (outcome.output, outcome.status, outcome.stopped) == ("soup\n/tree\n", 3, "")
        assert not outcome.passed
        assert cell("true").passed

    def test_both_outputs_come_in_the_order_they_were_written(self, cell: Run) -> None:
        assert cell("echo one; echo two >&2; echo three").output == "one\ntwo\nthree\n"

    def test_what_it_writes_is_gone_afterwards(self, cell: Run, tree: Path) -> None:
        assert cell("echo fish >menu.txt; echo new >new.txt; cat menu.txt new.txt").output == "fish\nnew\n"
        assert [path.name for path in tree.iterdir()] == ["menu.txt"]
        assert (tree / "menu.txt").read_text() == "soup\n"

    def test_real_tests_run(self, cell: Run, tree: Path) -> None:
        source = "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(1, 1)\n"
        (tree / "test_it.py").write_text(source)
        outcome = cell("python3 -m unittest -v")
        assert outcome.passed, outcome.output
        assert "Ran 1 test" in outcome.output

    def test_programs_keep_their_right_to_be_executed(self, cell: Run, tree: Path) -> None:
        (tree / "check").write_text("#!/bin/sh\necho checked\n")
        (tree / "check").chmod(0o755)
        assert cell("./check").output == "checked\n"

    def test_it_has_no_input(self, cell: Run) -> None:
        assert cell("cat; read line; echo $?").output == "1\n"

    def test_quotes_and_lines_of_the_command_arrive_as_they_are(self, cell: Run) -> None:
        assert cell("printf '%s|' \"a  b\" '$HOME' \\\n  'c'").output == "a  b|$HOME|c|"

    def test_git_works_inside_on_its_own(self, cell: Run) -> None:
        made = cell("git init -q . && git -c user.name=a -c user.email=b commit -q --allow-empty -m x && git log")
        assert made.passed, made.output

    def test_many_cells_at_once_do_not_disturb_each_other(self, cell: Run) -> None:
        outcomes: dict[int, Outcome] = {}

        def one(number: int) -> None:
            outcomes[number] = cell(f"echo {number} >x; sleep 0.2; cat x; exit {number}")

        threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {number: (o.output, o.status) for number, o in outcomes.items()} == {
            number: (f"{number}\n", number) for number in range(6)
        }
        assert leftovers() == []


class TestRefusal:
    def test_without_bubblewrap_nothing_runs(
        self, buildable: None, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(profile, "bwrap", lambda: "/nonexistent/bwrap")
        with pytest.raises(CellUnavailable, match="cannot be started"):
            run("touch menu.txt", tree)
        assert leftovers() == []

    def test_a_profile_that_cannot_be_built_is_no_result_of_tests(
        self, buildable: None, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        arguments = profile.arguments

        def broken(limits: Limits, **handles: int) -> list[str]:
            return ["--ro-bind", "/nonexistent", "/x", *arguments(limits, **handles)]

        monkeypatch.setattr(profile, "arguments", broken)
        with pytest.raises(CellUnavailable, match=r"cannot build the cell: bwrap: .*nonexistent"):
            run("true", tree)
        assert leftovers() == []

    @pytest.mark.parametrize("user", ["nobody-of-that-name", "root"])
    def test_a_wrong_user_is_refused(self, tree: Path, user: str) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root chooses")
        with pytest.raises(CellUnavailable, match=r"no user|is root"):
            run("true", tree, user=user)


def test_a_worker_that_is_killed_takes_its_cell_along(buildable: None, tree: Path) -> None:
    source = f"from pathlib import Path; from agents.sandbox import run; run('sleep 987654', Path({str(tree)!r}))"
    worker = subprocess.Popen([sys.executable, "-c", source], cwd=Path(__file__).parents[3])
    try:
        until(lambda: sleepers("987654"))
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    until(lambda: not sleepers("987654"))


def sleepers(seconds: str) -> list[str]:
    """Processes of this machine that sleep for so long."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().split(b"\0")[:2] == [b"sleep", seconds.encode()]:
                found.append(path.parent.name)
        except OSError:
            continue
    return found


UNPRIVILEGED = """
import json, os, sys
sys.path[:0] = json.loads(sys.argv[1])
for name in ("memory", "pids"):
    with open(os.path.join(sys.argv[2 if name == "memory" else 3], "cgroup.procs"), "w") as procs:
        procs.write("0")
os.setgroups([]); os.setgid(65534); os.setuid(65534)
from pathlib import Path
from agents.sandbox import probe, run
print(json.dumps([probe(), run("id -u; cat menu.txt", Path(sys.argv[4])).output, probe("daemon")]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="has to set up another user")
@pytest.mark.skipif(not Path("/usr/bin/python3").exists(), reason="needs a Python that every user can read")
def test_it_works_without_root_where_groups_were_delegated(buildable: None, tree: Path) -> None:
    mounts = groups.find()
    if not mounts.one:
        pytest.skip("the delegation is set up for version 1 here")
    import pyseccomp

    own = [mounts.one[name] / f"nightdesk-test-{os.getpid()}" for name in ("memory", "pids")]
    readable = Path("/dev/shm") / f"nightdesk-test-{os.getpid()}"
    try:
        for folder in own:
            folder.mkdir()
            os.chown(folder, 65534, 65534)
            os.chown(folder / "cgroup.procs", 65534, 65534)
        readable.mkdir()
        (readable / "menu.txt").write_text("soup\n")
        paths = [str(Path(__file__).parents[3]), str(Path(pyseccomp.__file__).parent)]
        done = subprocess.run(
            ["/usr/bin/python3", "-c", UNPRIVILEGED, json.dumps(paths), *map(str, own), str(readable)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        missing, output, refused = json.loads(done.stdout)
        assert (missing, output) == ([], "65534\nsoup\n")
        assert "Only root" in refused[0]
    finally:
        (readable / "menu.txt").unlink(missing_ok=True)
        readable.rmdir()
        for folder in own:
            until(partial(groups._removed, folder))
