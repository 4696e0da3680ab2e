"""Review: judges a text against a rubric. It says what to change and never writes it."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, Field

from agents import prompts
from agents.contracts import Brief, Desk, Draft, Effect, Frozen, Material, Typical, Unable
from agents.kinds import markdown_file, one_line, opening, quoted, read_input
from agents.loop import converse

GENERAL = [
    "Purpose: it does what the request asks, all of it and nothing else",
    "Accuracy: every fact is in the request or the sources; nothing is made up",
    "Clarity: the audience understands it in one reading",
    "Structure: the most important first, one thought a paragraph",
]
RUBRICS: dict[str, list[str]] = {
    "article": [*GENERAL, "Interest: the opening makes the audience read on, and no line is filler"],
    "proposal": [*GENERAL, "Decision: scope, price, dates and the next step are plain, or marked as open"],
    "email": [*GENERAL, "Tone: fits the client; short; one clear request or message"],
    "documentation": [*GENERAL, "Use: steps are complete, in order, and can be followed without guessing"],
    "report": [*GENERAL, "Evidence: conclusions follow from figures and findings that are shown"],
    "code": [
        "Purpose: the change does what the task asks and nothing else",
        "Correctness: no fault can be seen, edge cases and errors are handled",
        "Tests: they prove the change and would fail without it",
        "Readability: names, size and structure fit the code around it",
    ],
}
PASSING = 3

Verdict = Literal["ready", "revise"]


class Input(Frozen):
    """What a review Task asks."""

    rubric: list[str] = Field(
        default_factory=list,
        max_length=8,
        description="Criteria to score, one sentence each; leave empty for the usual ones of the kind of text",
    )
    file: str = Field(
        default="",
        description="Name of a file of the job, if that is to be reviewed; empty for the output of a needed step",
    )


class Score(BaseModel):
    """One criterion, judged."""

    criterion: str = Field(description="The criterion's text, copied exactly")
    score: Literal[1, 2, 3, 4, 5] = Field(
        description="1 fails, 2 weak, 3 acceptable, 4 good, 5 could not be better"
    )
    passage: str = Field(
        max_length=600,
        description="The passage that shows it best, copied exactly from the text; empty if something is absent",
    )
    suggestion: str = Field(
        max_length=600,
        description="What to change and why, in one or two sentences; empty at 5. Never the new wording",
    )


class Critique(BaseModel):
    """What the model answers."""

    verdict: Verdict = Field(description="ready if it can go out as it is, else revise")
    overview: str = Field(
        max_length=600, description="The judgement in one or two sentences: the strongest point, the weakest"
    )
    scores: list[Score] = Field(description="One entry for each criterion of the rubric, in its order")


class Output(Critique):
    """What later steps read, with the criteria that were left out."""

    not_scored: list[str]


class ReviewAgent:
    """Scores and points; the verdict has to agree with the scores."""

    name: ClassVar[str] = "review"
    purpose: ClassVar[str] = (
        "Judges the output of an earlier step, or a file of the job, against a rubric: scores with quoted "
        "passages, specific suggestions and a verdict; it never rewrites."
    )
    prompt_version: ClassVar[str] = "v1"
    Input: ClassVar[type[BaseModel]] = Input
    Output: ClassVar[type[BaseModel]] = Output
    typical: ClassVar[Typical] = Typical(calls=1)

    def objection(self, given: BaseModel, after: Sequence[str]) -> str:
        """A review needs something to judge."""
        named = isinstance(given, Input) and given.file
        if named or after:
            return ""
        return "it has nothing to review: name the step that makes the text in needs, or a file in input.file."

    def run(self, brief: Brief, desk: Desk) -> Draft:
        """Judge; raises Unable when there is nothing to judge."""
        task = read_input(brief, Input)
        texts = judged(brief, task.file)
        rubric = task.rubric or default_rubric(brief)
        critique = converse(
            desk,
            agent=self.name,
            system=prompts.load(self.name, self.prompt_version),
            opening=f"{opening(brief)}\n\n{_assignment(texts, rubric)}",
            tools=[],
            output=Critique,
            max_tokens=8_000,
        )
        output = held_to(critique, rubric)
        made = markdown_file(desk, brief, "critique", as_markdown(output, [text.text for text in texts]))
        return Draft(
            output=output.model_dump(mode="json"),
            made=[made],
            effects=[Effect(kind="document", files=[made.name])],
            summary=summary(output),
        )


def judged(brief: Brief, file: str) -> list[Material]:
    """The named file, else what the last needed step made, else the first file of the job; raises Unable."""
    if file:
        texts = [material for material in brief.materials if material.name == file]
    else:
        made = [step.materials for step in brief.earlier if step.materials]
        texts = made[-1] if made else brief.materials[:1]
    if not texts:
        what = f"There is no file {file!r} to review" if file else "There is no text to review"
        raise Unable(f"{what}. Attach it to the job, or let an earlier step make it, then start the job again.")
    return texts


def default_rubric(brief: Brief) -> list[str]:
    """The usual criteria for the kind of text that the last needed step made."""
    if not brief.earlier:
        return GENERAL
    last = brief.earlier[-1]
    kind = {"code": "code", "communication": "email"}.get(last.agent) or str(last.output.get("kind", ""))
    return RUBRICS.get(kind, GENERAL)


def held_to(critique: Critique, rubric: Sequence[str]) -> Output:
    """The critique in the rubric's order; what it left out or scored under 3 makes the verdict "revise"."""
    by_criterion = {one_line(score.criterion, 400).casefold(): score for score in critique.scores}
    found = [(criterion, by_criterion.get(one_line(criterion, 400).casefold())) for criterion in rubric]
    scores = [score for _, score in found if score]
    not_scored = [criterion for criterion, score in found if not score]
    weak = not_scored or any(score.score < PASSING for score in scores)
    return Output(
        verdict="revise" if weak else critique.verdict,
        overview=critique.overview,
        scores=scores,
        not_scored=not_scored,
    )


def as_markdown(output: Output, texts: Sequence[str]) -> str:
    """The critique as a person reads it."""
    whole = " ".join(" ".join(texts).split())
    lines = [
        f"# Verdict: {output.verdict}",
        "",
        output.overview.strip(),
        "",
        "| Score | Criterion |",
        "| --- | --- |",
    ]
    lines += [
        f"| {score.score} of 5 | {one_line(score.criterion, 400).replace('|', '/')} |" for score in output.scores
    ]
    lines += [
        f"| none | {one_line(criterion, 400).replace('|', '/')} (not scored) |" for criterion in output.not_scored
    ]
    for score in output.scores:
        if score.suggestion.strip():
            lines += ["", f"## {score.score} of 5: {one_line(score.criterion, 400)}", ""]
            lines += [*_passage(score.passage, whole), score.suggestion.strip()]
    return "\n".join(lines)


def summary(output: Output) -> str:
    """One line for the owner."""
    if not output.scores:
        return f"{output.verdict}: nothing scored"
    lowest = min(output.scores, key=lambda score: score.score)
    mean = sum(score.score for score in output.scores) / len(output.scores)
    name = one_line(lowest.criterion.partition(":")[0], 60)
    return f"{output.verdict}: {mean:.1f} of 5 on average, lowest {lowest.score} ({name})"


def _passage(passage: str, whole: str) -> list[str]:
    if not passage.strip():
        return []
    exact = " ".join(passage.split()) in whole
    return [
        quoted(passage),
        "",
        *([] if exact else ["(This passage does not stand in the text word for word.)", ""]),
    ]


def _assignment(texts: Sequence[Material], rubric: Sequence[str]) -> str:
    names = ", ".join(text.name for text in texts)
    criteria = "\n".join(f"- {criterion}" for criterion in rubric)
    return f"# What to judge\n\n{names}\n\n# The rubric\n\n{criteria}"
