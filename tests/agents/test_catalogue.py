import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import anthropic
import pytest

from agents import catalogue, registry
from agents.contracts import (
    Json,
)
from agents.decisions import Plan, Question, Split, SplitPart, Step

ROOT = Path(__file__).parent.parent.parent
RESEARCH: Json = {"question": "Which oven heats fastest?", "sources": ["ovens.md"]}
DRAFT: Json = {"kind": "article", "audience": "home bakers", "instructions": "300 words on ovens"}


def step(
    agent: str = "drafting", given: Json | None = None, needs: list[int] | None = None, title: str = "x"
) -> Step:
    return Step(agent=agent, title=title, input=DRAFT if given is None else given, needs=needs or [])


def only_problem(*steps: Step) -> str:
    problems = catalogue.check(Plan(steps=list(steps)))
    assert len(problems) == 1, problems
    return problems[0]


def test_a_plan_that_can_be_carried_out_has_no_problems() -> None:
    steps = [
        step("research", RESEARCH),
        step("drafting", DRAFT, [1]),
        step("review", {}, [2]),
        step("communication", {"purpose": "Send the article"}, [2]),
    ]
    assert catalogue.check(Plan(steps=steps)) == []


def test_a_plan_needs_a_step() -> None:
    assert only_problem() == "The plan has no steps."


def test_five_steps_are_the_most() -> None:
    steps = [step(given={**DRAFT, "instructions": f"part {number}"}) for number in range(6)]
    assert catalogue.check(Plan(steps=steps[:5])) == []
    assert "has 6 steps; 5 are the most" in only_problem(*steps)


def test_an_unknown_agent_is_named_with_those_there_are() -> None:
    problem = only_problem(step("barista"))
    assert problem.startswith("Step 1 (barista): there is no agent 'barista'; there are research, drafting")


@pytest.mark.parametrize(
    ("agent", "given", "words"),
    [
        ("research", {"question": ""}, "question: String should have at least 3 characters."),
        ("research", {}, "question: Field required."),
        ("drafting", {**DRAFT, "kind": "sonnet"}, "kind: Input should be 'article', 'proposal'"),
        ("research", {"question": "Which?", "sources": "a.md"}, "sources: Input should be a valid list."),
        ("drafting", {**DRAFT, "tone": "warm"}, "tone: Extra inputs are not permitted."),
    ],
)
def test_an_input_that_breaks_its_schema_is_told_in_words(agent: str, given: Json, words: str) -> None:
    assert f"Step 1 ({agent}): input: {words}" in only_problem(step(agent, given))


@pytest.mark.parametrize(
    ("needs", "words"),
    [([1], "needs itself"), ([2], "comes later"), ([3], "does not exist"), ([0], "not exist"), ([-1], "not exist")],
)
def test_needs_point_back_to_steps_that_exist(needs: list[int], words: str) -> None:
    assert words in only_problem(step(needs=needs), step(given={**DRAFT, "audience": "bakers"}))


def test_a_cycle_is_a_need_that_comes_later() -> None:
    assert "Step 1 (drafting): it needs step 2, which comes later" in only_problem(step(needs=[2]), step(needs=[1]))


def test_the_same_need_twice_is_a_mistake() -> None:
    assert "twice" in only_problem(step(), step("review", {}, [1, 1]))


def test_a_step_that_repeats_another_is_told() -> None:
    assert only_problem(step(title="first"), step(title="again")) == "Step 2 repeats step 1."


@pytest.mark.parametrize(("agent", "given"), [("review", {}), ("research", {"question": "Which oven?"})])
def test_a_step_with_nothing_to_work_on_is_told(agent: str, given: Json) -> None:
    assert f"Step 1 ({agent}): it " in only_problem(step(agent, given))
    assert catalogue.check(Plan(steps=[step(), step(agent, given, [1])])) == []


def test_several_problems_are_told_at_once() -> None:
    assert (
        len(catalogue.check(Plan(steps=[step("barista", needs=[9]), step("research", {}), step(title=" ")]))) == 4
    )


@pytest.mark.parametrize(
    ("briefs", "count"), [(("One half", "Other half"), 0), (("", "Other half"), 1), (("Same", " Same "), 1)]
)
def test_a_split_is_two_different_jobs(briefs: tuple[str, str], count: int) -> None:
    parts = [SplitPart(title="Part", brief=brief) for brief in briefs]
    assert len(catalogue.check(Split(parts=parts, reason="too large"))) == count


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({}, 0),
        ({"question": " "}, 1),
        ({"suggestions": ["a", "a "]}, 1),
        ({"suggestions": ["a", ""]}, 1),
        ({"recommended": 2}, 1),
        ({"recommended": -1}, 1),
    ],
)
def test_a_question_can_be_answered(change: dict[str, Any], count: int) -> None:
    question = Question.model_validate({"question": "Which?", "suggestions": ["a", "b"], **change})
    assert len(catalogue.check(question)) == count


def test_the_text_names_every_agent_with_its_purpose_and_input() -> None:
    entries = {entry["agent"]: entry for entry in json.loads(catalogue.text())}
    assert entries.keys() == registry.AGENTS.keys()
    assert entries["drafting"]["purpose"] == registry.load("drafting").purpose
    assert set(entries["drafting"]["input"]["required"]) == {"kind", "audience", "instructions"}


def test_the_text_is_the_same_in_every_process() -> None:
    script = "from agents import catalogue; print(catalogue.text())"
    other = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert other == catalogue.text() + "\n"


@pytest.mark.parametrize("name", registry.AGENTS)
def test_every_input_survives_on_its_way_to_the_api(name: str) -> None:
    schema = catalogue.input_schema(registry.load(name))
    assert "$ref" not in json.dumps(schema)
    assert anthropic.transform_schema(schema)["properties"].keys() == schema["properties"].keys()
