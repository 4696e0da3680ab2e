"""Strict reading. What is refused is listed in source_contract.MALFORMED, which every source is tried with."""

import json
from typing import Any

import pytest

from integrations import bodies
from integrations.contracts import Malformed


def test_what_is_plain_is_read_as_it_stands() -> None:
    body = '{"text": "Grüße 🌙", "n": [1, 2.5, -3e-2, true, null, {"deep": {"er": []}}], "": ""}'
    assert bodies.read_json_object(body.encode()) == json.loads(body)


def test_the_deepest_allowed_is_read() -> None:
    depth = bodies.MAX_DEPTH - 1
    assert bodies.read_json_object(b'{"a":' * depth + b"1" + b"}" * depth)
    with pytest.raises(Malformed, match="32 levels"):
        bodies.read_json_object(b'{"a":' * (depth + 1) + b"1" + b"}" * (depth + 1))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"[1]", "a list"),
        (b"true", "true or false"),
        (b"1", "a number"),
        (b'{"a": 1, "a": 2}', "'a' twice"),
        (b'{"a": NaN}', "NaN"),
        (b"\x00", "NUL byte"),
        (b"\xff", "byte 0"),
    ],
)
def test_the_refusal_names_the_fault(body: bytes, said: str) -> None:
    with pytest.raises(Malformed, match=said):
        bodies.read_json_object(body)


def test_media_types_are_read_without_parameters() -> None:
    assert bodies.media_type({"content-type": "Application/JSON ; charset=utf-8"}) == "application/json"
    assert bodies.media_type({}) == ""


def test_lines_are_single_and_bounded() -> None:
    assert bodies.one_line("  a\n\tb  ") == "a b"
    assert bodies.one_line("x" * 300) == "x" * 199 + "…"
    values: list[Any] = [7, 2.5, True, None, ["a"], {}]
    assert [bodies.one_line(value) for value in values] == ["7", "2.5", "", "", "", ""]


def test_subject_and_text_are_found() -> None:
    assert bodies.subject_of({"subject": " ", "title": "Menu", "text": "Soup"}) == "Menu"
    assert bodies.subject_of({"message": "First\nsecond"}) == "First second"
    assert bodies.subject_of({"n": [1]}) == ""
    assert bodies.text_of({"text": 5, "body": "Soup"}) == "Soup"
    assert bodies.text_of({"a": "x", "list": [1], "b": 2}) == "a: x\nb: 2"


def test_who_expects_more_values_may_read_more() -> None:
    body = b'{"a": [' + b"0," * bodies.MAX_VALUES + b"0]}"
    with pytest.raises(Malformed, match="more than 50000 values"):
        bodies.read_json_object(body)
    assert len(bodies.read_json_object(body, max_values=2 * bodies.MAX_VALUES)["a"]) == bodies.MAX_VALUES + 1
