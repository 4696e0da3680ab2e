"""The golden set: requests of every kind beside the outcome that a good plan has, and the judgement on a decision.

It says what an edited prompt or another model did. Nothing in it is ever shown to a model as an example.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, TypeAdapter

from agents.contracts import Answer, Brief, ClientFacts, Frozen, Json, Material
from agents.decisions import Decision, Plan, Split

BRIEFS = Path(__file__).with_name("briefs.json")
_SAID_ON = "2026-11-02"


class Wanted(Frozen):
    """What a good decision must and must not hold. Every requirement that is given counts as one point."""

    outcome: Literal["plan", "split", "question"]
    agents: list[str] = Field(default_factory=list)  # each has a step
    never: list[str] = Field(default_factory=list)  # none of them has a step
    order: list[tuple[str, str]] = Field(default_factory=list)  # a step of the second needs one of the first
    most_steps: int = 5
    mentions: list[str] = Field(default_factory=list)  # words that must not get lost
    never_mentions: list[str] = Field(default_factory=list)
    cites: list[int] = Field(default_factory=list)  # answers of earlier jobs that it rests on
    divides: list[str] = Field(default_factory=list)  # each stands in exactly one half of a split
    both: list[str] = Field(default_factory=list)  # each stands in both halves
    last: list[str] = Field(default_factory=list)  # each stands in the second half alone
    suggests: list[str] = Field(default_factory=list)  # each stands among the suggested answers
    asks_about: list[str] = Field(default_factory=list)  # one of them stands in the question


class Golden(Frozen):
    """One request and the outcome written beside it."""

    name: str
    title: str
    brief: str
    client: str = ""
    reachable: bool = True
    data: Json = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)
    repositories: list[str] = Field(default_factory=list)
    known: list[tuple[str, str]] = Field(default_factory=list)
    answers: list[tuple[str, str]] = Field(default_factory=list)
    agents: list[str] = Field(default_factory=list)
    part_of: str = ""
    wanted: Wanted

    def as_brief(self) -> Brief:
        """The request as the orchestrator is told of it."""
        return Brief(
            job_uid=self.name,
            job_title=self.title,
            job_brief=self.brief,
            client=ClientFacts(name=self.client, has_recipients=self.reachable) if self.client else None,
            data=self.data,
            answers=[Answer(question=question, answer=answer) for question, answer in self.answers],
            known=[Answer(question=asked, answer=answer, said_on=_SAID_ON) for asked, answer in self.known],
            part_of=self.part_of,
            materials=[Material(name=name, text=text) for name, text in self.files.items()],
        )


class Score(Frozen):
    """How one decision did: points of as many, and what was wrong in plain sentences."""

    name: str
    outcome: str
    points: int
    of: int
    faults: list[str]

    @property
    def is_reached(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.faults


def load(path: Path = BRIEFS) -> list[Golden]:
    """The set in a file; raises ValueError with what is wrong in it."""
    found = TypeAdapter(list[Golden]).validate_json(path.read_bytes())
    names = [golden.name for golden in found]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"{path} must hold at least one brief, each with a name of its own.")
    return found


def sum_of(briefs: Sequence[Golden]) -> str:
    """Sha-256 of a set: only scores of the same set can be compared."""
    canonical = json.dumps([golden.model_dump(mode="json") for golden in briefs], sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def judge(golden: Golden, decision: Decision) -> Score:
    """What the decision holds of what is wanted; of another outcome nothing counts."""
    wanted, outcome = golden.wanted, type(decision).__name__.lower()
    checks = [(outcome == wanted.outcome, f"it is a {outcome}, not a {wanted.outcome}")]
    if outcome == wanted.outcome:
        checks += _of_words(wanted, decision)
        if isinstance(decision, Plan):
            checks += _of_plan(wanted, decision)
        elif isinstance(decision, Split):
            checks += _of_split(wanted, decision)
        else:
            checks += _of_question(wanted, decision.question, decision.suggestions)
    faults = [fault for holds, fault in checks if not holds]
    of = 1 + _requirements(wanted)
    points = 0 if outcome != wanted.outcome else of - len(faults)
    return Score(name=golden.name, outcome=outcome, points=points, of=of, faults=faults)


def unplanned(golden: Golden, cause: str) -> Score:
    """A request that could not be planned at all."""
    return Score(name=golden.name, outcome="none", points=0, of=1 + _requirements(golden.wanted), faults=[cause])


_Checks = list[tuple[bool, str]]


def _requirements(wanted: Wanted) -> int:
    given: dict[str, Any] = wanted.model_dump(exclude={"outcome", "most_steps", "asks_about"})
    size = sum(len(value) for value in given.values()) + bool(wanted.asks_about)
    return size + (wanted.outcome == "plan")


def _of_words(wanted: Wanted, decision: Decision) -> _Checks:
    said = json.dumps(decision.model_dump(mode="json"), ensure_ascii=False).casefold()
    kept = [(_said(words) in said, f"“{words}” got lost") for words in wanted.mentions]
    return kept + [(_said(words) not in said, f"it repeats “{words}”") for words in wanted.never_mentions]


def _of_plan(wanted: Wanted, plan: Plan) -> _Checks:
    there = {step.agent for step in plan.steps}
    checks = [(len(plan.steps) <= wanted.most_steps, f"it has {len(plan.steps)} steps")]
    checks += [(agent in there, f"it has no {agent} step") for agent in wanted.agents]
    checks += [(agent not in there, f"it has a {agent} step") for agent in wanted.never]
    pairs = _in_order(plan)
    checks += [((first, then) in pairs, f"its {then} needs no {first}") for first, then in wanted.order]
    return checks + [(number in plan.rests_on, f"it does not cite answer {number}") for number in wanted.cites]


def _in_order(plan: Plan) -> set[tuple[str, str]]:
    """Agent and agent, where a step of the second comes after one of the first because it needs it."""
    before: list[set[int]] = []
    for step in plan.steps:
        before.append(set(step.needs).union(*(before[need - 1] for need in step.needs)))
    return {
        (plan.steps[need - 1].agent, step.agent)
        for step, needs in zip(plan.steps, before, strict=True)
        for need in needs
    }


def _of_split(wanted: Wanted, split: Split) -> _Checks:
    first, second = (f"{part.title}\n{part.brief}".casefold() for part in split.parts)
    checks = [
        ((_said(words) in first) != (_said(words) in second), f"“{words}” is not in exactly one half")
        for words in wanted.divides
    ]
    checks += [
        (_said(words) in first and _said(words) in second, f"“{words}” is not in both halves")
        for words in wanted.both
    ]
    last = [(words, _said(words) in second and _said(words) not in first) for words in wanted.last]
    return checks + [(holds, f"“{words}” is not in the second half alone") for words, holds in last]


def _of_question(wanted: Wanted, question: str, suggestions: Sequence[str]) -> _Checks:
    offered = "\n".join(suggestions).casefold()
    checks = [(_said(words) in offered, f"it does not suggest “{words}”") for words in wanted.suggests]
    if wanted.asks_about:
        about = any(_said(words) in question.casefold() for words in wanted.asks_about)
        checks.append((about, f"it does not ask about {' or '.join(wanted.asks_about)}"))
    return checks


def _said(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)[1:-1].casefold()
