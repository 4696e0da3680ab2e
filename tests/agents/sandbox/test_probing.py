"""What is said where no cell can be built."""

from pathlib import Path

import pytest

from agents.sandbox import Outcome, groups, probe, probing, profile
from agents.sandbox.groups import Mounts


@pytest.mark.cell
def test_nothing_is_missing_where_a_cell_was_built(buildable: None) -> None:
    assert probe() == []


def test_programs_that_are_missing_are_named_with_their_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(profile, "INSIDE", ("/nonexistent/tar",))
    assert probe() == [
        "bwrap is missing. Install it (apt install bubblewrap).",
        "git is missing. Install it (apt install git).",
        "/nonexistent/tar is missing. Install it.",
    ]


def test_a_user_that_is_missing_is_said() -> None:
    assert "nightcell" in probe("nightcell")[0]


@pytest.mark.cell
def test_a_missing_control_group_is_enough_to_refuse(buildable: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "find", lambda: Mounts({}, None))
    (said,) = probe()
    assert "Memory and processes cannot be limited" in said


@pytest.mark.cell
def test_a_cell_with_a_hole_is_not_used(buildable: None, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = profile._mounts
    monkeypatch.setattr(profile, "_mounts", lambda limits: [*mounts(limits), "--ro-bind", "/var", "/tree/var"])
    monkeypatch.setattr(probing, "_QUESTIONS", probing._QUESTIONS.replace("/var", "/tree/var"))
    (said,) = probe()
    assert "not tight" in said


def test_a_system_other_than_linux_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert probe() == ["The code agent needs Linux: its cell is made of the kernel's namespaces."]


@pytest.mark.parametrize(
    ("text", "helps"),
    [
        ("bwrap: setting up uid map: Permission denied", "AppArmor"),
        ("bwrap: No permissions to create new namespace", "max_user_namespaces"),
        ("bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "container"),
    ],
)
def test_what_bubblewrap_says_comes_with_what_helps(text: str, helps: str) -> None:
    said = probing._explained(text)
    assert said.startswith(text)
    assert helps in said


def test_a_trial_that_says_something_else_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "run", lambda *_, **__: Outcome("CapEff:ffff\nkernel\n", 0))
    (said,) = probing._tried("")
    assert "kernel" in said
