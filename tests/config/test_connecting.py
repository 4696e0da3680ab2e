"""How providers are connected, as the set-up page says it."""

import pytest
from pytest_django import Settings

from config.connecting import GUIDES
from integrations import registry


@pytest.mark.parametrize("name", GUIDES)
def test_each_guide_says_what_for_and_what_to_set(name: str) -> None:
    guide = GUIDES[name]
    assert guide.about.endswith(".")
    assert guide.how.endswith(".")
    assert "_" in guide.how, "names a variable"
    assert len(guide.about) <= 200


def test_whatever_can_be_looked_at_can_be_connected_with_it() -> None:
    assert registry.PROBES.keys() <= GUIDES.keys()


@pytest.mark.parametrize("name", ["git", "webhook"])
def test_what_the_settings_name_is_connected(name: str, settings: Settings) -> None:
    settings.PROBES = {}
    assert not GUIDES[name].is_connected()
    settings.PROBES = {name: {}}
    assert GUIDES[name].is_connected()


def test_a_secret_that_another_process_holds_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTION_TOKEN", "NIGHTDESK_HELD_ELSEWHERE"):
        monkeypatch.delenv(name, raising=False)
    assert not GUIDES["notion"].is_connected()
    monkeypatch.setenv("NIGHTDESK_HELD_ELSEWHERE", "GITHUB_TOKEN,NOTION_TOKEN")
    assert GUIDES["notion"].is_connected()
