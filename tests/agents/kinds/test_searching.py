"""A search of the web: the real adapter against the strict service, from the question to findings."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.contracts import Brief, Desk, Draft, Json, LimitReached, ModelRefused, Unable
from agents.kinds import searching
from agents.kinds.research import ResearchAgent
from agents.llm.anthropic import AnthropicLLM
from agents.llm.rehearsal import RehearsalLLM
from agents.loop import MOST_PAUSES
from tests.agents.test_loop_resume import DyingJournal, Killed
from tests.emulators.anthropic import TOKEN, AnthropicEmulator
from tests.emulators.server_tools import Page
from tests.scripted import MemoryJournal, a_desk

FEES = "https://city.example/fees"
BLOG = "https://blog.example/permit"
ALLOWED: Json = {"web_search": {"for": "own", "most": 3, "domains": []}}
MODEL = "claude-sonnet-5-5"
BRIEF = Brief(
    job_uid="8f14e45f",
    job_title="Terrace",
    job_brief="What does a permit for a terrace cost?",
    data={"margin": "CANARY-31-percent"},
    task_title="Find the fee",
    input={"question": "What does a permit for a terrace cost?", "search": True},
)
CITED = [
    ["A permit costs 120 francs.", FEES, "A permit costs 120 francs."],
    ["Some waited a month.", BLOG, "I waited a month."],
]


@pytest.fixture
def service() -> Iterator[AnthropicEmulator]:
    emulator = AnthropicEmulator().start()
    emulator.web.pages = {
        FEES: Page("Fees of the city", "Fees.\n\nA permit costs 120 francs. It takes a week."),
        BLOG: Page("A blog", "My permit story: I waited a month."),
    }
    yield emulator
    emulator.stop()
    assert not emulator.bugs()


@pytest.fixture
def llm(service: AnthropicEmulator) -> Iterator[AnthropicLLM]:
    made = AnthropicLLM(api_key=TOKEN, base_url=service.url)
    yield made
    made.close()


def searches(body: Json) -> bool:
    """Whether it is the conversation that searches."""
    return any(tool["name"] == "web_search" for tool in body.get("tools", []))


def found(*findings: tuple[str, str]) -> Json:
    rows = [{"claim": "It costs.", "quote": quote, "source": source} for quote, source in findings]
    return {"answer": "120 francs.", "findings": rows, "gaps": []}


@pytest.fixture
def plays(service: AnthropicEmulator) -> Callable[..., None]:
    """A function that lets the model search, open a page and then give these findings."""

    def play(*findings: tuple[str, str], pauses: int = 0) -> None:
        def answer(body: Json, turn: int, results: list[Json]) -> Json:
            if not searches(body):
                return {"json": found(*findings)}
            if turn < pauses:
                return {"server": [["web_search", {"query": "permit"}]], "text": "", "stop": "pause_turn"}
            return {"server": [["web_search", {"query": "permit"}], ["web_fetch", {"url": FEES}]], "cited": CITED}

        service.rule(answer)

    return play


def research(llm: Any, folder: Path, brief: Brief = BRIEF, journal: Any = None, **options: Any) -> Draft:
    desk: Desk = a_desk(llm, folder, model=MODEL, journal=journal, options={**ALLOWED, **options})
    return ResearchAgent().run(brief, desk)


def named(brief: Brief) -> Brief:
    """The page can be fetched, for the request names it."""
    return brief.model_copy(update={"job_brief": f"{brief.job_brief} See {FEES}"})


def test_what_is_cited_becomes_findings_with_source_quote_time_and_hash(
    llm: AnthropicLLM, plays: Callable[..., None], tmp_path: Path
) -> None:
    plays(("A permit costs 120 francs.", FEES), ("I waited a month.", BLOG), ("It is free.", FEES))
    draft = research(llm, tmp_path, named(BRIEF))
    fees, blog, made_up = draft.output["findings"]
    assert (fees["supported"], blog["supported"], made_up["supported"]) == (True, True, False)
    assert fees["fetched_at"] == "2026-11-27T02:00:00Z", "the service says when it read the page"
    assert all(len(one["sha256"]) == 64 for one in (fees, blog))
    assert draft.summary == "2 findings from 2 sources, 1 not supported by the source"
    assert f"Source: <{FEES}>, read 2026-11-27" in draft.made[0].content.decode()


def test_the_conversation_that_searches_knows_the_question_and_the_request_alone(
    llm: AnthropicLLM, plays: Callable[..., None], service: AnthropicEmulator, tmp_path: Path
) -> None:
    plays(("A permit costs 120 francs.", FEES))
    research(llm, tmp_path, named(BRIEF))
    first, second = (seen.json() for seen in service.journal)
    assert searches(first)
    assert "CANARY" not in json.dumps(first)
    assert "output_config" not in first
    assert [tool["name"] for tool in second["tools"]] == ["fetch", "read_file"]
    assert "What a search of the web found" in json.dumps(second["messages"])


def test_the_owner_says_how_often_and_where(
    llm: AnthropicLLM, plays: Callable[..., None], service: AnthropicEmulator, tmp_path: Path
) -> None:
    plays()
    service.web.pages[FEES] = service.web.pages[FEES]
    research(llm, tmp_path, named(BRIEF), web_search={"for": "all", "most": 2, "domains": ["city.example"]})
    tools = service.journal[0].json()["tools"]
    assert [(tool["max_uses"], tool["allowed_domains"]) for tool in tools] == [(2, ["city.example"])] * 2
    assert tools[1]["citations"] == {"enabled": True}


def test_each_search_is_on_the_bill_and_in_the_ceiling(
    llm: AnthropicLLM, plays: Callable[..., None], service: AnthropicEmulator, tmp_path: Path
) -> None:
    plays(("A permit costs 120 francs.", FEES))
    journal = MemoryJournal()
    research(llm, tmp_path, named(BRIEF), journal)
    first = journal.turns()[0].reply
    assert first.usage.web_searches == 1
    cost = llm.cost(first)
    assert cost is not None
    assert abs(cost - float(service.bill.lines[0].usd) * 1_000_000) <= 1
    assert cost > 10_000


def test_a_turn_that_the_server_pauses_goes_on(
    llm: AnthropicLLM, plays: Callable[..., None], service: AnthropicEmulator, tmp_path: Path
) -> None:
    plays(("A permit costs 120 francs.", FEES), pauses=2)
    draft = research(llm, tmp_path, named(BRIEF))
    assert draft.output["findings"][0]["supported"]
    assert len(service.journal) == 4


def test_a_server_that_only_pauses_is_left_with_what_was_found(
    llm: AnthropicLLM, plays: Callable[..., None], service: AnthropicEmulator, tmp_path: Path
) -> None:
    plays(pauses=100)
    draft = research(llm, tmp_path)
    assert draft.output["findings"] == []
    assert sum(searches(seen.json()) for seen in service.journal) == MOST_PAUSES + 1


@pytest.mark.parametrize("steps", range(7))
def test_a_run_that_was_taken_over_searches_nothing_twice(
    llm: AnthropicLLM, plays: Callable[..., None], service: AnthropicEmulator, tmp_path: Path, steps: int
) -> None:
    plays(("A permit costs 120 francs.", FEES))
    dying = DyingJournal(steps)
    try:
        research(llm, tmp_path, named(BRIEF), dying)
    except Killed:
        draft = research(llm, tmp_path, named(BRIEF), dying.next_run())
        assert draft.output["findings"][0]["supported"]
    # At most the one call that was under way when it died is made again.
    assert sum(searches(seen.json()) for seen in service.journal) <= 2
    assert len(service.journal) <= 3


def test_a_search_that_fails_and_a_page_that_is_none_leave_nothing_behind(
    llm: AnthropicLLM, service: AnthropicEmulator, tmp_path: Path
) -> None:
    def answer(body: Json, turn: int, results: list[Json]) -> Json:
        if not searches(body):
            return {"json": {"answer": "Not known.", "findings": [], "gaps": ["Nothing was found."]}}
        pages = [["web_fetch", {"url": url}] for url in ("https://evil.example/leak", FEES)]
        return {"server": [*[["web_search", {"query": "permit"}]] * 4, *pages], "text": "Nothing."}

    service.rule(answer)
    draft = research(llm, tmp_path)
    assert draft.output["findings"] == []
    assert "# What a search of the web found\n\nNothing." in service.journal[-1].json()["messages"][0]["content"]


def test_a_refusal_ends_it_as_everywhere(llm: AnthropicLLM, service: AnthropicEmulator, tmp_path: Path) -> None:
    service.rule(lambda body, turn, results: {"refusal": "cyber"})
    with pytest.raises(ModelRefused):
        research(llm, tmp_path)


def test_an_answer_that_never_fits_ends_it_as_everywhere(
    llm: AnthropicLLM, service: AnthropicEmulator, tmp_path: Path
) -> None:
    service.rule(lambda body, turn, results: {"text": "x" * 100, "cut": 50})
    with pytest.raises(LimitReached):
        research(llm, tmp_path)


class TestWhoMaySearch:
    def test_nobody_where_the_owner_says_nothing(self, llm: AnthropicLLM, tmp_path: Path) -> None:
        for settings in ({}, {"for": "off"}):
            with pytest.raises(Unable, match="NIGHTDESK_WEB_SEARCH"):
                research(llm, tmp_path, web_search=settings)

    def test_requests_of_strangers_only_where_all_may(self) -> None:
        stranger = BRIEF.model_copy(update={"owners_words": ""})
        assert searching.may_search(BRIEF, ALLOWED)
        assert not searching.may_search(stranger, ALLOWED)
        assert searching.may_search(stranger, {"web_search": {"for": "all"}})
        by_an_agent = BRIEF.model_copy(update={"asked": "What does a permit cost?"})
        assert not searching.may_search(by_an_agent, {"web_search": {"for": "all"}})

    def test_a_plan_that_would_search_without_leave_is_refused(self) -> None:
        agent = ResearchAgent()
        given = agent.Input.model_validate(BRIEF.input)
        assert "does not allow" in agent.objection(given, [], {"may_search": False})
        assert agent.objection(given, [], {"may_search": True}) == ""


def test_the_rehearsal_searches_nothing_and_says_what_it_is(tmp_path: Path) -> None:
    draft = research(RehearsalLLM(), tmp_path)
    assert draft.made[0].content.decode().startswith("> Rehearsal")


@pytest.mark.parametrize(
    "citation",
    [
        {"type": "char_location", "document_index": 7, "cited_text": "x"},
        {"type": "char_location", "cited_text": "x"},
        {"type": "web_search_result_location", "url": FEES},
        {"type": "web_search_result_location", "url": FEES, "cited_text": " "},
        {},
    ],
)
def test_a_citation_of_nothing_is_no_source(citation: Json) -> None:
    turns: Any = [("2026-11-27T02:00:00+00:00", [{"type": "text", "text": "x", "citations": [citation]}])]
    assert searching.cited(turns) == {}
