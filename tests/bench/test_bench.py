"""The benchmarks that write rows by SQL alone know every column that there is."""

import json
import os
import subprocess
import sys

import pytest

from tests.bench import place

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", ["claims", "pages", "turns"])
def test_what_fills_the_tables_by_itself_still_measures(name: str) -> None:
    command = [sys.executable, "-m", "tests.bench", "--quick", "--database", "sqlite", name]
    # As it is started by hand: the settings of the tests are not its own.
    own = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    ended = subprocess.run(command, cwd=place.ROOT, env=own, capture_output=True, text=True, timeout=180)
    assert ended.returncode == 0, ended.stderr[-2_000:]
    figures = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    assert figures
    assert all(figure["value"] > 0 for figure in figures)
