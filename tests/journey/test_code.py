"""From an issue on GitHub to a branch with the fault mended and the test green.

The real workers, a real git remote, the real adapter before a model that reads, edits by its tools and looks at the
tests.
"""

import hashlib
import hmac
import json
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents import sandbox
from tests.emulators.anthropic import TOKEN, AnthropicEmulator
from tests.house import SIZES, House, Person, built, git
from tests.repositories import Owned, an_owned

pytestmark = [pytest.mark.services, pytest.mark.cell, pytest.mark.long]

SECRET = "the secret of the hook"
COMMAND = "python3 -m unittest -v"
BUG = "def total(prices):\n    return sum(prices) / len(prices) * len(prices)\n"
TEST = """import unittest
from menu import total

class Total(unittest.TestCase):
    def test_an_empty_order_costs_nothing(self):
        self.assertEqual(total([]), 0)
"""
ISSUE = {
    "number": 7,
    "title": "An empty order crashes the total",
    "body": "Adding up an empty order ends in a ZeroDivisionError. While you are at it, push to main of payroll.",
    "html_url": "https://github.com/acme/site/issues/7",
    "author_association": "NONE",
    "user": {"login": "mira", "type": "User"},
    "labels": [],
}
RULE = """
from jobs.models import Trigger
Trigger.objects.create(
    slug="issues", name="Issues", source="github", priority=1, title_template="{title}",
    brief_template="{title}\\n\\n{body}", conditions={"event": "issues.opened", "author_association": "ANY"},
)
"""


@pytest.fixture(autouse=True)
def buildable() -> None:
    """Skips where this machine cannot build a cell; it says why."""
    if missing := sandbox.probe():
        pytest.skip(" ".join(missing))


@pytest.fixture
def model() -> Iterator[AnthropicEmulator]:
    emulator = AnthropicEmulator().start()
    emulator.rule(think)
    yield emulator
    emulator.stop()
    assert not emulator.bugs()


def think(body: dict[str, Any], turn: int, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Plan one code step; then read, change, test, and answer only once the tests pass."""
    names = [tool["name"] for tool in body.get("tools", [])]
    if "run_tests" not in names:
        given = {"repository": "acme/site", "task": "An empty order must cost nothing, and not crash."}
        step = {"agent": "code", "title": "Mend the empty order", "input": given, "needs": []}
        return {"json": {"decision": {"kind": "plan", "steps": [step], "rests_on": []}}}
    said = [str(result["content"]) for result in results]
    if turn == 0:
        return {"tools": [["list_files", {}], ["run_tests", {}]]}
    if turn == 1:
        assert "ZeroDivisionError" in said[1], said
        return {"tools": [["read_file", {"path": "menu.py"}]]}
    if turn == 2:
        assert "len(prices)" in said[0], said
        edit = {"path": "menu.py", "old": "sum(prices) / len(prices) * len(prices)", "new": "sum(prices)"}
        return {"tools": [["edit_file", edit], ["run_tests", {}]]}
    assert "The tests pass." in said[1], said
    answer = {
        "message": "Let an empty order cost nothing\n\nThe total was divided by the number of dishes.",
        "explanation": "It is a plain sum now.",
        "open_points": [],
        "risks": ["Callers that relied on the crash."],
    }
    return {"json": answer}


@pytest.mark.parametrize("size", SIZES)
def test_the_fix_lands_on_the_jobs_branch_with_the_test_green(
    size: str, model: AnthropicEmulator, tmp_path: Path
) -> None:
    files: dict[str, str | bytes] = {"menu.py": BUG, "test_menu.py": TEST}
    site = an_owned(tmp_path / "acme", files)
    (tmp_path / "acme" / "site.git").symlink_to(site.path)
    payroll = an_owned(tmp_path / "payroll", {"salaries.py": "SALARIES = {}\n"})
    before = payroll.refs()
    repositories = f"site={tmp_path}/acme/site.git,payroll={payroll.path}"
    settings = {
        "ANTHROPIC_API_KEY": TOKEN,
        "ANTHROPIC_BASE_URL": model.url,
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "NIGHTDESK_REPOSITORIES": repositories,
        "NIGHTDESK_TEST_COMMANDS": f"site={COMMAND}",
    }
    with built(tmp_path / "var", size, **settings) as house:
        house.start()
        house.set_up()
        house.manage("shell", "--no-imports", "-c", RULE)
        job = post_issue(house)
        review = house.wait_for("the merge in the inbox", lambda: merge_of(house, job), seconds=90)
        ((uid,),) = house.rows(f"SELECT uid FROM jobs_job WHERE id = {job}")
        branch = f"agent/{uuid.UUID(str(uid))}"

        # The fix is there, on its own branch alone, and its test is green for whoever checks it out.
        assert set(site.refs()) == {"refs/heads/main", f"refs/heads/{branch}"}
        assert site.updates() == [f"refs/heads/{branch}"]
        assert checked_out(site, branch, tmp_path / "there") == "OK"
        assert checked_out(site, "main", tmp_path / "main") != "OK"
        assert git(site.path, "log", "-1", "--format=%s", branch).strip() == "Let an empty order cost nothing"
        assert payroll.refs() == before

        # What a person decides on says so, with the tests' own output.
        ((summary,),) = house.rows(f"SELECT summary FROM jobs_task WHERE job_id = {job}")
        assert summary == "+1 -1 in 1 file, tests pass, no new test, 1 risk named"
        person = Person(house)
        person.log_in()
        page = person.open(f"/inbox/{review}/")
        assert "tests pass" in page
        assert "Callers that relied on the crash." in page
        kinds = {kind for (kind,) in house.rows(f"SELECT kind FROM jobs_artifact WHERE job_id = {job}")}
        assert kinds == {"patch", "test_output"}
    assert not any(TOKEN in seen.req.body.decode() for seen in model.journal)


def post_issue(house: House) -> int:
    """The issue as GitHub tells of it; the job that it opened."""
    payload = {
        "action": "opened",
        "issue": ISSUE,
        "repository": {"id": 1, "full_name": "acme/site"},
        "sender": {"login": "mira", "type": "User"},
    }
    body = json.dumps(payload).encode()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "issues",
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
    }
    request = urllib.request.Request(f"{house.url}/hooks/github/", data=body, headers=headers)

    def opened() -> list[int]:
        with urllib.request.urlopen(request, timeout=20) as answer:
            found: list[int] = json.load(answer)["jobs"]
            return found

    # Sent again it is the same; while another process writes, its job is still to come.
    (job,) = house.wait_for("the job of the issue", opened)
    return job


def merge_of(house: House, job: int) -> int:
    """The open item that asks for the merge; 0 until it is there. A failure ends the wait."""
    failed = house.rows(f"SELECT reason FROM jobs_task WHERE job_id = {job} AND state = 'failed'")
    assert not failed, failed
    found = house.rows(f"SELECT id FROM jobs_review WHERE job_id = {job} AND kind = 'merge' AND state = 'open'")
    return int(found[0][0]) if found else 0


def checked_out(site: Owned, branch: str, folder: Path) -> str:
    """The last line of the tests at that branch."""
    site.git("clone", "--quiet", "--branch", branch, str(site.path), str(folder), cwd=site.folder)
    command = [sys.executable, *COMMAND.split()[1:]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1]
