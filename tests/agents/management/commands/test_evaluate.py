"""`manage.py evaluate` with the rehearsal and with a model that recites."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agents import golden, orchestrator, prompts, workers
from agents.contracts import Ask, ModelUnavailable, Reply
from agents.golden import scores
from agents.llm.anthropic import AnthropicLLM
from agents.management.alone import MICRO_USD
from tests.emulators.anthropic import TOKEN, AnthropicEmulator
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
    in_use = orchestrator.PROMPT_VERSION
    text = (tmp_path / f"prompts/orchestrator/{in_use}.md").read_text()
    (tmp_path / "prompts/orchestrator/v9.md").write_text(f"{text}\nAlways ask.\n")
    recites(PLAN)
    assert evaluate("--only", "only-drafting")[0] == 0
    recites(QUESTION)
    code, shown = evaluate("--only", "only-drafting", "--prompt", "v9")
    assert code == 1
    assert "MISSED only-drafting-allowed" in shown
    assert f"Worse than {in_use} of " in shown
    assert "no longer reached: only-drafting-allowed." in shown


def test_a_model_that_does_not_answer_judges_no_prompt(
    evaluate: Callable[..., tuple[int, str]], recites: Callable[..., None], tmp_path: Path
) -> None:
    recites(ModelUnavailable("overloaded"))
    with pytest.raises(CommandError, match="ModelUnavailable: overloaded") as told:
        evaluate("--only", "only-drafting")
    assert "only the rest is asked" in str(told.value)
    assert scores.kept(tmp_path / "scores.json") == []


class TestOverTheWire:
    """The real adapter and its SDK before the strict service."""

    @pytest.fixture
    def service(self, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[AnthropicEmulator]:
        emulator = AnthropicEmulator(wits=True).start()
        llm = AnthropicLLM(api_key=TOKEN, base_url=emulator.url)
        monkeypatch.setattr(workers, "llm", lambda: llm)
        settings.REHEARSAL = False
        settings.MODELS = {"default": "claude-opus-5-5"}
        yield emulator
        llm.close()
        emulator.stop()
        assert not emulator.bugs()

    def test_the_whole_set_is_scored_and_costs_what_the_service_billed(
        self, service: AnthropicEmulator, evaluate: Callable[..., tuple[int, str]], tmp_path: Path
    ) -> None:
        code, shown = evaluate("--json")
        told = json.loads(shown)
        assert (code, told["missed"], len(told["reached"])) == (0, [], len(golden.load()))
        assert told["model"] == "claude-opus-5-5"
        # Each call is rounded up to a whole micro-USD.
        billed = service.bill.usd() * MICRO_USD
        assert billed <= told["cost_microusd"] <= billed + len(service.bill.lines)
        assert not (tmp_path / "scores.begun.jsonl").exists()

    def test_an_interrupted_one_goes_on_and_pays_nothing_twice(
        self,
        service: AnthropicEmulator,
        evaluate: Callable[..., tuple[int, str]],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        complete = AnthropicLLM.complete
        asked: list[Ask] = []

        def stopped(self: AnthropicLLM, ask: Ask) -> Reply:
            asked.append(ask)
            if len(asked) == 5:
                raise KeyboardInterrupt
            return complete(self, ask)

        monkeypatch.setattr(AnthropicLLM, "complete", stopped)
        with pytest.raises(KeyboardInterrupt):
            evaluate("--only", "bug", "--at-once", "1")
        paid = len(service.bill.lines)
        # As a kill would leave it.
        begun = tmp_path / "scores.begun.jsonl"
        begun.write_text(begun.read_text() + '\n{"brief": "torn')
        code, shown = evaluate("--only", "bug", "--at-once", "1", "--json")
        size = len([brief for brief in golden.load() if "bug" in brief.name])
        assert 4 <= paid < size
        assert (code, len(json.loads(shown)["reached"])) == (0, size)
        assert len(service.bill.lines) == size
        billed = service.bill.usd() * MICRO_USD
        assert billed <= json.loads(shown)["cost_microusd"] <= billed + size, "what was paid before counts, too"

    def test_its_price_comes_first_and_nothing_is_asked_that_may_not_fit(
        self,
        service: AnthropicEmulator,
        evaluate: Callable[..., tuple[int, str]],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert evaluate("--price")[0] == 0
        said = capsys.readouterr().err
        price = re.search(r"^\d\d requests for claude-opus-5-5: about \$(\d\.\d\d), \$5\.00 at most", said)
        assert price, said
        with pytest.raises(CommandError, match=r"more than it may cost\. To let it: --most \d\.\d\d"):
            evaluate("--most", "0.10")
        assert not service.journal
        code, shown = evaluate("--json")
        assert code == 0
        real = json.loads(shown)["cost_microusd"] / MICRO_USD
        assert real < float(price[1])

    def test_at_its_envelope_it_stops_and_keeps_what_was_paid(
        self,
        service: AnthropicEmulator,
        evaluate: Callable[..., tuple[int, str]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("agents.management.commands.evaluate._price", lambda briefs, version: 0)
        with pytest.raises(CommandError, match="requests were not asked") as told:
            evaluate("--most", "0.40")
        assert "run the same again, and only the rest is asked" in str(told.value)
        assert service.bill.usd() <= Decimal("0.40")
        paid = len(service.bill.lines)
        assert 2 <= paid < len(golden.load())
        assert evaluate("--most", "9")[0] == 0
        assert len(service.bill.lines) == len(golden.load())


@pytest.mark.parametrize("word", ["much", "nan", "-1"])
def test_an_amount_that_is_none_is_said(word: str, evaluate: Callable[..., tuple[int, str]]) -> None:
    with pytest.raises(CommandError, match="no amount of USD"):
        evaluate(f"--most={word}")


@pytest.mark.parametrize(
    "arguments",
    [["--only", "no such brief"], ["--briefs", "/nonexistent"], ["--prompt", "v0"]],
    ids=["no brief", "no file", "no prompt"],
)
def test_what_cannot_be_evaluated_is_said(evaluate: Callable[..., tuple[int, str]], arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        evaluate(*arguments)
