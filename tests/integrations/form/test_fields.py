"""The fields of a hosted form: what a rule may define, and what somebody may fill in."""

from typing import Any

import pytest

from integrations.form import fields
from integrations.form.fields import Field

NAME: dict[str, Any] = {"name": "name", "label": "Your name", "required": True}
SIZE: dict[str, Any] = {"name": "size", "label": "Size", "kind": "select", "options": ["S", "L"]}


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ({}, "Every submission to its own address."),
        ({"fields": [NAME]}, "Every submission to its own address, whose page asks for “Your name”."),
        (
            {"fields": [NAME, SIZE]},
            "Every submission to its own address, whose page asks for “Your name” and “Size”.",
        ),
    ],
)
def test_the_fields_are_told(conditions: dict[str, Any], said: str) -> None:
    assert fields.sentence(fields.read(conditions)) == said


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Name"},
        {"name": "a b"},
        {"name": ""},
        {"name": "x" * 41},
        {"name": "__class__"},
        {"name": "website"},
        {"name": "form_token"},
        {"name": "files"},
        {"name": "csrfmiddlewaretoken"},
        {"label": ""},
        {"kind": "hidden"},
        {"kind": "file", "options": ["a"]},
        {"kind": "select"},
        {"options": ["a"]},
        {"kind": "select", "options": ["a", "a"]},
        {"kind": "select", "options": ["a", " "]},
        {"onclick": "alert(1)"},
    ],
)
def test_a_field_that_makes_no_sense_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"fields\.0"):
        fields.read({"fields": [{**NAME, **wrong}]})


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Your mail address", "your_mail_address"),
        ("Größe (in cm)?", "groe_in_cm"),
        ("2. Straße & Nr.", "strae_nr"),
        ("???", "field"),
        ("x" * 60, "x" * 40),
        ("a" * 39 + " b", "a" * 39),
    ],
)
def test_a_field_without_a_name_is_called_by_its_label(label: str, name: str) -> None:
    (field,) = fields.read({"fields": [{"label": label}]}).fields
    assert field.name == name


@pytest.mark.parametrize("many", [[NAME, NAME], [{**NAME, "name": f"f{n}"} for n in range(31)]])
def test_names_differ_and_there_is_an_end_to_them(many: list[dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match=r"same name|at most 30"):
        fields.read({"fields": many})


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ({}, "Lea", ""),
        ({}, " ", "fill this in"),
        ({"required": False}, "", ""),
        ({}, "a\nb", "one line"),
        ({}, "x" * 301, "too long"),
        ({"kind": "textarea"}, "a\nb", ""),
        ({"kind": "textarea"}, "x" * 20_001, "too long"),
        ({}, "a\0b", "cannot be kept"),
        ({"kind": "email"}, "lea@example.com", ""),
        ({"kind": "email"}, "lea", "no mail address"),
        ({"kind": "email"}, "lea@example", "no mail address"),
        ({"kind": "email"}, "lea @example.com", "no mail address"),
        ({"kind": "select", "options": ["S"]}, "S", ""),
        ({"kind": "select", "options": ["S"]}, "XXL", "one of the list"),
        ({}, "<b>{__class__}</b>", ""),
    ],
)
def test_what_was_filled_in_is_looked_at(field: dict[str, Any], value: str, problem: str) -> None:
    values, problems = fields.cleaned([Field(**{**NAME, **field})], {"name": value})
    assert values == {"name": value.strip()}
    assert problem in problems.get("name", "")
    assert bool(problem) == bool(problems)


def test_what_is_no_field_is_dropped_and_line_ends_are_one() -> None:
    values, problems = fields.cleaned([Field(**NAME, kind="textarea")], {"name": "a\r\nb", "admin": "1"})
    assert (values, problems) == ({"name": "a\nb"}, {})


def test_what_was_filled_in_is_told_by_its_labels() -> None:
    asked = [Field(**NAME), Field(name="note", label="Note", kind="textarea"), Field(**SIZE)]
    assert fields.in_words(asked, {"name": "Lea", "note": "a\nb", "size": ""}) == "Your name: Lea\nNote:\na\nb"


def test_a_field_for_files_is_filled_in_with_their_names() -> None:
    plans = Field(name="plans", label="Your plans", kind="file", required=True)
    assert fields.read({"fields": [NAME, plans.model_dump()]}).takes_files
    assert not fields.read({"fields": [NAME]}).takes_files
    names = ", ".join(f"{'x' * 200}{number}.pdf" for number in range(10))
    assert fields.cleaned([plans], {"plans": names}) == ({"plans": names}, {})
    assert fields.cleaned([plans], {}) == ({"plans": ""}, {"plans": "Please choose a file."})
