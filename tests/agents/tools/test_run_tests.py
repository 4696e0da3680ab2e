"""A repository's own tests, in real cells."""

from pathlib import Path

import pytest

from agents import sandbox
from agents.contracts import ToolError, Unable
from agents.sandbox import Outcome, profile
from agents.tools.run_tests import NothingWanted, RunTests, verdict


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def buildable() -> None:
    if missing := sandbox.probe():
        pytest.skip(" ".join(missing))


@pytest.mark.cell
def test_the_result_comes_before_what_was_said(buildable: None, tree: Path) -> None:
    assert RunTests("echo fine", tree).run(NothingWanted()) == "The tests pass.\n\nfine"
    said = RunTests("echo broken; exit 2", tree).run(NothingWanted())
    assert said == "The tests fail: the command ended with 2.\n\nbroken"


@pytest.mark.cell
def test_a_long_output_keeps_its_end(buildable: None, tree: Path) -> None:
    said = RunTests("echo begun; yes | head -c 100000; echo 3 failed; exit 1", tree).run(NothingWanted())
    assert said.startswith("The tests fail")
    assert "begun" in said
    assert said.endswith("3 failed")
    assert "characters left out]" in said
    assert len(said) < 25_000


def test_without_a_command_the_model_is_told(tree: Path) -> None:
    with pytest.raises(ToolError, match="No test command is known"):
        RunTests("", tree).run(NothingWanted())


def test_a_cell_that_can_no_longer_be_built_ends_the_run(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "bwrap", lambda: "/nonexistent/bwrap")
    with pytest.raises(Unable, match="The tests cannot be run"):
        RunTests("true", tree).run(NothingWanted())


def test_a_result_is_one_sentence() -> None:
    assert verdict(Outcome("", 0)) == "The tests pass."
    assert verdict(Outcome("", 1)) == "The tests fail: the command ended with 1."
    assert verdict(Outcome("", None, "it took longer than 3 seconds")) == (
        "The tests were stopped: it took longer than 3 seconds."
    )


def test_it_changes_nothing_and_takes_nothing() -> None:
    assert RunTests.replay is False
    assert NothingWanted.model_json_schema()["properties"] == {}
