"""What the orchestrator may decide."""

import pytest
from pydantic import ValidationError

from agents.contracts import Interrupted
from agents.decisions import NeedsAnswer, Plan, Question


@pytest.mark.parametrize("count", [1, 5])
def test_a_question_has_two_to_four_suggestions(count: int) -> None:
    with pytest.raises(ValidationError):
        Question(question="Which?", suggestions=["a"] * count)


def test_a_step_cannot_name_what_the_contract_does_not_know() -> None:
    step = {"agent": "drafting", "title": "Write", "input": {}}
    assert Plan.model_validate({"steps": [step]}).steps[0].needs == []
    with pytest.raises(ValidationError, match="recipient"):
        Plan.model_validate({"steps": [{**step, "recipient": "x@example.com"}]})


def test_a_question_holds_unless_it_says_otherwise() -> None:
    question = Question(question="Which?", suggestions=["a", "b"])
    assert (question.if_unanswered, question.lasting) == ("hold", False)
    with pytest.raises(ValidationError):
        Question(question="Which?", suggestions=["a", "b"], if_unanswered="guess")


def test_a_task_that_needs_an_answer_ends_its_run() -> None:
    asked = NeedsAnswer(Question(question="Which?", suggestions=["a", "b"]))
    assert isinstance(asked, Interrupted)
    assert str(asked) == asked.question.question == "Which?"
