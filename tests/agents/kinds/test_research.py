import hashlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from agents.contracts import Brief, Desk, Draft, Effect, Json, Material, ModelUnavailable, Unable
from agents.kinds.research import ResearchAgent
from tests.scripted import MemoryJournal, ScriptedLLM, a_desk, says, uses

PAGE = "The Forno Uno heats up in 12 minutes\nand costs 1,890 euros.\n\nThe Forno Due needs 25 minutes."


class OnePage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), OnePage)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/ovens"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def task(site: str) -> Brief:
    return Brief(
        job_uid="8f14e45f",
        job_title="Ovens",
        job_brief=f"Which oven heats fastest? See {site} and prices.md.",
        task_title="Compare ovens",
        input={"question": "Which oven heats fastest?", "sources": [site, "prices.md"]},
        materials=[Material(name="prices.md", text="The Forno Due costs 990 euros.")],
    )


def desk(llm: ScriptedLLM, tmp_path: Path, site: str, journal: MemoryJournal | None = None) -> Desk:
    port = int(site.partition("127.0.0.1:")[2].partition("/")[0])
    return a_desk(llm, tmp_path, journal=journal, options={"fetch_allow_loopback_ports": [port]})


def answer(*findings: tuple[str, str], gaps: tuple[str, ...] = ()) -> Json:
    found = [
        {"claim": f"Claim {n}", "quote": quote, "source": source} for n, (quote, source) in enumerate(findings, 1)
    ]
    return {"answer": "The Forno Uno.", "findings": found, "gaps": list(gaps)}


def run(task: Brief, tmp_path: Path, site: str, found: Json, *, read: bool = True) -> Draft:
    lines = [uses(("fetch", {"url": site}), ("read_file", {"name": "prices.md"}))] if read else []
    return ResearchAgent().run(task, desk(ScriptedLLM(*lines, says(found)), tmp_path, site))


def test_a_quote_that_stands_in_its_source_is_a_finding(task: Brief, tmp_path: Path, site: str) -> None:
    quotes = [("heats up in 12 minutes and costs 1,890 euros.", site), ("costs 990 euros", "prices.md")]
    draft = run(task, tmp_path, site, answer(*quotes, gaps=("Nothing on delivery.",)))
    first, second = draft.output["findings"]
    assert (first["supported"], first["fetched_at"]) == (True, "2026-11-23T02:30:00+00:00")
    assert (second["supported"], second["fetched_at"]) == (True, "")
    assert first["sha256"] == hashlib.sha256(PAGE.encode()).hexdigest()
    assert draft.summary == "2 findings from 2 sources, 1 gap"


def test_the_brief_shows_quote_source_and_time(task: Brief, tmp_path: Path, site: str) -> None:
    quotes = [("The Forno Due needs 25 minutes.", site), ("costs 990 euros", "prices.md")]
    draft = run(task, tmp_path, site, answer(*quotes, gaps=("Nothing on delivery.",)))
    (made,) = draft.made
    page = made.content.decode()
    assert (made.kind, made.name) == ("brief", "compare-ovens-brief.md")
    assert draft.effects == [Effect(kind="brief", files=[made.name])]
    assert page.startswith("# Which oven heats fastest?\n\nThe Forno Uno.\n\n## Findings\n\n1. Claim 1\n\n")
    assert (
        f"   > The Forno Due needs 25 minutes.\n\n   Source: <{site}>, read 2026-11-23T02:30:00+00:00, sha-256 "
        in page
    )
    assert "   Source: `prices.md`, sha-256 " in page
    assert page.endswith("## What is missing\n\n- Nothing on delivery.\n")
    assert "Not supported" not in page


def test_an_answer_may_show_that_other_jobs_are_needed(task: Brief, tmp_path: Path, site: str) -> None:
    wanted = [{"title": f"Job {n}", "brief": "Ask the maker of the Forno Uno for an offer."} for n in range(3)]
    draft = run(task, tmp_path, site, {**answer(), "follow_ups": wanted})
    assert [follow_up.title for follow_up in draft.follow_ups] == ["Job 0", "Job 1", "Job 2"]
    assert draft.output["follow_ups"] == wanted
    assert run(task, tmp_path, site, answer()).follow_ups == []


def test_more_than_three_other_jobs_are_not_an_answer(task: Brief, tmp_path: Path, site: str) -> None:
    wanted = {"title": "A job", "brief": "Ask the maker of the Forno Uno for an offer."}
    read = uses(("fetch", {"url": site}))
    llm = ScriptedLLM(read, says({**answer(), "follow_ups": [wanted] * 4}), says(answer()))
    assert ResearchAgent().run(task, desk(llm, tmp_path, site)).follow_ups == []
    assert "at most 3" in str(llm.asks[-1].messages[-1])


@pytest.mark.parametrize(
    ("quote", "where"),
    [
        ("The Forno Uno heats up in 2 minutes", "site"),
        ("The Forno Due costs 990 euros.", "site"),
        ("Source:", "site"),
        ("", "site"),
        ("The Forno Due needs 25 minutes.", "https://elsewhere.example/"),
        ("The Forno Due needs 25 minutes.", "prices.md"),
    ],
)
def test_a_quote_that_does_not_stand_there_is_marked(
    task: Brief, tmp_path: Path, site: str, quote: str, where: str
) -> None:
    draft = run(task, tmp_path, site, answer((quote, site if where == "site" else where)))
    assert draft.output["findings"][0]["supported"] is False
    assert "**Not supported:**" in draft.made[0].content.decode()
    assert draft.summary == "0 findings from 0 sources, 1 not supported by the source"


def test_a_page_that_was_not_read_supports_nothing(task: Brief, tmp_path: Path, site: str) -> None:
    draft = run(task, tmp_path, site, answer(("The Forno Due needs 25 minutes.", site)), read=False)
    assert draft.output["findings"][0]["supported"] is False


def test_a_run_that_takes_over_checks_against_what_the_first_one_read(
    task: Brief, tmp_path: Path, site: str
) -> None:
    journal = MemoryJournal()
    dying = ScriptedLLM(uses(("fetch", {"url": site})), ModelUnavailable("529"))
    with pytest.raises(ModelUnavailable):
        ResearchAgent().run(task, desk(dying, tmp_path, site, journal))
    heir = ScriptedLLM(says(answer(("The Forno Due needs 25 minutes.", site))))
    offline = a_desk(heir, tmp_path, journal=journal.next_run())
    (finding,) = ResearchAgent().run(task, offline).output["findings"]
    assert finding["supported"] is True
    assert finding["fetched_at"] == "2026-11-23T02:30:00+00:00"


def test_an_address_that_nobody_named_is_refused(task: Brief, tmp_path: Path, site: str) -> None:
    llm = ScriptedLLM(uses(("fetch", {"url": f"{site}?leak=secret"})), says(answer()))
    draft = ResearchAgent().run(task, desk(llm, tmp_path, site))
    (result,) = llm.asks[1].messages[2]["content"]
    assert result["is_error"]
    assert "not named in the request" in result["content"]
    assert draft.made[0].content.decode().endswith("## Findings\n\nNone.\n")


def test_what_is_known_of_the_client_stays_at_home(brief: Brief, tmp_path: Path) -> None:
    llm = ScriptedLLM(says(answer()))
    given = {"question": "What is in season?", "sources": ["prices.md"]}
    ResearchAgent().run(brief.model_copy(update={"input": given}), a_desk(llm, tmp_path))
    told = llm.asks[0].messages[0]["content"]
    assert "pays late" not in told
    assert "- prices.md" in told
    assert "costs 14 euros" not in told


def test_nothing_to_read_costs_nothing(tmp_path: Path) -> None:
    task = Brief(job_uid="1", job_title="x", job_brief="Find out.", input={"question": "Which oven?"})
    llm = ScriptedLLM()
    with pytest.raises(Unable, match="Name a web address or attach a file"):
        ResearchAgent().run(task, a_desk(llm, tmp_path))
    assert not llm.asks
