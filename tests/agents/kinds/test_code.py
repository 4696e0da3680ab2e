"""The code agent on a real repository with a real fault, its tests in real cells."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from agents import sandbox
from agents.contracts import (
    Brief,
    Draft,
    Effect,
    FollowUp,
    Json,
    Reply,
    Revision,
    Unable,
)
from agents.kinds import code
from agents.kinds.code import CodeAgent
from agents.llm.rehearsal import RehearsalLLM
from agents.sandbox import Outcome
from tests.agents.test_loop_resume import DyingJournal, Killed
from tests.repositories import Owned, an_owned
from tests.scripted import MemoryJournal, ScriptedLLM, a_desk, says, uses

pytestmark = pytest.mark.cell

TEST = """import unittest
from menu import total

class Total(unittest.TestCase):
    def test_an_empty_order_costs_nothing(self):
        self.assertEqual(total([]), 0)
"""
FILES: dict[str, str | bytes] = {
    "menu.py": "def total(prices):\n    return sum(prices) / len(prices) * len(prices)\n",
    "test_menu.py": TEST,
    "README.md": "# Menu\n",
}
COMMAND = "python3 -m unittest -v"
GIVEN = {"repository": "menu", "task": "An empty order must not crash."}
EDIT = ("edit_file", {"path": "menu.py", "old": "sum(prices) / len(prices) * len(prices)", "new": "sum(prices)"})
ANSWER = {
    "message": "Let an empty order cost nothing\n\nThe total was divided by the number of dishes.",
    "explanation": "An empty order crashed the total. It is a plain sum now.",
    "open_points": [],
}


@pytest.fixture(autouse=True)
def buildable() -> None:
    """Skips where this machine cannot build a cell; it says why."""
    if missing := sandbox.probe():
        pytest.skip(" ".join(missing))


@pytest.fixture
def owned(tmp_path: Path) -> Owned:
    return an_owned(tmp_path / "owner", FILES)


@pytest.fixture
def options(owned: Owned) -> Json:
    return {"repositories": {"menu": str(owned.path)}, "test_commands": {"menu": COMMAND}, "cell_user": ""}


def a_task(brief: Brief, **changes: Any) -> Brief:
    return brief.model_copy(update={"input": GIVEN, "task_title": "Mend the empty order", "earlier": [], **changes})


def play(
    brief: Brief,
    options: Json,
    folder: Path,
    lines: Iterable[Reply] | ScriptedLLM,
    journal: MemoryJournal | None = None,
) -> Draft:
    """Do the task in a work folder of its own."""
    folder.mkdir()
    llm = lines if isinstance(lines, ScriptedLLM) else ScriptedLLM(*lines)
    return CodeAgent().run(brief, a_desk(llm, folder, journal=journal, options=options))


def results(llm: ScriptedLLM) -> list[str]:
    """What the tools answered, from the last call."""
    blocks = [block for m in llm.asks[-1].messages if isinstance(m["content"], list) for block in m["content"]]
    return [block["content"] for block in blocks if block.get("type") == "tool_result"]


class TestAFault:
    def test_is_mended_and_the_tests_show_it(
        self, brief: Brief, options: Json, owned: Owned, tmp_path: Path
    ) -> None:
        llm = ScriptedLLM(
            uses(("list_files", {}), ("run_tests", {})),
            uses(("read_file", {"path": "menu.py"})),
            uses(EDIT, ("run_tests", {})),
            says(ANSWER),
        )
        draft = play(a_task(brief), options, tmp_path / "desk", llm)
        said = results(llm)
        assert said[0] == f"[commit {owned.sha()}]\n\nFiles below .: 3\n\nREADME.md\nmenu.py\ntest_menu.py"
        assert said[1].startswith("The tests fail: the command ended with 1.")
        assert "ZeroDivisionError" in said[1]
        assert said[4].startswith("The tests pass.")

        assert draft.summary == "+1 -1 in 1 file, tests pass, no new test"
        patch, tests = draft.made
        assert (patch.kind, patch.name, tests.kind, tests.name) == (
            "patch",
            "changes.patch",
            "test_output",
            "tests.txt",
        )
        assert b"+    return sum(prices)\n" in patch.content
        assert tests.content.decode().startswith(f"$ {COMMAND}\n")
        assert tests.content.decode().endswith("OK\n\nThe tests pass.\n")
        told = {**ANSWER, "open_points": [code.NO_TEST]}
        fields = {"repository": "menu", "base_sha": owned.sha(), **told}
        assert draft.effects == [Effect(kind="branch", fields=fields, files=["changes.patch", "tests.txt"])]
        assert draft.output == {
            **ANSWER,
            "open_points": [code.NO_TEST],
            "risks": [],
            "follow_ups": [],
            "repository": "menu",
            "base_sha": owned.sha(),
            "began_at": owned.sha(),
            "files": ["menu.py"],
            "added": 1,
            "removed": 1,
            "tests": "pass",
            "refused": [],
        }

    def test_may_show_that_another_job_is_needed(self, brief: Brief, options: Json, tmp_path: Path) -> None:
        wanted = {"title": "Mend the\nshop", "brief": "The repository shop divides in the same way. Mend it."}
        answer = {**ANSWER, "follow_ups": [wanted]}
        draft = play(a_task(brief), options, tmp_path / "desk", [uses(EDIT), says(answer)])
        assert draft.follow_ups == [FollowUp(title="Mend the shop", brief=wanted["brief"])]
        assert draft.output["follow_ups"] == [wanted]

    def test_the_owners_repository_is_not_touched(
        self, brief: Brief, options: Json, owned: Owned, tmp_path: Path
    ) -> None:
        before = owned.refs()
        play(a_task(brief), options, tmp_path / "desk", [uses(EDIT), says(ANSWER)])
        assert owned.refs() == before
        assert owned.updates() == []

    def test_that_is_not_mended_is_not_hidden(self, brief: Brief, options: Json, tmp_path: Path) -> None:
        wrong = ("write_file", {"path": "NOTES.md", "content": "All is well.\n"})
        answer = {**ANSWER, "explanation": "All tests pass."}
        draft = play(a_task(brief), options, tmp_path / "desk", [uses(wrong), says(answer)])
        assert draft.summary == "+1 -0 in 1 file, tests fail"
        assert draft.output["tests"] == "fail"
        assert b"ZeroDivisionError" in draft.made[1].content
        assert draft.made[1].content.endswith(b"The tests fail: the command ended with 1.\n")
        assert len(draft.effects) == 1

    def test_what_the_tests_write_is_in_no_patch(self, brief: Brief, options: Json, tmp_path: Path) -> None:
        options["test_commands"]["menu"] = "echo x >left.txt; echo y >>menu.py; ls"
        draft = play(a_task(brief), options, tmp_path / "desk", [uses(EDIT, ("run_tests", {})), says(ANSWER)])
        assert draft.output["files"] == ["menu.py"]
        assert b"left.txt" not in draft.made[0].content

    def test_a_conversation_without_a_change_makes_no_branch(
        self, brief: Brief, options: Json, tmp_path: Path
    ) -> None:
        draft = play(
            a_task(brief), options, tmp_path / "desk", [says({**ANSWER, "explanation": "It is done already."})]
        )
        assert draft.summary == "No change was made: It is done already."
        assert (draft.made, draft.effects) == ([], [])
        assert (draft.output["files"], draft.output["tests"]) == ([], "none")

    def test_a_change_that_was_taken_back_is_none(self, brief: Brief, options: Json, tmp_path: Path) -> None:
        there = ("write_file", {"path": "x", "content": "x"})
        lines = [uses(there), uses(("delete_file", {"path": "x"})), says(ANSWER)]
        assert play(a_task(brief), options, tmp_path / "desk", lines).effects == []


class TestTheTestCommand:
    def test_of_the_owner_goes_before_that_of_the_task(self, brief: Brief, options: Json, tmp_path: Path) -> None:
        task = a_task(brief, input={**GIVEN, "test_command": "true"})
        llm = ScriptedLLM(uses(EDIT), says(ANSWER))
        draft = play(task, options, tmp_path / "desk", llm)
        assert draft.made[1].content.decode().startswith(f"$ {COMMAND}\n")
        assert f"They are run with: {COMMAND}" in llm.asks[0].messages[0]["content"]

    def test_of_the_task_is_used_where_the_owner_set_none(
        self, brief: Brief, options: Json, tmp_path: Path
    ) -> None:
        del options["test_commands"]
        task = a_task(brief, input={**GIVEN, "test_command": " true "})
        draft = play(task, options, tmp_path / "desk", [uses(EDIT), says(ANSWER)])
        assert draft.made[1].content.decode().startswith("$ true\n")

    def test_that_is_missing_is_said_to_the_model_and_to_the_owner(
        self, brief: Brief, options: Json, tmp_path: Path
    ) -> None:
        options["test_commands"] = {}
        llm = ScriptedLLM(uses(EDIT, ("run_tests", {})), says(ANSWER))
        draft = play(a_task(brief), options, tmp_path / "desk", llm)
        assert "No test command is known." in llm.asks[0].messages[0]["content"]
        assert "No test command is known" in results(llm)[1]
        assert draft.summary == "+1 -1 in 1 file, not tested: no test command is known, no new test"
        assert [made.kind for made in draft.made] == ["patch"]


REPOSITORIES = {
    "shop": "https://bot:key@github.com/acme/shop.git",
    "site": "git@github.com:acme/site.git",
    "menu": "/srv/git/menu.git",
    "twin": "/srv/a/x/y.git",
    "other": "/srv/b/x/y.git",
}


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("shop", "shop"),
        ("acme/shop", "shop"),
        ("acme/site", "site"),
        ("https://github.com/acme/shop", "shop"),
        ("https://github.com/acme/shop.git/", "shop"),
        ("git/menu", "menu"),
        ("x/y", None),
        ("evil/shop", None),
        ("me/shop", None),
        ("https://evil.example/acme/shop", None),
        ("Shop", None),
        ("../menu", None),
        ("/srv/git/menu.git", None),
        ("", None),
    ],
)
def test_a_repository_is_known_by_its_name_and_by_its_address(wanted: str, name: str | None) -> None:
    assert code.named(wanted, REPOSITORIES) == name


SCRIPT = [
    uses(("read_file", {"path": "menu.py"})),
    uses(EDIT, ("write_file", {"path": "new/note.txt", "content": "a note\n"})),
    uses(("edit_file", {"path": "new/note.txt", "old": "a note", "new": "two notes"}), ("run_tests", {})),
    says(ANSWER),
]


class TestARunThatWasTakenOver:
    # 4 reservations and 4 records, 3 times tools with a write before and after.
    @pytest.mark.parametrize("steps", range(14))
    def test_ends_with_the_same_work_wherever_the_first_one_died(
        self, brief: Brief, options: Json, owned: Owned, tmp_path: Path, steps: int
    ) -> None:
        base = owned.sha()
        dying, llm = DyingJournal(steps), ScriptedLLM(*SCRIPT)
        with pytest.raises(Killed):
            play(a_task(brief), options, tmp_path / "first", llm, dying)
        # Meanwhile the owner changes the very line that was worked on.
        moved = owned.commit(
            {"menu.py": "# mine\ndef total(prices):\n    return sum(prices) / len(prices) * len(prices)\n"}
        )
        draft = play(a_task(brief), options, tmp_path / "second", llm, dying.next_run())
        began = any(turn.tool_results for turn in dying.stored)
        assert len(llm.asks) == len(SCRIPT)  # nothing was asked twice
        assert draft.output["base_sha"] == (base if began else moved)
        assert draft.summary == "+2 -1 in 2 files, tests pass, no new test"
        assert b"+two notes\n" in draft.made[0].content

    def test_says_so_when_its_base_is_gone(self, brief: Brief, options: Json, owned: Owned, tmp_path: Path) -> None:
        dying, llm = DyingJournal(6), ScriptedLLM(*SCRIPT)
        with pytest.raises(Killed):
            play(a_task(brief), options, tmp_path / "first", llm, dying)
        asked = len(llm.asks)
        options["repositories"]["menu"] = str(an_owned(tmp_path / "other", {"menu.py": "rewritten\n"}).path)
        with pytest.raises(Unable, match=f"The work on menu was begun, but the commit {owned.sha()} is no longer"):
            play(a_task(brief), options, tmp_path / "second", llm, dying.next_run())
        assert len(llm.asks) == asked


class TestARevision:
    def revised(self, brief: Brief, options: Json, tmp_path: Path) -> Brief:
        draft = play(a_task(brief), options, tmp_path / "before", [uses(EDIT), says(ANSWER)])
        previous = draft.made[0].content.decode()
        return a_task(brief, revision=Revision(note="Say it in the README too.", previous=previous))

    def test_goes_on_from_the_change_that_the_owner_saw(self, brief: Brief, options: Json, tmp_path: Path) -> None:
        task = self.revised(brief, options, tmp_path)
        llm = ScriptedLLM(uses(("write_file", {"path": "README.md", "content": "# Menu\n\nSums.\n"})), says(ANSWER))
        draft = play(task, options, tmp_path / "desk", llm)
        assert "the change that you made before is in the files]" in results(llm)[0]
        assert "Say it in the README too." in llm.asks[0].messages[0]["content"]
        assert draft.output["files"] == ["README.md", "menu.py"]
        assert draft.summary == "+3 -1 in 2 files, tests pass, no new test"

    def test_is_one_more_step_on_the_branch_that_is_there(
        self, brief: Brief, options: Json, owned: Owned, tmp_path: Path
    ) -> None:
        began_at = owned.sha()
        task = self.revised(brief, options, tmp_path)
        branch = f"agent/{brief.job_uid}"
        owned.commit({"menu.py": "def total(prices):\n    return sum(prices)\n"}, branch=branch)
        tip = owned.commit({"NOTES.md": "By a person.\n"}, branch=branch)
        owned.commit({"menu.py": "# main went on\n"})
        assert task.revision
        revision = task.revision.model_copy(update={"output": {"began_at": began_at}})
        llm = ScriptedLLM(uses(("write_file", {"path": "README.md", "content": "# Menu\n\nSums.\n"})), says(ANSWER))
        draft = play(task.model_copy(update={"revision": revision}), options, tmp_path / "desk", llm)
        assert results(llm)[0].startswith(f"[commit {tip}, the change that you made before is in the files]")
        whole, step, _ = draft.made
        assert (whole.name, step.name, step.kind) == ("changes.patch", "revision.patch", "revision")
        assert b"NOTES.md" in whole.content
        assert b"menu.py" in whole.content
        assert b"README.md" in step.content
        assert b"menu.py" not in step.content
        (effect,) = draft.effects
        assert effect.files == ["revision.patch", "tests.txt"]
        assert effect.fields["base_sha"] == draft.output["base_sha"] == tip
        assert draft.output["began_at"] == began_at
        assert draft.summary == "+4 -1 in 3 files, tests pass, no new test"

    def test_that_changes_nothing_says_so(self, brief: Brief, options: Json, owned: Owned, tmp_path: Path) -> None:
        task = self.revised(brief, options, tmp_path)
        fixed = "def total(prices):\n    return sum(prices)\n"
        owned.commit({"menu.py": fixed}, branch=f"agent/{brief.job_uid}")
        draft = play(task, options, tmp_path / "desk", [says(ANSWER)])
        assert draft.summary.startswith("No change was made: ")
        assert (draft.effects, draft.made) == ([], [])

    def test_begins_anew_where_the_change_does_not_fit_any_more(
        self, brief: Brief, options: Json, owned: Owned, tmp_path: Path
    ) -> None:
        task = self.revised(brief, options, tmp_path)
        owned.commit({"menu.py": "def total(prices):\n    return 0\n"})
        llm = ScriptedLLM(uses(("list_files", {})), says(ANSWER))
        draft = play(task, options, tmp_path / "desk", llm)
        assert "does not fit any more" in results(llm)[0]
        assert draft.effects == []


def test_the_rehearsal_goes_the_whole_way_and_says_what_it_is(
    brief: Brief, options: Json, owned: Owned, tmp_path: Path
) -> None:
    desk = a_desk(RehearsalLLM(), tmp_path / "desk", model="rehearsal", options=options)
    desk.workdir.mkdir()
    draft = CodeAgent().run(a_task(brief), desk)
    assert draft.summary.startswith("Rehearsal: +")
    assert draft.summary.endswith("in 1 file, tests fail")
    assert draft.output["files"] == ["REHEARSAL.md"]
    assert draft.effects[0].fields["message"].startswith("Rehearsal: ")
    names = [use["name"] for turn in desk.journal.turns() for use in turn.reply.tool_uses]
    assert names == ["list_files", "read_file", "write_file", "run_tests"]


def test_the_patch_is_one_that_git_takes(brief: Brief, options: Json, owned: Owned, tmp_path: Path) -> None:
    lines = [uses(EDIT, ("delete_file", {"path": "README.md"})), says(ANSWER)]
    draft = play(a_task(brief), options, tmp_path / "desk", lines)
    tree = tmp_path / "owners-own-tree"
    owned.git("clone", "--quiet", str(owned.path), str(tree), cwd=tmp_path)
    (tmp_path / "p").write_bytes(draft.made[0].content)
    owned.git("apply", str(tmp_path / "p"), cwd=tree)
    assert not (tree / "README.md").exists()
    assert (tree / "menu.py").read_text().endswith("return sum(prices)\n")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("Mend it", "Mend it"),
        ("\n Mend it \n\n\n because\nof this ", "Mend it\n\nbecause\nof this"),
        ("Mend\x1b[31m it\r\nx\x00y", "Mend [31m it\n\nx y"),
        ("word " * 40, " ".join(["word"] * 14) + "…"),
        ("", "Change menu"),
        ("\n\n", "Change menu"),
    ],
)
def test_the_commits_message_is_short_and_plain(given: str, message: str) -> None:
    answer = code.Answer(message=given, explanation="x", open_points=[])
    assert code.message(answer, repository="menu") == message


def test_tests_that_were_stopped_are_said() -> None:
    output = code.Output(
        **ANSWER,
        repository="menu",
        base_sha="a" * 40,
        began_at="a" * 40,
        files=["a", "b"],
        added=12,
        removed=2,
        tests="stopped",
    )
    outcome = Outcome("", None, "it took longer than 300 seconds")
    assert code.summary(output, outcome) == ("+12 -2 in 2 files, tests stopped: it took longer than 300 seconds")
