"""What may be read of the owner's own, and who says so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.contracts import Answer, Brief, Json, ToolError
from agents.decisions import NeedsAnswer
from agents.kinds.research import ResearchAgent
from agents.tools.places import NotionPage, Places, Repository
from agents.tools.read_place import PlaceWanted, ReadPlace, allowed, unnamed
from tests.agents.tools.test_notion_page import a_page
from tests.emulators.github import READ_TOKEN, GitHubEmulator
from tests.emulators.github_issues import Issue
from tests.emulators.notion import TOKEN, NotionEmulator
from tests.repositories import an_owned
from tests.scripted import NIGHT, ScriptedLLM, a_desk, says, uses

SITE = Repository("site", "acme/site")


@pytest.fixture
def notion() -> Iterator[NotionEmulator]:
    emulator = NotionEmulator().start()
    yield emulator
    emulator.stop()
    assert not emulator.bugs()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[GitHubEmulator]:
    emulator = GitHubEmulator().start()
    emulator.add_repository("acme/site", an_owned(tmp_path / "owner", {"docs/hours.md": "Open from 17 to 23.\n"}))
    emulator.add_issue("acme/site", Issue(12, "Sunday hours", "Sundays we open at 12."))
    yield emulator
    emulator.stop()
    assert not emulator.bugs()


@pytest.fixture
def options(notion: NotionEmulator, hub: GitHubEmulator) -> Json:
    github = {"token": READ_TOKEN, "base_url": hub.url, "site": "github.com", "repositories": {"site": "acme/site"}}
    return {"places": {"notion": {"token": TOKEN, "base_url": notion.url}, "github": github}}


def link(page: str) -> str:
    return f"https://www.notion.so/acme/Page-{page}"


def asks(*sources: str, **changes: Any) -> Brief:
    given = {"question": "Which hours?", "sources": list(sources)}
    return Brief(job_uid="8f14e45f", job_title="Hours", job_brief="Which hours?", input=given, **changes)


def the_tool(options: Json, *sources: str) -> ReadPlace:
    places = Places(options)
    return ReadPlace(allowed(asks(*sources), places), places, now=lambda: NIGHT)


def read(tool: ReadPlace, source: str) -> str:
    return tool.run(PlaceWanted(source=source))


def test_a_page_comes_under_its_source_and_time(options: Json, notion: NotionEmulator) -> None:
    page = link(a_page(notion, "Hours", "Open from 17 to 23."))
    text = read(the_tool(options, page), page)
    assert text == f"Source: {page}\nTitle: Hours\nFetched: 2026-11-23T02:30:00+00:00\n\nOpen from 17 to 23."


def test_pages_that_a_page_leads_to_may_be_read_too_and_no_others(options: Json, notion: NotionEmulator) -> None:
    prices, secret = (link(a_page(notion, name, name)) for name in ("Prices", "Secret"))
    page = link(a_page(notion, "Hours", f"See [prices]({prices})."))
    tool = the_tool(options, page)
    with pytest.raises(ToolError, match="not named"):
        read(tool, prices)
    read(tool, page)
    assert read(tool, prices).endswith("Prices")
    with pytest.raises(ToolError, match="not named"):
        read(tool, secret)
    # A Run that takes over knows what was read before it.
    later = the_tool(options, page)
    later.remember(tool.shown)
    assert read(later, prices).endswith("Prices")


def test_with_a_repository_all_of_it_was_named(options: Json) -> None:
    tool = the_tool(options, "site")
    assert "site#12  Sunday hours" in read(tool, "site")
    assert "Sundays we open at 12." in read(tool, "site#12")
    assert "Open from 17 to 23." in read(tool, "https://github.com/acme/site/blob/main/docs/hours.md")
    one = the_tool(options, "site#12")
    with pytest.raises(ToolError, match="not named"):
        read(one, "site:docs/hours.md")


@pytest.mark.parametrize("source", ["https://example.com/", "other#1", "https://github.com/evil/site/issues/1", ""])
def test_anything_else_is_no_place(options: Json, source: str) -> None:
    with pytest.raises(ToolError, match="not named"):
        read(the_tool(options, source, "site"), source)


def test_there_is_an_end(options: Json) -> None:
    tool = the_tool(options, "site#12")
    for _ in range(30):
        read(tool, "site#12")
    with pytest.raises(ToolError, match="were read"):
        read(tool, "site#12")


class TestOfAStrangersRequest:
    def test_only_what_the_owners_words_name_may_be_read(self, options: Json) -> None:
        places = Places(options)
        wanted = asks("site#12", "site:docs/hours.md", owners_words="Look at “site#12”, please.")
        assert allowed(wanted, places) == {Repository("site", "acme/site", issue=12)}
        assert unnamed(wanted, places) == ["site:docs/hours.md"]

    def test_the_repository_of_the_event_is_named_as_a_whole(self, options: Json) -> None:
        wanted = asks("site#12", "site:docs/hours.md", owners_words="site")
        assert unnamed(wanted, Places(options)) == []

    def test_a_page_of_notion_that_a_stranger_names_is_not_read(self, options: Json) -> None:
        page = link("0123456789abcdef0123456789abcdef")
        assert allowed(asks(page, owners_words=""), Places(options)) == set()
        assert allowed(asks(page), Places(options)) == {NotionPage("0123456789abcdef0123456789abcdef")}


class TestResearchInTheHouse:
    def play(self, brief: Brief, options: Json, folder: Path, llm: ScriptedLLM) -> Any:
        return ResearchAgent().run(brief, a_desk(llm, folder, options=options))

    def test_quotes_what_it_read_with_source_time_and_hash(self, options: Json, tmp_path: Path) -> None:
        found = [
            {"claim": "Sundays from 12.", "quote": "Sundays we open at 12.", "source": "site#12"},
            {"claim": "Else from 17.", "quote": "Open from 17 to 23.", "source": "site:docs/hours.md"},
            {"claim": "Mondays.", "quote": "Closed on Mondays.", "source": "site#12"},
        ]
        llm = ScriptedLLM(
            uses(("read_place", {"source": "site#12"}), ("read_place", {"source": "site:docs/hours.md"})),
            says({"answer": "From 12.", "findings": found, "gaps": []}),
        )
        draft = self.play(asks("site#12", "site:docs/hours.md"), options, tmp_path, llm)
        assert [one["supported"] for one in draft.output["findings"]] == [True, True, False]
        assert all(one["fetched_at"] and len(one["sha256"]) == 64 for one in draft.output["findings"])

    def test_has_no_tool_that_reaches_out(self, options: Json, tmp_path: Path) -> None:
        llm = ScriptedLLM(says({"answer": "x", "findings": [], "gaps": []}))
        self.play(asks("site#12", "https://example.com/"), options, tmp_path, llm)
        assert [tool["name"] for tool in llm.asks[0].tools] == ["read_place", "read_file"]

    def test_asks_the_owner_before_strangers_have_anything_read(self, options: Json, tmp_path: Path) -> None:
        wanted = asks("site#12", owners_words="")
        with pytest.raises(NeedsAnswer, match="site#12") as asked:
            self.play(wanted, options, tmp_path, ScriptedLLM())
        question = asked.value.question
        yes, no = (Answer(question=question.question, answer=one) for one in question.suggestions)
        llm = ScriptedLLM(
            uses(("read_place", {"source": "site#12"})),
            says({"answer": "x", "findings": [], "gaps": []}),
        )
        told = wanted.model_copy(update={"answers": [yes], "owners_words": yes.answer})
        self.play(told, options, tmp_path, llm)
        assert "Sundays we open" in str(llm.asks[1].messages)
        llm = ScriptedLLM(
            uses(("read_place", {"source": "site#12"})),
            says({"answer": "x", "findings": [], "gaps": []}),
        )
        told = wanted.model_copy(update={"answers": [no], "owners_words": no.answer})
        self.play(told, options, tmp_path, llm)
        assert "not named in the task" in str(llm.asks[1].messages)

    def test_does_not_share_a_step_with_the_web(self, options: Json) -> None:
        agent = ResearchAgent()

        def objection(*sources: str, search: bool = False) -> str:
            given = agent.Input(question="Which hours?", sources=list(sources), search=search)
            return agent.objection(given, [], {**options, "may_search": True})

        assert "two steps" in objection("site#12", "https://example.com/")
        assert "two steps" in objection("site#12", search=True)
        assert objection("site#12", "notes.md") == ""
        assert objection("https://example.com/", search=True) == ""
        assert "names no sources" in objection()
