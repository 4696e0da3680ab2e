"""What is done once Django is ready."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import ROOT, built

_COUNT = """
import gc, os
if os.fork():
    os.wait()
else:
    print(gc.get_freeze_count() > 10_000)
"""


@pytest.mark.parametrize(("role", "is_spared"), [("agents", True), ("deliveries", True), ("web", False)])
def test_a_collection_spares_what_a_cluster_shares(role: str, is_spared: bool, tmp_path: Path) -> None:
    with built(tmp_path / "house", "embedded") as house:
        command = [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "-c", _COUNT]
        environment = house.environment | {"NIGHTDESK_ROLE": role}
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert said.split() == [str(is_spared)]
