"""The golden set, and how a decision is judged by it."""

import json
from pathlib import Path

import pytest

from agents import golden, orchestrator, registry
from agents.decisions import Decision, Plan, Question, Split, SplitPart, Step
from agents.golden import Golden, Wanted
from agents.llm.anthropic import AnthropicLLM
from agents.llm.rehearsal import RehearsalLLM
from tests.emulators.anthropic import TOKEN, AnthropicEmulator
from tests.scripted import a_desk

HELD_OUT = Path(__file__).with_name("held_out.json")
DRAFT = Step(agent="drafting", title="Write", input={"kind": "page", "instructions": "Say “90 minutes”"})
REVIEW = Step(agent="review", title="Judge", input={}, needs=[1])
TELL = Step(agent="communication", title="Tell", input={"purpose": "Say it"}, needs=[2])


def a_brief(**wanted: object) -> Golden:
    return Golden(name="one", title="One", brief="One.", wanted=Wanted.model_validate(wanted))


def faults(decision: Decision, **wanted: object) -> list[str]:
    score = golden.judge(a_brief(**wanted), decision)
    assert score.points == (0 if score.outcome != wanted["outcome"] else score.of - len(score.faults))
    return score.faults


@pytest.mark.parametrize("path", [golden.BRIEFS, HELD_OUT], ids=["golden", "held out"])
def test_the_rehearsal_reaches_the_outcome_written_beside_every_request(path: Path, tmp_path: Path) -> None:
    missed = {}
    for brief in golden.load(path):
        desk = a_desk(RehearsalLLM(), tmp_path, options={"repositories": dict.fromkeys(brief.repositories, "")})
        score = golden.judge(brief, orchestrator.plan(brief.as_brief(), desk, brief.agents))
        if not score.is_reached:
            missed[brief.name] = score.faults
    assert not missed


def test_by_the_strict_service_and_the_real_adapter_all_of_them_reach_it_too(tmp_path: Path) -> None:
    """The scripted model's wits are the rehearsal's; what is asked and answered goes over the wire."""
    service = AnthropicEmulator(wits=True).start()
    llm = AnthropicLLM(api_key=TOKEN, base_url=service.url)
    missed = {}
    for brief in golden.load():
        options = {"repositories": dict.fromkeys(brief.repositories, "")}
        desk = a_desk(llm, tmp_path, model="claude-opus-5-5", options=options)
        score = golden.judge(brief, orchestrator.plan(brief.as_brief(), desk, brief.agents))
        if not score.is_reached:
            missed[brief.name] = score.faults
    llm.close()
    service.stop()
    assert not missed
    assert not service.bugs()


def test_the_set_is_large_and_of_every_kind() -> None:
    briefs = golden.load()
    assert len(briefs) >= 40
    assert {brief.wanted.outcome for brief in briefs} == {"plan", "split", "question"}
    assert {agent for brief in briefs for agent in brief.wanted.agents} == set(registry.AGENTS)
    assert sum(brief.name.startswith("hostile") for brief in briefs) >= 4
    assert sum(brief.name.startswith(("german", "french", "spanish", "italian")) for brief in briefs) >= 6


def test_no_words_of_the_set_stand_in_the_rehearsal_or_in_a_prompt() -> None:
    """It measures rules, not a memory of itself."""
    root = Path(orchestrator.__file__).parent
    texts = [*(root / "llm" / "rehearsal").glob("*.py"), *(root / "prompts" / "orchestrator").glob("*.md")]
    said = "\n".join(path.read_text() for path in texts)
    briefs = golden.load()
    own = {word for brief in briefs for word in (brief.client, *brief.repositories) if len(word) > 5}
    assert len(own) > 10
    assert not [word for word in own if word in said]


class TestAPlan:
    PLAN = Plan(steps=[DRAFT, REVIEW, TELL], rests_on=[2])

    def test_that_holds_all_that_is_wanted_has_no_faults(self) -> None:
        wanted = {
            "agents": ["drafting", "communication"],
            "never": ["code"],
            "order": [["drafting", "communication"]],
            "mentions": ["90 MINUTES", "“90"],
            "never_mentions": ["password"],
            "cites": [2],
            "most_steps": 3,
        }
        assert faults(self.PLAN, outcome="plan", **wanted) == []

    @pytest.mark.parametrize(
        ("wanted", "fault"),
        [
            ({"agents": ["code"]}, "it has no code step"),
            ({"never": ["review"]}, "it has a review step"),
            ({"order": [["communication", "drafting"]]}, "its drafting needs no communication"),
            ({"mentions": ["EUR 5"]}, "“EUR 5” got lost"),
            ({"never_mentions": ["90 minutes"]}, "it repeats “90 minutes”"),
            ({"cites": [1]}, "it does not cite answer 1"),
            ({"most_steps": 2}, "it has 3 steps"),
        ],
    )
    def test_that_lacks_something_says_what(self, wanted: dict[str, object], fault: str) -> None:
        assert faults(self.PLAN, outcome="plan", **wanted) == [fault]

    def test_where_another_outcome_is_wanted_scores_nothing(self) -> None:
        assert faults(self.PLAN, outcome="question", suggests=["x"]) == ["it is a plan, not a question"]


class TestASplit:
    SPLIT = Split(
        parts=[
            SplitPart(title="A", brief="In May: the page"),
            SplitPart(title="B", brief="In May: the guide. Tell"),
        ],
        reason="much",
    )

    def test_divides_the_work_and_repeats_what_both_need(self) -> None:
        assert not faults(self.SPLIT, outcome="split", divides=["page", "guide"], both=["May"], last=["tell"])

    @pytest.mark.parametrize(
        "wanted", [{"divides": ["May"]}, {"divides": ["flyer"]}, {"both": ["page"]}, {"last": ["page"]}]
    )
    def test_that_loses_or_doubles_something_says_so(self, wanted: dict[str, object]) -> None:
        assert len(faults(self.SPLIT, outcome="split", **wanted)) == 1


def test_a_question_is_judged_by_what_it_asks_and_offers() -> None:
    asked = Question(question="Which repository?", suggestions=["site", "shop"])
    assert not faults(asked, outcome="question", asks_about=["branch", "repository"], suggests=["shop"])
    assert len(faults(asked, outcome="question", asks_about=["price"], suggests=["till"])) == 2


def test_what_could_not_be_planned_scores_nothing() -> None:
    score = golden.unplanned(a_brief(outcome="plan", agents=["code"]), "ModelUnavailable: 529")
    assert (score.points, score.of, score.outcome, score.is_reached) == (0, 3, "none", False)


@pytest.mark.parametrize(
    "text", ["[]", "{}", '[{"name": "a", "title": "a", "brief": "a", "wanted": {"outcome": "poem"}}]']
)
def test_a_file_that_is_no_set_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "briefs.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"at least one|valid|Input"):
        golden.load(path)


def test_two_briefs_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "briefs.json"
    path.write_text(json.dumps([a_brief(outcome="plan").model_dump(mode="json")] * 2))
    with pytest.raises(ValueError, match="a name of its own"):
        golden.load(path)


def test_sets_are_told_apart_by_what_they_hold() -> None:
    one, other = a_brief(outcome="plan"), a_brief(outcome="split")
    assert golden.sum_of([one]) == golden.sum_of([one.model_copy()]) != golden.sum_of([other])
