"""A hostile repository, piece by piece: no harm is done, and the Run says what was refused. Real cells."""

import socket
from pathlib import Path

import pytest

from agents.contracts import Brief, Draft, Json
from agents.sandbox import cell
from agents.sandbox.limits import MIB, Limits
from tests.agents.kinds import test_code as whole
from tests.agents.kinds.test_code import ANSWER, EDIT, FILES, a_task, play
from tests.agents.sandbox.conftest import leftovers
from tests.repositories import an_owned
from tests.scripted import says, uses

pytestmark = pytest.mark.cell
buildable = whole.buildable

CANARY = "a secret of this machine"
NETWORK = "Its tests asked for a network; they have none."
SOCKETS = """import socket
for family, place in ((socket.AF_INET, ("127.0.0.1", {port})), (socket.AF_INET, ("192.0.2.1", 80))):
    try:
        socket.socket(family).connect(place)
        print("CONNECTED")
    except OSError as error:
        print(error)
raise SystemExit(1)
"""
FORKS = """import os, time
made = 0
while True:
    if os.fork() == 0:
        time.sleep(1000)
    made += 1
"""
DISK = """import pathlib
for number in range(1000):
    pathlib.Path(f"/tmp/{number}").write_bytes(bytes(8 << 20))
"""
ENVIRONMENT = """import os, pathlib
print(dict(os.environ))
for place in pathlib.Path("/proc").glob("[0-9]*/environ"):
    try:
        print(place.read_bytes())
    except OSError as error:
        print(error)
for place in ("/root", "/etc/shadow", "/etc/passwd", "/var"):
    print(place, pathlib.Path(place).exists())
raise SystemExit(1)
"""
OUT = """import pathlib
for place in ("/etc/passwd", "/usr/lib/x", "/proc/sys/kernel/core_pattern"):
    try:
        pathlib.Path(place).write_text("x")
        print("WRITTEN", place)
    except OSError as error:
        print(error)
raise SystemExit(1)
"""


@pytest.fixture(autouse=True)
def secret_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTDESK_CANARY", CANARY)


def worked_on(brief: Brief, folder: Path, files: dict[str, str | bytes], command: str) -> Draft:
    """What comes of a change to a repository that holds these files."""
    evil = an_owned(folder / "evil", {**FILES, **files})
    options: Json = {"repositories": {"menu": str(evil.path)}, "test_commands": {"menu": command}}
    draft = play(a_task(brief), options, folder / "desk", [uses(EDIT), says(ANSWER)])
    assert CANARY not in draft.model_dump_json()
    assert leftovers() == []
    assert set(evil.refs()) == {"refs/heads/main"}
    return draft


@pytest.mark.parametrize(
    ("files", "refused"),
    [
        (
            {".githooks/pre-commit": "#!/bin/sh\ntouch {ran}\n"},
            "Hooks that it brings along were not run: .githooks.",
        ),
        ({".husky/pre-commit": "touch {ran}\n"}, "Hooks that it brings along were not run: .husky."),
        (
            {".gitattributes": "* filter=evil diff=evil\n"},
            "Filters and drivers that it names were not run: .gitattributes.",
        ),
        (
            {"vendor/x/HEAD": "ref: refs/heads/main\n", "vendor/x/config": "[core]\n\tfsmonitor = touch {ran}\n"},
            "Repositories inside of it were not entered: vendor/x.",
        ),
        (
            {".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ext::touch {ran}\n'},
            "Its submodules were not fetched: x.",
        ),
    ],
    ids=["hooks", "husky", "filters", "fsmonitor", "submodule"],
)
def test_what_it_brings_along_to_be_run_is_not(
    brief: Brief, tmp_path: Path, files: dict[str, str], refused: str
) -> None:
    ran = tmp_path / "ran"
    planted: dict[str, str | bytes] = {name: text.replace("{ran}", str(ran)) for name, text in files.items()}
    draft = worked_on(brief, tmp_path, planted, whole.COMMAND)
    assert draft.output["refused"] == [refused]
    assert draft.summary.endswith("1 thing of the repository refused")
    assert draft.output["tests"] == "pass"
    assert not ran.exists()


def test_links_that_lead_out_of_it_are_not_followed(brief: Brief, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text(CANARY)
    evil = an_owned(tmp_path / "evil", FILES)
    tree = tmp_path / "tree"
    evil.git("clone", "--quiet", str(evil.path), str(tree), cwd=tmp_path)
    (tree / "notes.txt").symlink_to(outside)
    evil.git("add", "--all", cwd=tree)
    evil.git("commit", "--quiet", "-m", "A link", cwd=tree)
    evil.git("push", "--quiet", "origin", "HEAD:main", cwd=tree)
    options: Json = {"repositories": {"menu": str(evil.path)}, "test_commands": {"menu": "cat notes.txt"}}
    reads = uses(("read_file", {"path": "notes.txt"}), ("write_file", {"path": "notes.txt", "content": "x"}), EDIT)
    draft = play(a_task(brief), options, tmp_path / "desk", [reads, says(ANSWER)])
    assert draft.output["refused"][0] == "Links that lead out of it were not followed: notes.txt."
    assert outside.read_text() == CANARY
    assert CANARY not in draft.model_dump_json()


def test_a_test_that_opens_sockets_reaches_nobody(brief: Brief, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        source = SOCKETS.format(port=listener.getsockname()[1])
        draft = worked_on(brief, tmp_path, {"evil.py": source}, "python3 evil.py")
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert "CONNECTED" not in draft.made[1].content.decode()
    assert draft.output["refused"] == [NETWORK]
    assert draft.made[1].content.decode().endswith(f"{NETWORK}\n")


def test_a_test_that_forks_without_end_is_stopped_at_a_number(brief: Brief, tmp_path: Path) -> None:
    draft = worked_on(brief, tmp_path, {"evil.py": FORKS}, "python3 evil.py")
    assert draft.output["tests"] == "fail"
    assert draft.output["refused"] == ["Its tests wanted more processes than they may have."]


def test_a_test_that_fills_the_disk_fills_its_own(brief: Brief, tmp_path: Path) -> None:
    draft = worked_on(brief, tmp_path, {"evil.py": DISK}, "python3 evil.py")
    assert draft.output["tests"] == "fail"
    assert draft.output["refused"] == ["Its tests wanted more room on the disk than they have."]


def test_a_test_that_reads_the_environment_finds_nothing_of_this_machine(brief: Brief, tmp_path: Path) -> None:
    draft = worked_on(brief, tmp_path, {"evil.py": ENVIRONMENT}, "python3 evil.py")
    said = draft.made[1].content.decode()
    assert "'HOME': '/home/agent'" in said
    assert "NIGHTDESK" not in said
    assert "True" not in said


def test_a_test_that_writes_outside_of_its_places_is_refused(brief: Brief, tmp_path: Path) -> None:
    draft = worked_on(brief, tmp_path, {"evil.py": OUT}, "python3 evil.py")
    assert "WRITTEN" not in draft.made[1].content.decode()
    assert "Its tests wanted to write where nothing may be written." in draft.output["refused"]


def test_a_test_that_never_ends_is_ended_and_says_so(
    brief: Brief, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell, "Limits", lambda: Limits(seconds=1, memory_bytes=256 * MIB))
    draft = worked_on(brief, tmp_path, {}, "trap '' TERM; (setsid sleep 1000 &); sleep 1000")
    assert draft.summary.startswith("+1 -1 in 1 file, tests stopped: it took longer than 1 seconds")
