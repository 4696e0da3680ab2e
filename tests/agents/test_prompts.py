from pathlib import Path
from typing import Any

import pytest

from agents import catalogue, orchestrator, prompts, registry
from agents.kinds import searching
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


def in_use(name: str) -> str:
    """An agent's text as it is told, the orchestrator's with the catalogue."""
    if name == orchestrator.NAME:
        return orchestrator.system(orchestrator.PROMPT_VERSION, catalogue.allowed(()))
    if name == searching.NAME:
        return prompts.load(name, searching.PROMPT_VERSION)
    values: dict[str, Any] = {"turns": "24"} if name in {"research", "code"} else {}
    return prompts.load(name, registry.load(name).prompt_version, **values)


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_every_agents_prompt_loads_and_who_uses_tools_is_told_its_turns(name: str) -> None:
    assert ("at most 24 turns" in in_use(name)) == (name in {"research", "code"})


def test_all_but_the_search_are_long_enough_to_be_cached() -> None:
    """What is shorter than 512 tokens no model caches, and nobody says so. About 4 characters are a token.

    https://platform.claude.com/docs/en/build-with-claude/prompt-caching#cache-limitations
    """
    known = [orchestrator.NAME, searching.NAME, *registry.BUILT_IN]
    assert {name for name in known if len(in_use(name)) / 4 < 512} == {searching.NAME}


def test_a_prefix_is_the_same_bytes_for_every_request() -> None:
    """No time, no name, no number of a job stands in it; the catalogue is in the order of the registry."""
    for name in [orchestrator.NAME, *registry.BUILT_IN]:
        assert in_use(name) == in_use(name)
        assert "${" not in in_use(name)


def test_the_orchestrators_prompt_takes_the_catalogue() -> None:
    text = prompts.load("orchestrator", PROMPT_VERSION, catalogue="THE AGENTS", max_steps="5")
    assert "THE AGENTS" in text
    assert "more than 5 steps" in text
