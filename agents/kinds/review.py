"""Review: judges a text against a rubric. It says what to change and never writes it."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, Field

from agents import prompts, texts
from agents.access import Access
from agents.contracts import Brief, Desk, Draft, Effect, Frozen, Json, Material, Redo, Typical, Unable
from agents.kinds import markdown_file, one_line, opening, quoted, read_input
from agents.loop import converse
from agents.words import _, gettext_noop

PASSING = 3
# Whose work can be made better by words alone: a branch is for its owner to judge, and findings are what was found.
_MENDS = "drafting"

Verdict = Literal["ready", "revise"]
_VERDICTS = {"ready": gettext_noop("ready"), "revise": gettext_noop("to be revised")}


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


class Judged(Score):
    """One criterion, judged, after its passage was looked up in the text."""

    quoted: bool = False  # the passage stands in the text word for word


class Output(BaseModel):
    """What later steps read, with the criteria that were left out."""

    verdict: Verdict
    overview: str
    scores: list[Judged]
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
    access: ClassVar[Access] = Access(untrusted=True, private=True, reaches_out=False)
    typical: ClassVar[Typical] = Typical(calls=1)

    def objection(self, given: BaseModel, after: Sequence[str], options: Json) -> str:
        """A review needs something to judge."""
        named = isinstance(given, Input) and given.file
        if named or after:
            return ""
        return "it has nothing to review: name the step that makes the text in needs, or a file in input.file."

    def run(self, brief: Brief, desk: Desk) -> Draft:
        """Judge; raises Unable when there is nothing to judge."""
        task = read_input(brief, Input)
        works = judged(brief, task.file)
        rubric = task.rubric or default_rubric(brief)
        critique = converse(
            desk,
            agent=self.name,
            system=prompts.load(self.name, self.prompt_version),
            opening=f"{opening(brief)}\n\n{_assignment(works, rubric)}",
            tools=[],
            output=Critique,
            max_tokens=8_000,
        )
        output = held_to(critique, rubric, [work.text for work in works])
        made = markdown_file(desk, brief, "critique", as_markdown(output))
        return Draft(
            output=output.model_dump(mode="json"),
            made=[made],
            effects=[Effect(kind="document", files=[made.name])],
            summary=summary(output),
            redo=None if task.file else sent_back(brief, output),
        )


def judged(brief: Brief, file: str) -> list[Material]:
    """The named file, else what the last needed step made, else the first file of the job; raises Unable."""
    if file:
        found = [material for material in brief.materials if material.name == file]
    else:
        made = [step.materials for step in brief.earlier if step.materials]
        found = made[-1] if made else brief.materials[:1]
    if not found:
        what = _("There is no text to review")
        if file:
            what = _("There is no file {file} to review").format(file=f"{file!r}")
        raise Unable(
            _("{what}. Attach it to the job, or let an earlier step make it, then start the job again.").format(
                what=what
            )
        )
    return found


def default_rubric(brief: Brief) -> list[str]:
    """The usual criteria for the kind of text that the last needed step made."""
    if not brief.earlier:
        return texts.rubric()
    last = brief.earlier[-1]
    kind = {"code": "code", "communication": "email"}.get(last.agent) or str(last.output.get("kind", ""))
    return texts.rubric(kind)


def held_to(critique: Critique, rubric: Sequence[str], judged_texts: Sequence[str]) -> Output:
    """The critique in the rubric's order; what it left out or scored under 3 makes the verdict "revise"."""
    whole = " ".join(" ".join(judged_texts).split())
    by_criterion = {one_line(score.criterion, 400).casefold(): score for score in critique.scores}
    found = [(criterion, by_criterion.get(one_line(criterion, 400).casefold())) for criterion in rubric]
    scores = [_looked_up(score, whole) for _, score in found if score]
    not_scored = [criterion for criterion, score in found if not score]
    weak = not_scored or any(score.score < PASSING for score in scores)
    verdict: Verdict = "revise" if weak else critique.verdict
    return Output(verdict=verdict, overview=critique.overview, scores=scores, not_scored=not_scored)


def sent_back(brief: Brief, output: Output) -> Redo | None:
    """A draft that fails its rubric goes back with what is wrong; anything else is for the owner to see."""
    failed = [score for score in output.scores if score.score < PASSING and score.suggestion.strip()]
    last = brief.earlier[-1] if brief.earlier else None
    if last is None or last.agent != _MENDS or not failed:
        return None
    lines = [f"- {one_line(score.criterion, 200)} ({score.score} of 5): {_said(score)}" for score in failed]
    return Redo(position=last.position, note="\n".join(lines))


def as_markdown(output: Output) -> str:
    """The critique as a person reads it."""
    lines = [
        f"# Verdict: {output.verdict}",
        "",
        output.overview.strip(),
        "",
        "| Score | Criterion |",
        "| --- | --- |",
    ]
    lines += [f"| {score.score} of 5 | {_cell(score.criterion)} |" for score in output.scores]
    lines += [f"| none | {_cell(criterion)} (not scored) |" for criterion in output.not_scored]
    for score in output.scores:
        if score.suggestion.strip():
            lines += ["", f"## {score.score} of 5: {one_line(score.criterion, 400)}", ""]
            lines += [*_passage(score), score.suggestion.strip()]
    return "\n".join(lines)


def summary(output: Output) -> str:
    """One line for the owner."""
    if not output.scores:
        return _("{verdict}: nothing scored").format(verdict=_(_VERDICTS.get(output.verdict, output.verdict)))
    lowest = min(output.scores, key=lambda score: score.score)
    mean = sum(score.score for score in output.scores) / len(output.scores)
    name = one_line(lowest.criterion.partition(":")[0], 60)
    said = _("{verdict}: {mean} of 5 on average, lowest {lowest} ({name})")
    verdict = _(_VERDICTS.get(output.verdict, output.verdict))
    return said.format(verdict=verdict, mean=f"{mean:.1f}", lowest=lowest.score, name=name)


def _looked_up(score: Score, whole: str) -> Judged:
    passage = " ".join(score.passage.split())
    return Judged(**score.model_dump(), quoted=bool(passage) and passage in whole)


def _said(score: Judged) -> str:
    """The suggestion, after the place it is about, if that place is there."""
    place = f"“{one_line(score.passage, 200)}”: " if score.quoted else ""
    return place + one_line(score.suggestion, 600)


def _cell(criterion: str) -> str:
    return one_line(criterion, 400).replace("|", "/")


def _passage(score: Judged) -> list[str]:
    if not score.passage.strip():
        return []
    missing = "(This passage does not stand in the text word for word.)"
    return [quoted(score.passage), "", *([] if score.quoted else [missing, ""])]


def _assignment(works: Sequence[Material], rubric: Sequence[str]) -> str:
    names = ", ".join(work.name for work in works)
    criteria = "\n".join(f"- {criterion}" for criterion in rubric)
    return f"# What to judge\n\n{names}\n\n# The rubric\n\n{criteria}"
