"""A process that dies with kill -9 while GitHub does what it was asked: nothing is lost, nothing made twice."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from integrations.contracts import Outgoing
from tests.integrations.github import test_target
from tests.integrations.github.test_target_merging import Merging
from tests.integrations.github.world import World, hub

__all__ = ["hub"]

ROOT = Path(__file__).parents[3]
SCRIPT = """
import json, sys
from integrations.contracts import Outgoing
from integrations.github.target import GitHubTarget
told = json.load(sys.stdin)
GitHubTarget(**told["options"]).deliver(Outgoing.model_validate_json(told["outgoing"]))
"""


def die(hub: World, outgoing: Outgoing, moment: str) -> None:
    """Deliver in a process of its own, which is killed the moment that GitHub begins to do this."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    hub.github.before(moment, process.kill)
    options = {
        "repositories": {"shop": f"{hub.github.url}/acme/shop.git"},
        "workdir": str(hub.folder / "killed"),
        "token": "github_pat_emulator_0001",
        "base_url": hub.github.url,
        "pause": 0.0,
    }
    process.communicate(
        json.dumps({"options": options, "outgoing": outgoing.model_dump_json()}).encode(), timeout=60
    )
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "moment",
    [
        "info/refs",
        "POST .*git-upload-pack",
        "POST .*git-receive-pack",
        "POST .*/pulls$",
        "labels",
    ],
)
def test_a_branch_and_its_pull_request_are_made_once(hub: World, moment: str) -> None:
    case = test_target.TestGitHub()
    case.there, case.base = hub, hub.owned.sha()
    die(hub, case.outgoing(), moment)
    found = case.make().find(case.outgoing())
    landed = found or case.make().deliver(case.outgoing())
    assert case.make().find(case.outgoing()) == landed
    assert case.effects() == 1
    assert hub.owned.git("rev-list", "--count", f"main..{landed.external_id}") == "1"


def test_a_merge_is_made_once(hub: World) -> None:
    merging = Merging(hub)
    die(hub, merging.outgoing(), "PUT .*/merge")
    landed = hub.target().find(merging.outgoing())
    assert landed is not None
    assert merging.deliver() == landed
    assert hub.owned.git("rev-list", "--count", "--merges", "main") == "1"
