"""Which access a task has, and that no way of working has all three."""

from agents import registry
from agents.access import ALL_ACCESS, Access, Several
from agents.contracts import Json
from tests.agents.tools.test_places import ID, OPTIONS


def access(sources: list[str]) -> Access:
    given: Json = {"question": "Which hours?", "sources": sources}
    return registry.access_for(registry.load("research"), given, OPTIONS)


def test_research_on_the_web_knows_nothing_private_and_research_in_the_house_asks_nobody() -> None:
    web = Access(untrusted=True, private=False, reaches_out=True)
    house = Access(untrusted=True, private=True, reaches_out=False)
    assert access([]) == access(["https://example.com/", "notes.md"]) == web
    assert access([f"https://www.notion.so/{ID}"]) == access(["site#12"]) == house
    # One own place is enough, whatever else stands beside it.
    assert access(["https://example.com/", "site"]) == house


def test_an_agent_with_one_way_has_it_for_every_task() -> None:
    code = registry.load("code")
    assert not isinstance(code, Several)
    assert registry.access_for(code, {"repository": "site"}, OPTIONS) == registry.access_of(code)
    assert registry.access_for(object(), {}, {}) == ALL_ACCESS  # type: ignore[arg-type]
