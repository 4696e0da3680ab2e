"""What the orchestrator may decide: a Plan, a Split into two jobs, or a Question; and how a Task asks one."""

from typing import Literal

from pydantic import Field

from agents.contracts import Frozen, Interrupted, Json


class Step(Frozen):
    """One step of a Plan: it becomes a Task. `needs` are positions (1-based) of earlier steps."""

    agent: str
    title: str = Field(max_length=120)
    input: Json
    needs: list[int] = Field(default_factory=list)


class Plan(Frozen):
    """One to five steps, checked against the catalogue. `rests_on` are numbers of the Brief's `known` answers."""

    steps: list[Step]
    rests_on: list[int] = Field(default_factory=list)


class SplitPart(Frozen):
    """One of the two jobs that a request too large for one Plan becomes."""

    title: str = Field(max_length=200)
    brief: str


class Split(Frozen):
    """Two jobs, the second starts after the first is completed and gets its outputs."""

    parts: list[SplitPart] = Field(min_length=2, max_length=2)
    reason: str


class Question(Frozen):
    """What a person must say before work can go on.

    `lasting`: the answer holds for later jobs of the same client too. `if_unanswered` says what happens when nobody
    answers in time: nothing, or the recommended answer counts.
    """

    question: str
    suggestions: list[str] = Field(min_length=2, max_length=4)
    recommended: int = 0  # index into suggestions
    lasting: bool = False
    if_unanswered: Literal["hold", "recommended"] = "hold"


Decision = Plan | Split | Question


class NeedsAnswer(Interrupted):
    """The Task cannot go on before a person has answered; the answer joins the job and the Task starts again."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.question)
        self.question = question
