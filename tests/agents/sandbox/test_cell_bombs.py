"""What a cell survives, and that nothing is left of it. Real cells."""

from pathlib import Path

import pytest

from agents.sandbox.limits import MIB
from tests.agents.sandbox.conftest import Run, leftovers, python

pytestmark = pytest.mark.cell


class TestBombs:
    def test_time_ends_it_with_all_that_it_started(self, cell: Run) -> None:
        outcome = cell("trap '' TERM INT HUP; (setsid sleep 1000 &) ; echo begun; sleep 1000", seconds=1)
        assert (outcome.output, outcome.status) == ("begun\n", None)
        assert outcome.stopped == "it took longer than 1 seconds"
        assert leftovers() == []

    def test_closing_its_output_does_not_hide_it(self, cell: Run) -> None:
        outcome = cell("exec >/dev/null 2>&1; sleep 1000", seconds=1)
        assert "longer than 1" in outcome.stopped

    def test_a_daemon_does_not_outlive_the_command(self, cell: Run) -> None:
        outcome = cell("(setsid sh -c 'trap \"\" HUP; sleep 1000' &); echo done")
        assert (outcome.output, outcome.status) == ("done\n", 0)
        assert leftovers() == []

    def test_forks_are_counted(self, cell: Run) -> None:
        source = """
        import os, time
        made = 0
        try:
            while made < 2000:
                if os.fork() == 0:
                    time.sleep(1000)
                made += 1
        except OSError:
            print(10 < made < 64, flush=True)
        os._exit(0)
        """
        assert cell(python(source)).output == "True\n"
        assert leftovers() == []

    def test_a_real_fork_bomb_ends_with_the_time(self, cell: Run) -> None:
        outcome = cell(
            python("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n"),
            seconds=2,
            processes=32,
        )
        assert outcome.status is None
        assert leftovers() == []

    def test_memory_is_counted_over_all_processes(self, cell: Run) -> None:
        source = """
        import os, time
        for _ in range(4):
            if os.fork() == 0:
                held = bytearray(40 << 20)
                time.sleep(1000)
        os.wait(); os._exit(0)
        """
        outcome = cell(python(source), memory_bytes=96 * MIB)
        assert outcome.stopped == "it needed more than 96 MiB of memory"

    def test_files_are_memory_too_however_small(self, cell: Run) -> None:
        source = "for n in range(10**7): open(f'/tmp/{n}', 'w').close()"
        outcome = cell(python(source), memory_bytes=32 * MIB, seconds=60)
        assert not outcome.passed

    def test_the_disk_is_full_at_its_size(self, cell: Run) -> None:
        for place, size in (("/tree", 128), ("/tmp", 64), ("/home/agent", 64), ("/dev/shm", 16)):
            outcome = cell(
                f"for n in 1 2 3 4; do head -c {40 * MIB} /dev/zero >{place}/$n || exit 9; done",
                memory_bytes=1024 * MIB,
            )
            assert outcome.status == 9, (place, size)
            assert "No space left" in outcome.output

    def test_one_file_has_a_most(self, cell: Run) -> None:
        outcome = cell("head -c 70000000 /dev/zero >x; echo $?; stat -c %s x")
        assert outcome.output.split()[-1] == str(64 * MIB)

    def test_a_flood_is_cut_in_its_middle(self, cell: Run) -> None:
        outcome = cell("echo first; yes | head -c 2000000; echo last", output_bytes=8_000)
        assert outcome.passed
        assert outcome.output.startswith("first\ny\n")
        assert outcome.output.endswith("y\nlast\n")
        assert "bytes left out]" in outcome.output
        assert len(outcome.output) < 8_100

    def test_a_flood_without_end_is_ended(self, cell: Run) -> None:
        outcome = cell("yes", flood_bytes=4 * MIB)
        assert outcome.stopped == "it printed more than 4 MiB"

    def test_processor_time_has_a_most(self, cell: Run) -> None:
        assert cell("ulimit -t", seconds=7).output == "7\n"

    def test_a_tree_that_does_not_fit_is_said(self, cell: Run, tree: Path) -> None:
        (tree / "large").write_bytes(bytes(3 * MIB))
        outcome = cell("true", tree_bytes=2 * MIB)
        assert outcome.status == 125
        assert "does not fit into the cell" in outcome.output
