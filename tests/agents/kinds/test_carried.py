"""Nothing private that strangers may have steered goes into a repository unless a person said so."""

from typing import Any

import pytest

from agents.contracts import Answer, Brief, Earlier, Json, Material, Unable
from agents.decisions import NeedsAnswer
from agents.kinds.carried import NO, YES, carried, without_what_may_not_go

NOTES = "Their margins are 31 percent."


def a_step(*, private: bool = True, untrusted: bool = True, repository: str = "") -> Earlier:
    made: Json = {"name": "page.md", "text": NOTES, "private": private, "untrusted": untrusted}
    material = Material(**made, repository=repository)
    return Earlier(
        position=1, agent="drafting", title="Write", output={"t": NOTES}, materials=[material], private=private
    )


def a_brief(**parts: Any) -> Brief:
    return Brief(job_uid="u", job_title="Page", job_brief="Put it in.", **parts)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (a_step(), ["“Write”"]),
        (a_step(untrusted=False), []),
        (a_step(private=False), []),
        (a_step(repository="payroll"), ["“Write”"]),
        (a_step(repository="site"), []),
    ],
    ids=["both", "the owner alone steered it", "nothing private", "another repository's", "its own"],
)
def test_only_what_is_both_private_and_steered_needs_a_word(step: Earlier, expected: list[str]) -> None:
    assert list(carried(a_brief(earlier=[step]), "site")) == expected
    assert list(carried(a_brief(materials=step.materials), "site")) == (["“page.md”"] if expected else [])


def test_a_request_is_judged_by_what_its_writer_knew() -> None:
    assert list(carried(a_brief(written_knowing=["site"]), "site")) == []
    for known in (["payroll"], ["", "site"]):
        assert list(carried(a_brief(written_knowing=known), "site")) == ["the request, which an agent wrote"]


def asked(brief: Brief) -> str:
    with pytest.raises(NeedsAnswer) as caught:
        without_what_may_not_go(brief, "site")
    question = caught.value.question
    assert question.suggestions[question.recommended] == NO
    return question.question


def test_a_person_is_asked_and_may_let_it_go_or_not() -> None:
    brief = a_brief(earlier=[a_step()], materials=a_step().materials)
    question = asked(brief)
    assert "“Write”, “page.md”" in question
    assert "“site”" in question
    allowed = brief.model_copy(update={"answers": [Answer(question=question, answer=YES)]})
    assert without_what_may_not_go(allowed, "site") == allowed
    # What is no plain yes is none.
    for answer in (NO, "perhaps"):
        told = brief.model_copy(update={"answers": [Answer(question=question, answer=answer)]})
        left = without_what_may_not_go(told, "site")
        assert NOTES not in left.model_dump_json()
        assert [step.title for step in left.earlier] == ["Write"]
    # A word on one repository is none on another.
    with pytest.raises(NeedsAnswer):
        without_what_may_not_go(allowed, "payroll")


def test_without_its_request_nothing_is_left_to_do() -> None:
    brief = a_brief(written_knowing=[""])
    refused = brief.model_copy(update={"answers": [Answer(question=asked(brief), answer=NO)]})
    with pytest.raises(Unable, match="in your own words"):
        without_what_may_not_go(refused, "site")
