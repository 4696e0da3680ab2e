"""`manage.py evaluate` with the rehearsal and with a model that recites."""

import json
import re
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agents import golden, prompts, workers
from agents.contracts import ModelUnavailable
from tests.scripted import ScriptedLLM, says

PLAN = says(
    {
        "decision": {
            "kind": "plan",
            "steps": [
                {
                    "agent": "drafting",
                    "title": "Write",
                    "input": {"kind": "page", "audience": "guests", "instructions": "Tuesday to Saturday, 9 to 18"},
                    "needs": [],
                }
            ],
        }
    }
)
QUESTION = says(
    {"decision": {"kind": "question", "question": "Which?", "suggestions": ["a", "b"], "recommended": 0}}
)


@pytest.fixture
def evaluate(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """A function that runs the command with scores of its own; exit code and what it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        out = StringIO()
        try:
            call_command("evaluate", "--scores", str(tmp_path / "scores.json"), *arguments, stdout=out)
        except SystemExit as end:
            return int(str(end.code)), out.getvalue()
        return 0, out.getvalue()

    return run


@pytest.fixture
def recites(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def with_lines(*lines: Any) -> None:
        model = ScriptedLLM(*lines)
        monkeypatch.setattr(workers, "llm", lambda: model)

    return with_lines


def test_the_rehearsal_reaches_all_of_the_golden_set(evaluate: Callable[..., tuple[int, str]]) -> None:
    code, shown = evaluate()
    assert code == 0
    size = len(golden.load())
    assert re.search(
        rf"{size} of {size} reached their outcome, (\d+) of \1 points: prompt v\d+ \(\w+\), model rehearsal; "
        rf"{size} calls, \$0\.0000$",
        shown.strip(),
    )
    assert "MISSED" not in shown


def test_one_brief_can_be_looked_at_as_json(evaluate: Callable[..., tuple[int, str]]) -> None:
    code, shown = evaluate("--only", "twelve", "--json")
    told = json.loads(shown)
    assert (code, told["reached"], told["missed"], told["worse"]) == (0, ["twelve-things"], [], "")
    assert told["briefs_scored"][0]["outcome"] == "split"
    assert len(told["prompt"]) == 64


def test_a_prompt_that_scores_worse_than_the_last_says_so(
    evaluate: Callable[..., tuple[int, str]],
    recites: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(prompts.FOLDER, tmp_path / "prompts")
    monkeypatch.setattr(prompts, "FOLDER", tmp_path / "prompts")
    v2 = (tmp_path / "prompts/orchestrator/v2.md").read_text()
    (tmp_path / "prompts/orchestrator/v9.md").write_text(f"{v2}\nAlways ask.\n")
    recites(PLAN)
    assert evaluate("--only", "only-drafting")[0] == 0
    recites(QUESTION)
    code, shown = evaluate("--only", "only-drafting", "--prompt", "v9")
    assert code == 1
    assert "MISSED only-drafting-allowed" in shown
    assert "Worse than v2 of " in shown
    assert "no longer reached: only-drafting-allowed." in shown


def test_a_model_that_does_not_answer_is_a_miss_with_its_reason(
    evaluate: Callable[..., tuple[int, str]], recites: Callable[..., None]
) -> None:
    recites(ModelUnavailable("overloaded"))
    code, shown = evaluate("--only", "only-drafting")
    assert code == 1
    assert "ModelUnavailable: overloaded" in shown


@pytest.mark.parametrize(
    "arguments",
    [["--only", "no such brief"], ["--briefs", "/nonexistent"], ["--prompt", "v0"]],
    ids=["no brief", "no file", "no prompt"],
)
def test_what_cannot_be_evaluated_is_said(evaluate: Callable[..., tuple[int, str]], arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        evaluate(*arguments)
