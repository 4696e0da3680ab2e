"""The command line door: what cannot be read in the settings is said in one line, not in a traceback."""

import os
import subprocess
import sys
from pathlib import Path

MANAGE = Path(__file__).parent.parent / "manage.py"


def test_a_typing_slip_is_said_in_one_line_with_what_was_meant(tmp_path: Path) -> None:
    environment = os.environ | {"NIGHTDESK_VAR": str(tmp_path), "NIGHTDESK_CONCURENCY": "3"}
    done = subprocess.run(
        [sys.executable, str(MANAGE), "check"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    said = "Settings: NIGHTDESK_CONCURENCY is not a setting of Nightdesk; did you mean NIGHTDESK_CONCURRENCY?."
    assert done.stderr.strip() == said.removesuffix(".")


def test_a_house_that_was_never_set_up_says_what_to_run(tmp_path: Path) -> None:
    environment = os.environ | {"NIGHTDESK_VAR": str(tmp_path), "DATABASE_URL": ""}
    done = subprocess.run(
        [sys.executable, str(MANAGE), "review", "list"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "run manage.py init" in done.stderr
    assert "Traceback" not in done.stderr
