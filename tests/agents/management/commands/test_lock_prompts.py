from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from agents import prompts


@pytest.fixture
def prompt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(prompts, "FOLDER", tmp_path)
    monkeypatch.setattr(prompts, "LOCK", tmp_path / "LOCK")
    path = tmp_path / "baker" / "v1.md"
    path.parent.mkdir()
    path.write_text("Bake.")
    return path


def lock(*arguments: str) -> str:
    out = StringIO()
    call_command("lock_prompts", *arguments, stdout=out)
    return out.getvalue()


def test_it_writes_the_sums_and_shows_what_changed(prompt: Path) -> None:
    assert lock() == "new: baker/v1.md\n1 prompts, 1 changed.\n"
    assert prompts.locked() == prompts.sums()
    prompt.write_text("Bake more.")
    assert "changed: baker/v1.md" in lock()
    prompt.unlink()
    assert "removed: baker/v1.md" in lock()
    assert prompts.locked() == {}


def test_check_changes_nothing_and_fails_when_out_of_date(prompt: Path) -> None:
    lock()
    assert "0 changed" in lock("--check")
    prompt.write_text("Bake more.")
    before = prompts.LOCK.read_text()
    with pytest.raises(SystemExit):
        lock("--check")
    assert prompts.LOCK.read_text() == before
