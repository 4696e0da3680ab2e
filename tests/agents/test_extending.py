"""A new specialist, added exactly as agents/README.md says, and one that an installed package brings along."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "agents" / "README.md").read_text()
ENVIRONMENT = {"PATH": os.environ["PATH"], "SECRET_KEY": "a key for tests only"}


def block(after: str, language: str) -> str:
    """The first code block of the language after these words."""
    found = re.search(rf"```{language}\n(.*?)```", README.partition(after)[2], re.DOTALL)
    assert found, after
    return found[1]


def manage(house: Path, *arguments: str, path: str = "") -> str:
    """What a management command of the copy prints; an AssertionError if it fails."""
    environment = {**ENVIRONMENT, "NIGHTDESK_VAR": str(house / "var"), "PYTHONPATH": path}
    command = [sys.executable, str(house / "manage.py"), *arguments]
    done = subprocess.run(command, cwd=house, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product's code, as it is."""
    return copied(tmp_path_factory.mktemp("house"))


def copied(copy: Path) -> Path:
    """The product's code in this folder, and a task to try."""
    for folder in ("agents", "config", "integrations", "jobs", "templates"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", copy)
    (copy / "task.json").write_text(
        json.dumps({"input": {"language": "Italian"}, "task_title": "The menu", "job_brief": "Translate the menu."})
    )
    return copy


def test_the_file_is_about_twenty_lines() -> None:
    lines = [line for line in block("**The file**", "python").splitlines() if line.strip()]
    assert len(lines) <= 25


@pytest.mark.long
def test_one_file_one_prompt_and_one_line_make_a_specialist(tmp_path: Path) -> None:
    house = copied(tmp_path / "house")
    (house / "agents/kinds/translation.py").write_text(block("**The file**", "python"))
    (house / "agents/prompts/translation").mkdir()
    (house / "agents/prompts/translation/v1.md").write_text(block("**The prompt**", "markdown"))
    registry = house / "agents/registry.py"
    registry.write_text(
        registry.read_text().replace("BUILT_IN = {\n", f"BUILT_IN = {{\n{block('**The line**', 'python')}")
    )

    assert "new: translation/v1.md" in manage(house, "lock_prompts")
    assert "no issues" in manage(house, "check")
    shown = manage(house, "try_agent", "translation", "--input", "task.json")
    assert shown.startswith("Translated into Italian\n")
    assert "=== draft: the-menu-draft.md" in shown
    assert "would ask for: document {} the-menu-draft.md" in shown
    assert shown.strip().endswith("1 call, $0.0000")
    catalogue = manage(
        house, "shell", "--no-imports", "-c", "from agents import catalogue; print(catalogue.text())"
    )
    assert "translation" in [entry["agent"] for entry in json.loads(catalogue)]


def installed(folder: Path, *points: str) -> str:
    """A folder as an installer leaves it, with one distribution whose entry points are these."""
    package = folder / "site" / "our_agents"
    (package / "prompts" / "translation").mkdir(parents=True)
    (package / "__init__.py").touch()
    source = block("**The file**", "python")
    here = 'folder=Path(__file__).parent / "prompts"'
    source = source.replace("from pydantic", "from pathlib import Path\n\nfrom pydantic", 1)
    (package / "translation.py").write_text(
        source.replace(
            "prompts.load(self.name, self.prompt_version)", f"prompts.load(self.name, self.prompt_version, {here})"
        )
    )
    (package / "prompts/translation/v1.md").write_text(block("**The prompt**", "markdown"))
    info = folder / "site" / "our_agents-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: our-agents\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[nightdesk.agents]\n" + "\n".join(points) + "\n")
    return str(folder / "site")


POINT = block("**From a package of its own:**", "toml").splitlines()[1].replace('"', "")


def test_an_installed_package_brings_an_agent_along(house: Path, tmp_path: Path) -> None:
    path = installed(tmp_path, POINT)
    shown = manage(house, "try_agent", "translation", "--input", "task.json", path=path)
    assert shown.startswith("Translated into Italian\n")
    asked = "from agents import catalogue, registry; print(list(registry.AGENTS), 'Translates' in catalogue.text())"
    printed = manage(house, "shell", "--no-imports", "-c", asked, path=path)
    assert printed.strip().endswith("'communication', 'translation'] True")


def test_no_package_takes_the_place_of_an_agent_of_the_house(house: Path, tmp_path: Path) -> None:
    path = installed(tmp_path, "review = our_agents.translation:TranslationAgent")
    asked = "from agents import registry; print(registry.AGENTS['review'])"
    printed = manage(house, "shell", "--no-imports", "-c", asked, path=path)
    assert printed.strip() == "agents.kinds.review.ReviewAgent"


def test_a_package_that_is_broken_is_named_and_the_others_work(house: Path, tmp_path: Path) -> None:
    path = installed(tmp_path, "broken = our_agents.nowhere:Agent", POINT)
    with pytest.raises(AssertionError, match=r"The agent 'broken' \(our_agents.nowhere.Agent\) cannot be loaded"):
        manage(house, "try_agent", "broken", "--input", "task.json", path=path)
    asked = "from agents import catalogue; print(list(catalogue.agents()))"
    printed = manage(house, "shell", "--no-imports", "-c", asked, path=path)
    assert printed.strip().endswith("'communication', 'translation']")
