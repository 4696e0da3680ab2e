"""Everything dies at once in the middle of the night, and is started again."""

import os
import signal
from pathlib import Path

import pytest

from tests.house import SIZES, House, built

pytestmark = [pytest.mark.services, pytest.mark.long]


@pytest.mark.parametrize("size", SIZES)
def test_the_night_goes_on_after_everything_was_killed_and_ends_without_a_trace(size: str, tmp_path: Path) -> None:
    with built(tmp_path / "var", size) as house:
        house.start()
        house.set_up()
        for number in range(6):
            payload = {"subject": f"Tour {number}", "message": f"Draft a short note about tour {number}."}
            house.post_hook("/hooks/form/enquiry/", house.secrets["enquiry"], payload)
        everything = [house.process.pid, *house.pids()] if house.process else []
        assert len(everything) >= 10, "a supervisor, a web and two clusters"
        for pid in everything:
            os.kill(pid, signal.SIGKILL)
        house.stop()

        house.start()
        house.wait_for("the end of all work", lambda: not working(house), seconds=120)
        assert sum(house.counts("jobs_job").values()) == 6
        assert house.counts("jobs_run").get("failed", 0) == 0
        house.stop()
        house.wait_for("the end of every process", lambda: not house.pids(), seconds=30)


def working(house: House) -> bool:
    """Whether anything still goes on by itself."""
    jobs, deliveries = house.counts("jobs_job"), house.counts("jobs_delivery")
    return bool(jobs.keys() & {"pending", "in_progress"} or deliveries.keys() & {"pending", "sending", "unknown"})
