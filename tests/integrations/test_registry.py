"""The list of providers."""

from pathlib import Path

import pytest

from integrations import registry
from integrations.folder.target import FolderTarget
from integrations.github.client import GitHubGaps
from integrations.github.source import GitHubSource


@pytest.mark.parametrize("name", sorted(registry.SOURCES))
def test_every_source_answers_to_its_own_name(name: str) -> None:
    assert registry.source(name).slug == name


@pytest.mark.parametrize(
    ("path", "contract"),
    [
        *((path, "SourceContract") for path in registry.SOURCES.values()),
        *((path, "TargetContract") for path in registry.TARGETS.values()),
    ],
)
def test_every_half_of_a_provider_keeps_the_contract_of_all(path: str, contract: str) -> None:
    module, _, name = path.rpartition(".")
    tests = (Path(__file__).parent.parent / Path(*module.split("."))).parent.glob("test_*.py")
    assert any(f"{contract})" in text and name in text for text in (file.read_text() for file in tests))


def test_a_target_is_made_with_its_options(tmp_path: Path) -> None:
    assert isinstance(registry.target("folder", {"root": tmp_path}), FolderTarget)


def test_a_source_is_made_with_its_options() -> None:
    source = registry.source("github", {"own_logins": ["desk-bot"]})
    assert isinstance(source, GitHubSource)
    assert source.own_logins == {"desk-bot"}
    with pytest.raises(registry.BrokenProvider, match="source form"):
        registry.source("form", {"colour": "red"})


def test_a_gap_finder_is_made_with_its_options() -> None:
    options = {"token": "t", "owners": ["acme"], "address": "https://desk.example.com/"}
    assert isinstance(registry.gap_finder("github", options), GitHubGaps)
    with pytest.raises(registry.BrokenProvider, match="GITHUB_HOOKS"):
        registry.gap_finder("github", {**options, "owners": ["a b"]})
    with pytest.raises(registry.UnknownProvider, match="no gap finder named 'fax'; there are: github"):
        registry.gap_finder("fax", {})


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(registry.UnknownProvider, match="'fax'; there are: form, github, mail, notion, slack"):
        registry.source("fax")
    with pytest.raises(registry.UnknownProvider, match="there are: folder, git, github, mail"):
        registry.target("fax", {})


def test_a_broken_provider_keeps_its_cause(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken_provider.py").write_text("import a_library_that_is_not_there\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(registry.SOURCES, "broken", "broken_provider.Source")
    monkeypatch.setitem(registry.SOURCES, "gone", "integrations.form.source.Gone")
    with pytest.raises(registry.BrokenProvider, match="a_library_that_is_not_there") as caught:
        registry.source("broken")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)
    with pytest.raises(registry.BrokenProvider, match="Gone"):
        registry.source("gone")


def test_wrong_options_name_the_target() -> None:
    with pytest.raises(registry.BrokenProvider, match=r"target folder .*colour"):
        registry.target("folder", {"root": "/", "colour": "red"})
    with pytest.raises(registry.BrokenProvider, match="MAIL_FROM"):
        registry.target("mail", {"sender": "nobody"})


def test_an_unknown_probe_is_named() -> None:
    with pytest.raises(registry.UnknownProvider, match="no probe named 'carrier'"):
        registry.probe("carrier", {})


def test_who_can_make_what_is_missing_is_known_without_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.PROBES, "broken", "integrations.nowhere.Probe")
    assert registry.can_mend("notion")
    assert not any(registry.can_mend(name) for name in ("slack", "broken", "unknown"))


@pytest.mark.parametrize("name", registry.TARGETS)
def test_every_target_keeps_the_contract(name: str) -> None:
    folder = Path(__file__).parent / registry.TARGETS[name].split(".")[1]
    held = [path for path in folder.glob("test_*.py") if "TargetContract)" in path.read_text()]
    assert held, f"a test in {folder} has to subclass TargetContract"
