"""manage.py worker: clusters alone."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from tests.house import ROOT, built

COMMAND = [sys.executable, str(ROOT / "manage.py"), "worker"]


def test_an_unknown_cluster_is_refused_and_the_known_are_named() -> None:
    with pytest.raises(CommandError, match=r"'agent'.*agents.*deliveries"):
        call_command("worker", "--cluster", "agent")


def test_tables_that_are_not_there_yet_are_refused(tmp_path: Path) -> None:
    with built(tmp_path / "house", "embedded", DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite3'}") as house:
        done = subprocess.run(
            COMMAND, env=house.environment, capture_output=True, text=True, check=False, timeout=60
        )
    assert done.returncode == 1
    assert "migrations wait: run manage.py migrate." in done.stderr


def test_a_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    with built(tmp_path / "house", "embedded", DATABASE_URL="postgresql://somebody:hidden@127.0.0.1:1/x") as house:
        done = subprocess.run(COMMAND, env=house.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "The database does not answer" in done.stderr
    assert "hidden" not in done.stderr


@pytest.mark.long
@pytest.mark.services
def test_one_cluster_works_by_itself(tmp_path: Path) -> None:
    with built(tmp_path / "house", "embedded") as house:
        house.manage("migrate", "--verbosity", "0")
        house.process = subprocess.Popen(
            [*COMMAND, "--cluster", "agents"],
            env=house.environment,
            stdout=house.log,
            stderr=house.log,
            start_new_session=True,
        )
        house.manage("job", "Write a short note on gulls.", "--priority", "1")
        house.wait_for("planning", lambda: house.rows("SELECT 1 FROM jobs_run WHERE state = 'succeeded'"))
        assert not house.pids(having="NIGHTDESK_ROLE=deliveries")
        named = {name for (name,) in house.rows("SELECT name FROM django_q_schedule")}
        assert named == set(settings.SCHEDULES), "an installation without `up` has its schedules too"
        house.stop()
        assert house.process.returncode == 0
        assert not house.pids()
