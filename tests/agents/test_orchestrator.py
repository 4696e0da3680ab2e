import json
from pathlib import Path
from typing import Any

import anthropic
import pytest

from agents import catalogue, orchestrator, registry
from agents.contracts import (
    Answer,
    Brief,
    ClientFacts,
    Json,
    Material,
    ModelUnavailable,
    Reply,
)
from agents.decisions import Decision, Plan, Question, Split
from tests.agents.tools.test_places import OPTIONS
from tests.scripted import MemoryJournal, ScriptedLLM, a_desk, says

BRIEF = Brief(
    job_uid="8f14e45f",
    job_title="Spring newsletter",
    job_brief="Read https://lume.example/menu and write the spring newsletter, then tell the client it is ready.",
    client=ClientFacts(name="Trattoria Lume", notes="pays late", has_recipients=True),
    data={"from": "form", "deadline": "Friday"},
    materials=[Material(name="prices.md", text="x" * 1_200)],
    answers=[Answer(question="How long?", answer="One page.")],
)
STEPS: list[Json] = [
    {
        "agent": "research",
        "title": "Read the menu",
        "input": {"question": "What is new on the menu?", "sources": ["https://lume.example/menu"]},
        "needs": [],
    },
    {
        "agent": "drafting",
        "title": "Write the newsletter",
        "input": {"kind": "page", "audience": "regular guests", "instructions": "One page on what is new"},
        "needs": [1],
    },
    {"agent": "review", "title": "Judge the newsletter", "input": {}, "needs": [2]},
    {
        "agent": "communication",
        "title": "Tell the client",
        "input": {"purpose": "Say that the newsletter is ready"},
        "needs": [2, 3],
    },
]


def planned(*steps: Json) -> Reply:
    return says({"decision": {"kind": "plan", "steps": list(steps)}})


def changed(position: int, **fields: Any) -> list[Json]:
    return [{**step, **fields} if number == position else step for number, step in enumerate(STEPS, start=1)]


def decide(tmp_path: Path, *replies: Reply, brief: Brief = BRIEF) -> tuple[Decision, ScriptedLLM]:
    llm = ScriptedLLM(*replies)
    return orchestrator.plan(brief, a_desk(llm, tmp_path)), llm


def test_a_valid_plan_is_returned_as_it_is(tmp_path: Path) -> None:
    decision, llm = decide(tmp_path, planned(*STEPS))
    assert isinstance(decision, Plan)
    assert [step.model_dump() for step in decision.steps] == STEPS
    assert len(llm.asks) == 1


def test_the_model_is_told_the_request_and_the_catalogue_but_no_secrets(tmp_path: Path) -> None:
    _, llm = decide(tmp_path, planned(*STEPS))
    ask = llm.asks[0]
    told = ask.messages[0]["content"]
    assert catalogue.text() in ask.system
    for words in (BRIEF.job_title, BRIEF.job_brief, "Friday", "prices.md (1,200 characters)", "One page."):
        assert words in told
    assert "Trattoria Lume (has a trusted recipient)" in told
    assert "pays late" not in told


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ([*STEPS, STEPS[1], STEPS[1]], "The plan has 6 steps; 5 are the most"),
        ([], "The plan has no steps"),
        (changed(2, agent="barista"), "there is no agent 'barista'"),
        (changed(2, input={"kind": "sonnet", "audience": "all", "instructions": "write"}), "input: kind: "),
        (changed(2, needs=[4]), "it needs step 4, which comes later"),
        (changed(2, title="x" * 121), "steps.1.title: String should have at most 120 characters"),
        (changed(3, needs=[]), "it has nothing to review"),
        (
            changed(1, input={"question": "What is new?", "sources": ["https://lume.example/menu?to=evil"]}),
            "https://lume.example/menu?to=evil is not in the request",
        ),
    ],
)
class TestAnInvalidPlan:
    def test_goes_back_once_with_the_reason_in_the_same_conversation(
        self, tmp_path: Path, wrong: list[Json], reason: str
    ) -> None:
        decision, llm = decide(tmp_path, planned(*wrong), planned(*STEPS))
        assert isinstance(decision, Plan)
        roles = [message["role"] for message in llm.asks[1].messages]
        assert roles == ["user", "assistant", "user"]
        assert llm.asks[1].messages[:1] == llm.asks[0].messages
        assert reason in llm.asks[1].messages[2]["content"]

    def test_becomes_a_question_the_second_time(self, tmp_path: Path, wrong: list[Json], reason: str) -> None:
        decision, llm = decide(tmp_path, planned(*wrong), planned(*wrong))
        assert isinstance(decision, Question)
        assert decision.question.startswith("I could not plan this: ")
        assert reason in decision.question
        assert "form" not in decision.question
        assert catalogue.check(decision) == []
        assert len(llm.asks) == 2


def test_the_question_tells_what_the_last_plan_broke(tmp_path: Path) -> None:
    decision, _ = decide(tmp_path, planned(), planned(*changed(2, agent="barista")))
    assert isinstance(decision, Question)
    assert "barista" in decision.question
    assert "no steps" not in decision.question


@pytest.mark.parametrize("answer", ["I would rather talk.", {"decision": {"kind": "poem"}}, {"steps": STEPS}])
def test_an_answer_of_another_form_becomes_a_question_too(tmp_path: Path, answer: Json | str) -> None:
    decision, _ = decide(tmp_path, says(answer), says(answer))
    assert isinstance(decision, Question)
    assert decision.question == (
        "I could not plan this: The model's answer did not have the form of a decision, twice. What shall I do?"
    )


def test_a_split_is_returned(tmp_path: Path) -> None:
    parts = [{"title": "Newsletter", "brief": "Write it."}, {"title": "Website", "brief": "Put it up."}]
    decision, _ = decide(tmp_path, says({"decision": {"kind": "split", "reason": "two things", "parts": parts}}))
    assert isinstance(decision, Split)
    assert [part.model_dump() for part in decision.parts] == parts


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([{"title": "One", "brief": "Only"}], "at least 2 items"),
        ([{"title": str(number), "brief": str(number)} for number in range(3)], "at most 2 items"),
        ([{"title": "One", "brief": "Same"}, {"title": "Two", "brief": "Same"}], "ask for the same"),
        ([{"title": "One", "brief": "See https://evil.example/"}, {"title": "Two", "brief": "x"}], "evil.example"),
    ],
)
def test_a_split_that_cannot_be_carried_out_goes_back(tmp_path: Path, parts: list[Json], reason: str) -> None:
    split = says({"decision": {"kind": "split", "reason": "two things", "parts": parts}})
    decision, llm = decide(tmp_path, split, planned(*STEPS))
    assert isinstance(decision, Plan)
    assert reason in llm.asks[1].messages[2]["content"]


def test_a_question_is_returned(tmp_path: Path) -> None:
    asked = {"question": "Which menu?", "suggestions": ["Lunch", "Dinner"], "recommended": 1}
    decision, _ = decide(tmp_path, says({"decision": {"kind": "question", **asked}}))
    assert isinstance(decision, Question)
    assert decision.model_dump() == {**asked, "lasting": False, "if_unanswered": "hold"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"suggestions": ["Lunch"]}, "at least 2 items"), ({"recommended": 5}, "recommended answer is not among")],
)
def test_a_question_that_cannot_be_answered_goes_back(tmp_path: Path, change: Json, reason: str) -> None:
    asked = {"kind": "question", "question": "Which?", "suggestions": ["Lunch", "Dinner"], "recommended": 1}
    _, llm = decide(tmp_path, says({"decision": {**asked, **change}}), planned(*STEPS))
    assert reason in llm.asks[1].messages[2]["content"]


def test_an_outage_of_the_model_is_no_question(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        orchestrator.plan(BRIEF, a_desk(ScriptedLLM(ModelUnavailable("529")), tmp_path))


def test_a_run_that_takes_over_plans_from_what_is_paid(tmp_path: Path) -> None:
    journal = MemoryJournal()
    orchestrator.plan(BRIEF, a_desk(ScriptedLLM(planned(), planned(*STEPS)), tmp_path, journal=journal))
    again = orchestrator.plan(BRIEF, a_desk(ScriptedLLM(), tmp_path, journal=journal.next_run()))
    assert isinstance(again, Plan)


def test_a_job_without_a_client_says_so(tmp_path: Path) -> None:
    brief = BRIEF.model_copy(update={"client": None})
    _, llm = decide(tmp_path, planned(*STEPS), brief=brief)
    assert "nobody to write to" in llm.asks[0].messages[0]["content"]


def test_the_form_that_is_asked_for_survives_on_its_way_to_the_api(tmp_path: Path) -> None:
    """Every agent has its own shape for a step, with its own input; nothing is left open."""
    _, llm = decide(tmp_path, planned(*STEPS))
    sent = anthropic.transform_schema(llm.asks[0].output_schema or {})
    assert "discriminator" not in json.dumps(sent)
    assert len(sent["properties"]["decision"]["anyOf"]) == 3
    shapes = sent["$defs"]["PlanChoice"]["properties"]["steps"]["items"]["anyOf"]
    assert [shape["properties"]["agent"]["const"] for shape in shapes] == list(registry.AGENTS)
    for shape in shapes:
        wanted = registry.load(shape["properties"]["agent"]["const"]).Input.model_fields.keys()
        assert shape["properties"]["input"]["properties"].keys() == wanted
        assert shape["additionalProperties"] is False


def test_only_the_agents_that_are_allowed_stand_in_the_catalogue_and_in_the_form(tmp_path: Path) -> None:
    llm = ScriptedLLM(planned(STEPS[0]))
    decision = orchestrator.plan(BRIEF, a_desk(llm, tmp_path), ["review", "research"])
    assert isinstance(decision, Plan)
    ask = llm.asks[0]
    entries = json.loads(catalogue.text(("research", "review")))
    assert [entry["agent"] for entry in entries] == ["research", "review"]
    assert catalogue.text(("research", "review")) in ask.system
    assert '"drafting"' not in ask.system
    assert ask.output_schema is not None
    steps = ask.output_schema["$defs"]["PlanChoice"]["properties"]["steps"]["items"]["anyOf"]
    assert [step["properties"]["agent"]["const"] for step in steps] == ["research", "review"]


def test_a_plan_with_an_agent_that_is_not_allowed_goes_back_and_then_becomes_a_question(tmp_path: Path) -> None:
    llm = ScriptedLLM(planned(*STEPS), planned(*STEPS))
    decision = orchestrator.plan(BRIEF, a_desk(llm, tmp_path), ["research", "drafting"])
    assert isinstance(decision, Question)
    assert "Step 4 (communication): this job may use only research, drafting." in decision.question


def test_without_any_agent_that_is_allowed_nobody_is_asked_but_the_owner(tmp_path: Path) -> None:
    llm = ScriptedLLM()
    decision = orchestrator.plan(BRIEF, a_desk(llm, tmp_path), ["astrologer"])
    assert isinstance(decision, Question)
    assert "astrologer" in decision.question
    assert not llm.asks


class TestWhatWasSaidInEarlierJobs:
    KNOWN = Answer(question="Which repository is the site in?", answer="lume-site", said_on="2026-11-02")
    BRIEF = BRIEF.model_copy(update={"known": [KNOWN], "data": {}})
    CODE: Json = {
        "agent": "code",
        "title": "Mend the form",
        "input": {"repository": "lume-site", "task": "Mend the form"},
        "needs": [],
    }

    def test_is_told_by_number_and_may_be_cited(self, tmp_path: Path) -> None:
        answer = says({"decision": {"kind": "plan", "steps": [self.CODE], "rests_on": [1]}})
        decision, llm = decide(tmp_path, answer, brief=self.BRIEF)
        assert isinstance(decision, Plan)
        assert decision.rests_on == [1]
        told = llm.asks[0].messages[0]["content"]
        assert "1. Asked: Which repository is the site in?\nAnswer: lume-site\nSaid on 2026-11-02" in told

    @pytest.mark.parametrize("number", [0, 2, -1])
    def test_cannot_be_cited_by_a_number_that_it_does_not_have(self, tmp_path: Path, number: int) -> None:
        answer = says({"decision": {"kind": "plan", "steps": [self.CODE], "rests_on": [number]}})
        _, llm = decide(tmp_path, answer, planned(self.CODE), brief=self.BRIEF)
        assert f"there is no answer {number} from an earlier job" in llm.asks[1].messages[2]["content"]

    @pytest.mark.parametrize(
        ("question", "answer"),
        [("which repository is the SITE in", "lume-site"), ("How long?", "One page.")],
        ids=["in an earlier job", "in this job"],
    )
    def test_is_not_asked_again(self, tmp_path: Path, question: str, answer: str) -> None:
        asked = {"kind": "question", "question": question, "suggestions": ["a", "b"], "recommended": 0}
        decision, llm = decide(tmp_path, says({"decision": asked}), planned(self.CODE), brief=self.BRIEF)
        assert isinstance(decision, Plan)
        assert f"The owner has answered this: “{answer}”. Use it." in llm.asks[1].messages[2]["content"]

    def test_may_hold_the_address_that_a_plan_names(self, tmp_path: Path) -> None:
        known = Answer(question="Where is the menu?", answer="https://lume.example/carte", said_on="2026-11-02")
        step = {**STEPS[0], "input": {"question": "What is new?", "sources": ["https://lume.example/carte"]}}
        decision, _ = decide(tmp_path, planned(step), brief=BRIEF.model_copy(update={"known": [known]}))
        assert isinstance(decision, Plan)


class TestAHalfOfASplitRequest:
    PARTS = [{"title": "The menu", "brief": "Write the menu."}, {"title": "The mail", "brief": "Write the mail."}]
    SPLIT = {"decision": {"kind": "split", "reason": "still too much", "parts": PARTS}}
    HALF = BRIEF.model_copy(update={"part_of": "Relaunch"})

    def test_is_split_again_only_after_its_owner_was_asked(self, tmp_path: Path) -> None:
        decision, llm = decide(tmp_path, says(self.SPLIT), brief=self.HALF)
        assert isinstance(decision, Question)
        assert decision.suggestions == [
            orchestrator.SPLIT_AGAIN,
            "Do only this: The menu",
            "Do only this: The mail",
        ]
        assert decision.if_unanswered == "hold"
        assert "Relaunch" in llm.asks[0].messages[0]["content"]
        agreed = Answer(question=decision.question, answer=orchestrator.SPLIT_AGAIN)
        again, _ = decide(tmp_path, says(self.SPLIT), brief=self.HALF.model_copy(update={"answers": [agreed]}))
        assert isinstance(again, Split)

    def test_needs_a_word_of_its_own(self, tmp_path: Path) -> None:
        decision, _ = decide(tmp_path, says(self.SPLIT), brief=self.HALF)
        assert isinstance(decision, Question)
        agreed = Answer(question=decision.question, answer=orchestrator.SPLIT_AGAIN)
        quarter = self.HALF.model_copy(update={"job_title": "The menu", "answers": [agreed]})
        again, _ = decide(tmp_path, says(self.SPLIT), brief=quarter)
        assert isinstance(again, Question)


def test_the_repositories_that_can_be_worked_on_are_named(tmp_path: Path) -> None:
    llm = ScriptedLLM(planned(*STEPS))
    options = {"repositories": {"site": "/srv/git/site.git", "shop": "https://user:token@git.example/shop.git"}}
    orchestrator.plan(BRIEF, a_desk(llm, tmp_path, options=options))
    told = llm.asks[0].messages[0]["content"]
    assert "# Repositories that can be worked on\n\n- shop\n- site" in told
    assert "token" not in told


def test_what_research_may_do_beside_reading_what_is_named_is_told_only_where_it_may(tmp_path: Path) -> None:
    llm = ScriptedLLM(planned(*STEPS))
    orchestrator.plan(BRIEF, a_desk(llm, tmp_path))
    plain = str(llm.asks[0].messages)
    assert "Searching the web" not in plain
    assert "own places" not in plain
    llm = ScriptedLLM(planned(*STEPS))
    options = {**OPTIONS, "web_search": {"for": "own"}}
    orchestrator.plan(BRIEF, a_desk(llm, tmp_path, options=options))
    told = str(llm.asks[0].messages)
    assert "a research step may set `search`" in told
    assert "- Pages of Notion, by their links" in told
    assert "site: site#12 is its issue 12" in told


@pytest.mark.parametrize(("owners_words", "may"), [(None, True), ("", False)])
def test_a_step_that_searches_is_planned_where_the_request_may_search(
    tmp_path: Path, owners_words: str | None, may: bool
) -> None:
    search = changed(1, input={"question": "What is new on the menu?", "search": True})
    llm = ScriptedLLM(planned(*search), planned(*search))
    brief = BRIEF.model_copy(update={"owners_words": owners_words})
    made = orchestrator.plan(brief, a_desk(llm, tmp_path, options={"web_search": {"for": "own"}}))
    assert isinstance(made, Plan) is may
    if not may:
        assert "does not allow" in str(llm.asks[1].messages)


def test_only_the_repositories_that_the_job_is_bound_to_are_shown(tmp_path: Path) -> None:
    for bound, shown in ((["shop"], "- shop"), ([], "- shop\n- site"), (None, "- shop\n- site")):
        llm = ScriptedLLM(planned(*STEPS))
        brief = BRIEF.model_copy(update={"repositories": bound})
        orchestrator.plan(brief, a_desk(llm, tmp_path, options={"repositories": {"site": "/s", "shop": "/h"}}))
        opening = str(llm.asks[0].messages[0]["content"])
        assert opening.endswith(f"# Repositories that can be worked on\n\n{shown}")
