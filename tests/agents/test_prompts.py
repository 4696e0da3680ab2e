from pathlib import Path
from typing import Any

import pytest

from agents import prompts, registry
from agents.orchestrator import PROMPT_VERSION


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(prompts, "FOLDER", tmp_path)
    monkeypatch.setattr(prompts, "LOCK", tmp_path / "LOCK")
    (tmp_path / "baker").mkdir()
    (tmp_path / "baker" / "v1.md").write_text("Bake ${what} for $$${price}.", encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_variables_are_put_in() -> None:
    assert prompts.load("baker", "v1", what="bread ${price}", price="3") == "Bake bread ${price} for $3."


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("values", [{}, {"what": "bread"}, {"what": "bread", "price": "3", "when": "now"}])
def test_a_missing_variable_is_an_error_and_so_is_one_too_many(values: dict[str, Any]) -> None:
    with pytest.raises(prompts.PromptError, match="takes"):
        prompts.load("baker", "v1", **values)


@pytest.mark.usefixtures("folder")
def test_a_version_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(prompts.PromptError, match=r"no prompt baker/v2\.md"):
        prompts.load("baker", "v2")


def test_a_lone_dollar_is_an_error(folder: Path) -> None:
    (folder / "baker" / "v2.md").write_text("for $ 3")
    with pytest.raises(prompts.PromptError, match="lone"):
        prompts.load("baker", "v2")


def test_the_lock_notices_one_changed_byte(folder: Path) -> None:
    prompts.lock()
    assert prompts.locked() == prompts.sums()
    (folder / "baker" / "v1.md").write_text("Bake ${what} for $$${price}!")
    assert prompts.locked() != prompts.sums()


def test_no_prompt_was_edited_since_it_was_locked() -> None:
    """If this fails: was the edit meant? A used prompt gets a new version; a new one `manage.py lock_prompts`."""
    assert prompts.locked() == prompts.sums()


@pytest.mark.parametrize("name", [name for name in registry.AGENTS if name != "code"])
def test_every_agents_prompt_loads_without_variables(name: str) -> None:
    assert len(prompts.load(name, registry.load(name).prompt_version)) > 500


def test_the_orchestrators_prompt_takes_the_catalogue() -> None:
    text = prompts.load("orchestrator", PROMPT_VERSION, catalogue="THE AGENTS", max_steps="5")
    assert "THE AGENTS" in text
    assert "more than 5 steps" in text
