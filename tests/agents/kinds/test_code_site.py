"""Where the code agent works, settled before anything is spent."""

import socket
from pathlib import Path

import pytest

from agents.contracts import Answer, Brief, Json, Unable
from agents.decisions import NeedsAnswer
from agents.kinds import code
from agents.sandbox import profile
from tests.agents.kinds import test_code as whole
from tests.agents.kinds.test_code import ANSWER, EDIT, GIVEN, a_task, play
from tests.repositories import Owned, an_owned
from tests.scripted import says, uses

pytestmark = pytest.mark.cell
buildable, owned, options = whole.buildable, whole.owned, whole.options


class TestBeforeAnythingIsSpent:
    @pytest.mark.parametrize("name", ["shop", "../owner", "MENU", "https://evil.example/x.git"])
    def test_a_repository_that_the_owner_did_not_name_is_refused(
        self, brief: Brief, options: Json, tmp_path: Path, name: str
    ) -> None:
        asking = a_task(brief, input={**GIVEN, "repository": name})
        with pytest.raises(NeedsAnswer, match="There is no repository named") as asked:
            play(asking, options, tmp_path / "desk", [])
        question = asked.value.question
        assert question.suggestions == ["menu", "None of these."]
        none = asking.model_copy(update={"answers": [Answer(question=question.question, answer="None of these.")]})
        with pytest.raises(Unable, match=r"there are: menu\. Name one of these"):
            play(none, options, tmp_path / "again", [])

    def test_the_owner_says_which_repository_is_meant(self, brief: Brief, options: Json, tmp_path: Path) -> None:
        asking = a_task(brief, input={**GIVEN, "repository": "the site"})
        with pytest.raises(NeedsAnswer) as asked:
            play(asking, options, tmp_path / "desk", [])
        said = Answer(question=asked.value.question.question, answer="menu")
        told = asking.model_copy(update={"answers": [said]})
        draft = play(told, options, tmp_path / "again", [uses(EDIT), says(ANSWER)])
        assert draft.output["repository"] == "menu"

    def test_without_any_repository_the_setting_is_named(self, brief: Brief, tmp_path: Path) -> None:
        with pytest.raises(Unable, match=r"there are: none.*NIGHTDESK_REPOSITORIES"):
            play(a_task(brief), {}, tmp_path / "desk", [])

    def test_a_repository_that_does_not_exist_is_said(self, brief: Brief, options: Json, tmp_path: Path) -> None:
        options["repositories"]["menu"] = str(tmp_path / "nowhere")
        with pytest.raises(Unable, match=r"The repository menu cannot be read: .*not appear"):
            play(a_task(brief), options, tmp_path / "desk", [])

    def test_an_empty_repository_is_said(self, brief: Brief, options: Json, owned: Owned, tmp_path: Path) -> None:
        owned.git("init", "--quiet", "--bare", str(tmp_path / "empty.git"), cwd=tmp_path)
        options["repositories"]["menu"] = str(tmp_path / "empty.git")
        with pytest.raises(Unable, match="no commit yet"):
            play(a_task(brief), options, tmp_path / "desk", [])

    def test_without_a_cell_there_is_no_code_agent(
        self, brief: Brief, options: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(profile, "bwrap", lambda: "/nonexistent/bwrap")
        with pytest.raises(Unable, match=r"cannot be run safely on this machine.*bubblewrap"):
            play(a_task(brief), options, tmp_path / "desk", [])

    def test_a_cell_user_that_is_missing_is_said(self, brief: Brief, options: Json, tmp_path: Path) -> None:
        options["cell_user"] = "nightcell"
        with pytest.raises(Unable, match="nightcell"):
            play(a_task(brief), options, tmp_path / "desk", [])

    @pytest.mark.parametrize("given", [{}, {**GIVEN, "branch": "main"}, {**GIVEN, "task": ""}])
    def test_an_input_that_does_not_fit_costs_nothing(
        self, brief: Brief, options: Json, tmp_path: Path, given: Json
    ) -> None:
        with pytest.raises(Unable, match="does not fit"):
            play(a_task(brief, input=given), options, tmp_path / "desk", [])


def test_a_change_with_its_test_names_its_risks_and_is_not_told_that_it_has_none(
    brief: Brief, options: Json, tmp_path: Path
) -> None:
    test = ("write_file", {"path": "tests/test_more.py", "content": "# more\n"})
    answer = {**ANSWER, "risks": ["Callers that rely on the crash."]}
    draft = play(a_task(brief), options, tmp_path / "desk", [uses(EDIT, test), says(answer)])
    assert draft.output["open_points"] == []
    assert draft.output["risks"] == answer["risks"]
    assert draft.summary.endswith("tests pass, 1 risk named")


@pytest.mark.parametrize(
    ("path", "is_test"),
    [
        ("tests/a.py", True),
        ("src/__tests__/a.js", True),
        ("test_a.py", True),
        ("a_test.go", True),
        ("a.spec.ts", True),
        ("src/UserTest.java", True),
        ("latest.py", False),
        ("contest/a.py", False),
        ("src/attest.go", False),
    ],
)
def test_files_of_tests_are_known_by_their_names(path: str, is_test: bool) -> None:
    assert bool(code._TEST_FILE.search(path)) is is_test


EVIL = """import os, socket, unittest
from menu import total

class Evil(unittest.TestCase):
    def test_total(self):
        self.assertEqual(total([]), 0)

    def test_it_reaches_nobody(self):
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", {port}), 2)
        self.assertNotIn("NIGHTDESK_CANARY", os.environ)
        with self.assertRaises(OSError):
            open("{outside}", "w")
"""


def test_a_hostile_repository_does_no_harm_and_the_run_says_what_was_refused(
    brief: Brief, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTDESK_CANARY", "a secret of this machine")
    ran, outside = tmp_path / "ran", tmp_path / "outside"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        files: dict[str, str | bytes] = {
            **whole.FILES,
            "test_evil.py": EVIL.format(port=listener.getsockname()[1], outside=outside),
            ".gitattributes": "* filter=evil\n",
            ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = https://evil.example/x.git\n',
            ".githooks/post-checkout": f"#!/bin/sh\ntouch {ran}\n",
        }
        evil = an_owned(tmp_path / "evil", files)
        given = {"repositories": {"menu": str(evil.path)}, "test_commands": {"menu": whole.COMMAND}}
        draft = play(a_task(brief), given, tmp_path / "desk", [uses(EDIT), says(ANSWER)])
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert draft.output["tests"] == "pass"
    assert not ran.exists()
    assert not outside.exists()
    assert draft.output["refused"] == [
        "Filters and drivers that it names were not run: .gitattributes.",
        "Hooks that it brings along were not run: .githooks.",
        "Its submodules were not fetched: x.",
    ]
    assert draft.summary.endswith("3 things of the repository refused")
    assert draft.made[-1].content.decode().endswith("Its submodules were not fetched: x.\n")
    assert draft.effects[0].fields["open_points"][-3:] == draft.output["refused"]
    assert "a secret of this machine" not in draft.model_dump_json()
