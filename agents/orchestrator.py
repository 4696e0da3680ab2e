"""From a request to a decision: a Plan, a Split into two jobs, or a Question. It runs nothing, keeps nothing."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from agents import catalogue, prompts
from agents.access import Access
from agents.contracts import (
    BadAnswer,
    Brief,
    Desk,
    Json,
)
from agents.decisions import Decision, Plan, Question, Split
from agents.kinds import request_sections, section
from agents.kinds.searching import may_search
from agents.loop import converse, fence
from agents.tools.named import invented, requested
from agents.tools.places import Places
from agents.words import _, gettext_noop

NAME = "orchestrator"
PROMPT_VERSION = "v4"
ACCESS = Access(untrusted=True, private=True, reaches_out=False)
INSTEAD_OF_A_PLAN = [
    gettext_noop("Plan only the first and most important part."),
    gettext_noop("Leave out whatever no agent can do."),
    gettext_noop("Try again with the request as it stands."),
]
SPLIT_AGAIN = gettext_noop("Split it into two further jobs.")


def plan(brief: Brief, desk: Desk, agents: Sequence[str] = (), *, version: str = PROMPT_VERSION) -> Decision:
    """Decide how the job is done, with these agents alone if any are named; raises Interrupted without a model.

    A decision that breaks a rule goes back to the model once, with the reasons; breaking one again it becomes a
    Question, so that nothing of an invalid plan ever runs. A half of a split request is split again only after its
    owner said so.
    """
    names = catalogue.allowed(agents)
    if not names:
        return _question_instead([f"None of the agents that its rule allows is here: {', '.join(agents)}."])
    problems: list[str] = []
    options = {**desk.options, "may_search": may_search(brief, desk.options)}
    try:
        answer = converse(
            desk,
            agent=NAME,
            system=system(version, names),
            opening=opening(brief, brief.repositories or desk.options.get("repositories") or (), options),
            tools=[],
            output=_answer_checked(brief, names, problems, options),
            max_tokens=8_000,
        )
    except BadAnswer:
        return _question_instead(problems or ["The model's answer did not have the form of a decision, twice."])
    return _asked_first(answer.decision.made(), brief)


def system(version: str, names: tuple[str, ...]) -> str:
    """What it is told of its work and of these agents: the same for every request, so that it is cached."""
    return prompts.load(NAME, version, catalogue=catalogue.text(names), max_steps=str(catalogue.MAX_STEPS))


def opening(brief: Brief, repositories: Iterable[str] = (), options: Json | None = None) -> str:
    """The request as the orchestrator reads it; the same text whenever the same Brief is given."""
    parts = request_sections(brief)
    if brief.known:
        said = [
            f"{number}. Asked: {known.question}\nAnswer: {known.answer}\nSaid on {known.said_on}"
            for number, known in enumerate(brief.known, start=1)
        ]
        parts.append(section("What the owner said in earlier jobs for this client", "\n\n".join(said)))
    if brief.part_of:
        parts.append(section("What it is a part of", fence("origin", brief.part_of)))
    if brief.client:
        reachable = "has a trusted recipient" if brief.client.has_recipients else "has no trusted recipient yet"
        parts.append(section("The client", f"{brief.client.name} ({reachable})"))
    else:
        parts.append(section("The client", "None: there is nobody to write to."))
    files = [f"- {file.name} ({len(file.text):,} characters)" for file in brief.materials]
    parts.append(section("Files of this job", "\n".join(files) or "None."))
    names = "\n".join(f"- {name}" for name in sorted(repositories))
    parts.append(section("Repositories that can be worked on", names or "None."))
    parts += [section(heading, body) for heading, body in _ways_to_look(options or {})]
    return "\n\n".join(parts)


def _ways_to_look(options: Json) -> Iterable[tuple[str, str]]:
    """What research may do beside reading what is named; nothing is said of what it may not."""
    places = Places(options)
    own = ["- Pages of Notion, by their links"] if places.notion else []
    own += [f"- {name}: {name}#12 is its issue 12, {name}:docs/a.md a file" for name in places.repositories()]
    if own:
        yield "The owner's own places that can be read", "\n".join(own)
    if options.get("may_search"):
        yield "Searching the web", "This request may search the web: a research step may set `search`."


def _typed_steps(schema: Json) -> None:
    """One shape for each agent: a server that keeps to the schema cannot give an input that its agent refuses."""
    _typed_steps_of(schema, catalogue.allowed(()))


def _typed_steps_of(schema: Json, names: Sequence[str]) -> None:
    schema["items"] = {"anyOf": [_step_schema(name) for name in names]}


def _step_schema(name: str) -> Json:
    properties = {
        "agent": {"const": name},
        "title": {"type": "string", "description": "What this step makes, in at most 80 characters"},
        "input": catalogue.input_schema(catalogue.agents()[name]),
        "needs": {
            "type": "array",
            "items": {"type": "integer"},
            "description": "Positions, counted from 1, of the earlier steps whose output this step is given",
        },
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


class PlanChoice(BaseModel):
    """The request can be done now. A step is judged by the catalogue, which says in words what is wrong."""

    kind: Literal["plan"]
    steps: list[Json] = Field(description="One to five steps", json_schema_extra=_typed_steps)
    rests_on: list[int] = Field(
        default=[], description="Numbers of the answers from earlier jobs that the plan rests on; usually none"
    )

    def made(self) -> Plan:
        """The Plan; raises ValidationError."""
        return Plan.model_validate({"steps": self.steps, "rests_on": self.rests_on})


class PartChoice(BaseModel):
    """One of two jobs."""

    title: str = Field(description="At most 80 characters")
    brief: str = Field(
        description="The whole request of this part, complete in itself, with every address it needs"
    )


class SplitChoice(BaseModel):
    """The request needs more than one plan: two jobs, the second gets what the first made."""

    kind: Literal["split"]
    reason: str = Field(description="Why one plan is not enough, in one sentence")
    parts: list[PartChoice] = Field(description="Exactly two, in the order they are done")

    def made(self) -> Split:
        """The Split; raises ValidationError."""
        return Split.model_validate(self.model_dump(exclude={"kind"}))


class QuestionChoice(BaseModel):
    """A person must say something first."""

    kind: Literal["question"]
    question: str = Field(description="One question, short, that the owner can answer without looking anything up")
    suggestions: list[str] = Field(description="Two to four answers to choose from, each complete in itself")
    recommended: int = Field(description="Which of the suggestions you would take, counted from 0")
    lasting: bool = Field(
        default=False,
        description="true if the answer will hold for later jobs of this client too, false if it is for this one",
    )
    if_unanswered: Literal["hold", "recommended"] = Field(
        default="hold",
        description="recommended if work may go on with your advice when nobody answers in time, else hold",
    )

    def made(self) -> Question:
        """The Question; raises ValidationError."""
        return Question.model_validate(self.model_dump(exclude={"kind"}))


def _without_discriminator(schema: Json) -> None:
    schema.pop("discriminator", None)  # not JSON Schema, and no server of the Messages API takes it


class Answer(BaseModel):
    """What the model answers: one decision of three kinds."""

    decision: PlanChoice | SplitChoice | QuestionChoice = Field(
        discriminator="kind", json_schema_extra=_without_discriminator
    )


def _answer_checked(brief: Brief, names: Sequence[str], problems: list[str], options: Json) -> type[Answer]:
    """The Answer that is only valid when its decision can be carried out; `problems` holds what the last one broke.

    Being part of the form, the rules get the one repair that the loop gives to every answer.
    """

    class Checked(Answer):
        model_config = ConfigDict(title="Answer")

        @classmethod
        def model_json_schema(cls, *args: Any, **kwargs: Any) -> Json:
            """The form, in which a step is one of the agents that may work on this job."""
            schema = super().model_json_schema(*args, **kwargs)
            _typed_steps_of(schema["$defs"]["PlanChoice"]["properties"]["steps"], names)
            return schema

        @model_validator(mode="after")
        def _can_be_carried_out(self) -> Self:
            problems[:] = _problems(self, brief, names, options)
            if problems:
                raise ValueError(" ".join(problems))
            return self

    return Checked


def _problems(answer: Answer, brief: Brief, names: Sequence[str], options: Json) -> list[str]:
    try:
        decision = answer.decision.made()
    except ValidationError as error:
        return [catalogue.in_words(fault) for fault in error.errors(include_url=False, include_context=False)]
    return [
        *catalogue.check(decision, names, options),
        *_ill_cited(decision, brief),
        *_invented_addresses(decision, brief),
    ]


def _ill_cited(decision: Decision, brief: Brief) -> list[str]:
    """What was answered is used and cited, not asked again."""
    if isinstance(decision, Plan):
        unknown = [number for number in decision.rests_on if not 1 <= number <= len(brief.known)]
        return [f"rests_on: there is no answer {number} from an earlier job." for number in unknown]
    if isinstance(decision, Question):
        said = [*brief.answers, *brief.known]
        same = [known for known in said if _words(known.question) == _words(decision.question)]
        return [f"The owner has answered this: “{known.answer}”. Use it." for known in same[-1:]]
    return []


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _invented_addresses(decision: Decision, brief: Brief) -> list[str]:
    """An address that a model made up could carry secrets out, so it is refused where it first appears."""
    given: Any = decision.model_dump(mode="json") if not isinstance(decision, Question) else []
    words = "\n".join([requested(brief), *(known.answer for known in brief.known)])
    return [
        f"The address {url} is not in the request: copy addresses exactly, or leave them out."
        for url in invented(given, words)
    ]


def _asked_first(decision: Decision, brief: Brief) -> Decision:
    """A Split of what is a half already needs a word of its owner; one word is for one level."""
    if not (isinstance(decision, Split) and brief.part_of):
        return decision
    question = _(
        "“{job_title}” is one half of a request that was split already, and still too large "
        "for one plan. What shall I do?"
    ).format(job_title=brief.job_title)
    if any(said.question == question and said.answer == _(SPLIT_AGAIN) for said in brief.answers):
        return decision
    first, second = (part.title for part in decision.parts)
    only = _("Do only this: {part}")
    suggestions = [_(SPLIT_AGAIN), only.format(part=first), only.format(part=second)]
    return Question(question=question, suggestions=list(dict.fromkeys(suggestions)))


def _question_instead(problems: list[str]) -> Question:
    return Question(
        question=_("I could not plan this: {problems} What shall I do?").format(problems=" ".join(problems)),
        suggestions=[_(one) for one in INSTEAD_OF_A_PLAN],
        recommended=0,
    )
