"""The registry as the orchestrator reads it, and the judgement on what the orchestrator answers.

Both are made from the agents themselves, so that a new agent is known to the orchestrator at once.
"""

import json
import logging
from collections.abc import Sequence
from functools import cache
from typing import Protocol, runtime_checkable

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from agents.contracts import (
    Agent,
    Json,
)
from agents.decisions import Decision, Plan, Question, Split, Step
from agents.registry import AGENTS, BUILT_IN, BrokenAgent, load

MAX_STEPS = 5

log = logging.getLogger(__name__)


@runtime_checkable
class Particular(Protocol):
    """An agent that also says which steps make no sense for it although their input fits its schema."""

    def objection(self, given: BaseModel, after: Sequence[str], options: Json) -> str:
        """One sentence on what is wrong with a step of this input that runs after these agents; "" if nothing.

        `options` are the installation's (Desk.options), and `may_search`: whether this request may search the web.
        """
        ...


@cache
def agents() -> dict[str, Agent]:
    """Every agent of the registry by its name; raises BrokenAgent with the cause.

    One that an installed package brings along and that cannot be loaded is left out: the others go on.
    """
    found = {}
    for name in AGENTS:
        try:
            found[name] = load(name)
        except BrokenAgent as broken:
            if name in BUILT_IN:
                raise
            log.warning("%s", broken)
    return found


def allowed(names: Sequence[str]) -> tuple[str, ...]:
    """Those of the names that the registry has, in its order; all of it where none is named."""
    return tuple(name for name in agents() if name in names or not names)


@cache
def text(names: tuple[str, ...] = ()) -> str:
    """The catalogue for the orchestrator's prompt: the same bytes in every process, so that it caches."""
    entries = [
        {"agent": agent.name, "purpose": agent.purpose, "input": input_schema(agent)}
        for name, agent in agents().items()
        if name in allowed(names)
    ]
    return json.dumps(entries, indent=1, sort_keys=True, ensure_ascii=False)


def input_schema(agent: Agent) -> Json:
    """The JSON schema of the agent's input, complete in itself: no $defs."""
    schema = agent.Input.model_json_schema()
    return _inlined(schema, schema.get("$defs", {}))


def check(decision: Decision, names: Sequence[str] = (), options: Json | None = None) -> list[str]:
    """What is wrong with a decision, one plain sentence each; empty when it can be carried out.

    Where agents are named, a plan may use those alone. `options`: see Particular.
    """
    if isinstance(decision, Plan):
        return [*_check_plan(decision, options or {}), *_check_agents(decision, names)]
    if isinstance(decision, Split):
        return _check_split(decision)
    return _check_question(decision)


def _check_plan(plan: Plan, options: Json) -> list[str]:
    if not plan.steps:
        return ["The plan has no steps."]
    problems = []
    if len(plan.steps) > MAX_STEPS:
        problems.append(
            f"The plan has {len(plan.steps)} steps; {MAX_STEPS} are the most. Split the request instead."
        )
    for position, step in enumerate(plan.steps, start=1):
        found = [*_check_needs(step, position, plan.steps), *_check_input(step, plan.steps, options)]
        problems += [f"Step {position} ({step.agent}): {problem}" for problem in found]
    return problems + _check_duplicates(plan.steps)


def _check_agents(plan: Plan, names: Sequence[str]) -> list[str]:
    """An agent that is not there at all is told of elsewhere."""
    may = allowed(names)
    return [
        f"Step {position} ({step.agent}): this job may use only {', '.join(may)}."
        for position, step in enumerate(plan.steps, start=1)
        if step.agent in agents() and step.agent not in may
    ]


def _check_needs(step: Step, position: int, steps: Sequence[Step]) -> list[str]:
    """Needs that only point back can have no cycle."""
    problems = ["a step cannot have an empty title."] if not step.title.strip() else []
    for need in step.needs:
        if need == position:
            problems.append("it needs itself.")
        elif not 1 <= need <= len(steps):
            problems.append(f"it needs step {need}, which does not exist.")
        elif need > position:
            problems.append(f"it needs step {need}, which comes later: needs may only name earlier steps.")
    if len(set(step.needs)) < len(step.needs):
        problems.append("it names the same step twice in its needs.")
    return problems


def _check_input(step: Step, steps: Sequence[Step], options: Json) -> list[str]:
    agent = agents().get(step.agent)
    if agent is None:
        return [f"there is no agent {step.agent!r}; there are {', '.join(agents())}."]
    try:
        given = agent.Input.model_validate(step.input)
    except ValidationError as error:
        return [f"input: {in_words(fault)}" for fault in error.errors(include_url=False, include_context=False)]
    if isinstance(agent, Particular):
        after = [steps[need - 1].agent for need in step.needs if 1 <= need <= len(steps)]
        objection = agent.objection(given, after, options)
        return [objection] if objection else []
    return []


def in_words(fault: ErrorDetails) -> str:
    """One pydantic fault as a sentence: where, and what; the value itself is not repeated."""
    where = ".".join(str(part) for part in fault["loc"])
    message = fault["msg"].removeprefix("Value error, ")
    return f"{where}: {message}." if where else f"{message}."


def _check_duplicates(steps: Sequence[Step]) -> list[str]:
    problems = []
    seen: dict[str, int] = {}
    for position, step in enumerate(steps, start=1):
        same = json.dumps([step.agent, step.input, sorted(step.needs)], sort_keys=True)
        if same in seen:
            problems.append(f"Step {position} repeats step {seen[same]}.")
        seen.setdefault(same, position)
    return problems


def _check_split(split: Split) -> list[str]:
    problems = []
    for position, part in enumerate(split.parts, start=1):
        if not part.title.strip() or not part.brief.strip():
            problems.append(f"Part {position} of the split needs a title and a brief.")
    if split.parts[0].brief.strip() == split.parts[1].brief.strip():
        problems.append("Both parts of the split ask for the same.")
    return problems


def _check_question(question: Question) -> list[str]:
    problems = []
    offered = [suggestion.strip() for suggestion in question.suggestions]
    if not question.question.strip():
        problems.append("The question is empty.")
    if not all(offered) or len(set(offered)) < len(offered):
        problems.append("The suggested answers must differ, and none may be empty.")
    if not 0 <= question.recommended < len(offered):
        problems.append("The recommended answer is not among the suggestions.")
    return problems


def _inlined(schema: Json, defs: Json) -> Json:
    """The schema with every $ref replaced by what it names; a recursive input has no place in a plan."""

    def walk(node: object) -> object:
        if isinstance(node, dict):
            if "$ref" in node:
                return walk(
                    defs[str(node["$ref"]).rpartition("/")[2]] | {k: v for k, v in node.items() if k != "$ref"}
                )
            return {key: walk(value) for key, value in node.items() if key != "$defs"}
        return [walk(item) for item in node] if isinstance(node, list) else node

    return {key: walk(value) for key, value in schema.items() if key != "$defs"}
