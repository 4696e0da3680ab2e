"""The kinds of text as data."""

import pytest
from pydantic import BaseModel, ValidationError

from agents import texts


class Given(BaseModel):
    kind: texts.Kind


def test_every_kind_has_a_length_a_form_and_a_rubric() -> None:
    wanted = {
        "article",
        "proposal",
        "email",
        "documentation",
        "report",
        "minutes",
        "invoice",
        "page",
        "post",
        "other",
    }
    assert set(texts.NAMES) == wanted
    for name in texts.NAMES:
        kind = texts.text_kind(name)
        assert kind.words > 50
        assert kind.form.endswith(".")
        assert texts.rubric(name)[:4] == texts.rubric()
        assert len(texts.rubric(name)) == 4 + len(kind.rubric)


def test_code_has_a_rubric_of_its_own_and_what_is_unknown_the_general_one() -> None:
    assert texts.rubric("code")[2].startswith("Tests: ")
    assert texts.rubric("sonnet") == texts.rubric()


def test_a_kind_that_is_not_in_the_data_is_refused_and_the_form_lists_those_that_are() -> None:
    assert Given(kind="minutes").kind == "minutes"
    with pytest.raises(ValidationError, match="Input should be 'article', 'proposal'"):
        Given(kind="sonnet")
    assert Given.model_json_schema()["properties"]["kind"]["enum"] == list(texts.NAMES)
