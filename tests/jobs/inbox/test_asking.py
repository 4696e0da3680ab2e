"""A model as fields of a page, whatever it asks for."""

from typing import Annotated, Any, Literal

import pytest
from django.utils import translation
from pydantic import BaseModel, Field

from jobs.inbox import asking


class Row(BaseModel):
    """A thing with fields of its own."""

    label: str


class Everything(BaseModel):
    """A condition of every type that a page can ask for."""

    word: str = Field(default="", max_length=40, title="Word", description="Just one.")
    words: str = Field(default="", max_length=2_000)
    number: Annotated[int, Field(ge=0, le=9)] = 3
    switch: bool = False
    either: bool | None = None
    one: Literal["a_b", "c"] = "c"
    zone: str = Field(default="UTC", json_schema_extra=lambda told: told.update(choices=["UTC", "Europe/Berlin"]))
    some: list[Literal["x", "y", "z"]] = Field(default=["y"], min_length=1)
    lines: list[Annotated[str, Field(min_length=1)]] = []
    usual: list[str] = Field(default=[], json_schema_extra={"choices": {"push": "Approve", "fork": "It is forked"}})
    rows: list[Row] = []


def part(name: str, value: Any = None) -> asking.Part:
    """One of them, with a value."""
    info = Everything.model_fields[name]
    return asking.part(name, info, asking.usual(info) if value is None else value)


@pytest.mark.parametrize(
    ("name", "given", "read"),
    [
        ("word", {"word": "a"}, "a"),
        ("words", {"words": "a\r\nb"}, "a\nb"),
        ("number", {"number": 5}, 5),
        ("number", {"number": None}, 3),
        ("switch", {"switch": True}, True),
        ("either", {"either": ""}, None),
        ("either", {"either": "false"}, False),
        ("one", {"one": ""}, "c"),
        ("some", {"some": ["z", "x"]}, ["x", "z"]),
        ("lines", {"lines": ["a", "b"]}, ["a", "b"]),
        ("usual", {"usual": ["fork", "push"], "usual_more": ["x", "push"]}, ["push", "fork", "x"]),
    ],
)
def test_what_is_filled_in_is_read_as_the_model_has_it(name: str, given: dict[str, Any], read: Any) -> None:
    assert part(name).read(given) == read


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("word", "a", "a"),
        ("number", 7, 7),
        ("switch", True, True),
        ("either", True, True),
        ("one", "a_b", "a_b"),
        ("zone", "Mars/Olympus", "Mars/Olympus"),
        ("some", "x", ["x"]),
        ("some", ["z", "gone", "x"], ["x", "z", "gone"]),
        ("lines", "one", ["one"]),
        ("lines", [" a ", "", "b"], ["a", "b"]),
        ("usual", ["x", "push"], ["push", "x"]),
        ("number", "many", None),
        ("either", "maybe", None),
    ],
)
def test_what_nobody_touches_is_known_again(name: str, value: Any, left: Any) -> None:
    assert part(name, value).as_left() == left


def test_a_field_has_its_label_its_help_and_its_limits() -> None:
    word = part("word").fields["word"]
    assert (word.label, word.help_text, word.required) == ("Word", "Just one.", False)
    assert part("some").fields["some"].required
    number: Any = part("number").fields["number"]
    assert (number.min_value, number.max_value) == (0, 9)
    assert part("lines").fields["lines"].help_text == "One a line."
    assert 'rows="3"' in str(part("words").fields["words"].widget.render("words", ""))


def test_words_are_the_readers() -> None:
    with translation.override("de"):
        assert asking.choices(Everything.model_fields["usual"])[0] == ("push", "Freigeben")
        assert asking.said({"type": "missing", "msg": "Field required"}) == "Bitte ausfüllen."
    assert asking.choices(Everything.model_fields["one"]) == [("a_b", "a b"), ("c", "c")]


def test_what_it_is_now_can_be_left_so_though_it_is_not_offered() -> None:
    zone: Any = part("zone", "Etc/GMT+3").fields["zone"]
    assert [value for value, _ in zone.choices] == ["Etc/GMT+3", "UTC", "Europe/Berlin"]


def test_rows_have_a_model_and_nothing_else_has() -> None:
    assert asking.row_model(Everything.model_fields["rows"]) is Row
    assert asking.row_model(Everything.model_fields["lines"]) is None
    assert asking.row_model(Everything.model_fields["word"]) is None


def test_what_no_page_can_ask_for_is_told() -> None:
    class Odd(BaseModel):
        odd: dict[str, int] = {}

    with pytest.raises(TypeError, match="cannot ask for odd"):
        asking.part("odd", Odd.model_fields["odd"], {})


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ({"type": "value_error", "msg": "Value error, this is wrong"}, "This is wrong."),
        ({"type": "too_long", "msg": "", "ctx": {"max_length": 20}}, "Name at most 20."),
        ({"type": "literal_error", "msg": "", "input": "x"}, "“x” cannot be chosen here."),
        ({"type": "string_pattern_mismatch", "msg": "", "input": "A b"}, "“A b” cannot be used. Small letters."),
    ],
)
def test_what_is_wrong_is_a_sentence(problem: dict[str, Any], words: str) -> None:
    assert asking.said(problem, "Small letters.") == words
