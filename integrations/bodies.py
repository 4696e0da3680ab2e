"""Strict reading of what others wrote: one meaning for each body, or a refusal that says what is wrong with it.

What passes here can be stored by PostgreSQL and SQLite alike: no NUL, no lone surrogate, no NaN, bounded depth.
"""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from integrations.contracts import Json, Malformed

MAX_DEPTH = 32
MAX_VALUES = 50_000
MAX_FORM_FIELDS = 200
MAX_TEXT_CHARS = 20_000

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"

_SUBJECTS = ("subject", "title", "topic", "summary", "name")
_TEXTS = ("text", "message", "body", "description", "brief", "comment")

Model = TypeVar("Model", bound=BaseModel)


def media_type(headers: Mapping[str, str]) -> str:
    """The body's media type in lower case, without parameters; empty if none was sent."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def read_json_object(body: bytes, *, max_values: int = MAX_VALUES) -> Json:
    """The JSON object in `body`. Raises Malformed for anything else, and for what has two readings.

    Refused: other encodings than UTF-8, duplicate keys, NaN and infinities, NUL, lone surrogates, more than
    MAX_DEPTH levels or `max_values` values.
    """
    if not body.strip():
        raise Malformed("The body is empty: send a JSON object.")
    try:
        value = json.loads(
            _text(body), object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite
        )
    except RecursionError as error:
        raise Malformed(f"The JSON is nested deeper than {MAX_DEPTH} levels.") from error
    except ValueError as error:
        raise Malformed(f"The body is not valid JSON: {error}.") from error
    if not isinstance(value, dict):
        raise Malformed(f'The JSON is {_name_of(value)}: send an object, as in {{"text": "…"}}.')
    _check(value, max_values)
    return value


def read_form(body: bytes) -> Json:
    """The fields of a form-encoded `body`; a name sent more than once becomes a list. Raises Malformed."""
    try:
        pairs = parse_qsl(
            _text(body),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MAX_FORM_FIELDS,
        )
    except ValueError as error:
        raise Malformed(f"The body is not a form-encoded list of at most {MAX_FORM_FIELDS} fields.") from error
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    if "" in fields:
        raise Malformed("A form field has no name.")
    found: Json = {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
    _check(found, MAX_VALUES)
    return found


def read_conditions(model: type[Model], conditions: Json) -> Model:
    """A trigger's conditions as `model`; raises ValueError saying in a line what is wrong with which of them."""
    try:
        return model.model_validate(conditions)
    except ValidationError as error:
        raise ValueError(_problems(error)) from error


def one_line(value: Any, limit: int = 200) -> str:
    """The text as a single line of at most `limit` characters; empty for anything but text and numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return bounded(" ".join(str(value).split()), limit)


def bounded(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    """The text, or its beginning and an ellipsis: at most `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def first_line_of(data: Json, names: Iterable[str]) -> str:
    """The first of the named values that has text, as one line; empty if none has."""
    return next((line for name in names if (line := one_line(data.get(name)))), "")


def subject_of(data: Json) -> str:
    """What the event is about in one line: its subject or title, else how its text begins."""
    return first_line_of(data, (*_SUBJECTS, *_TEXTS))


def text_of(data: Json) -> str:
    """What the event says: its text or message, else every plain value as `name: value`, a line each."""
    for name in _TEXTS:
        value = data.get(name)
        if isinstance(value, str) and value.strip():
            return bounded(value)
    lines = [f"{name}: {line}" for name, value in data.items() if (line := one_line(value, MAX_TEXT_CHARS))]
    return bounded("\n".join(lines))


def _text(body: bytes) -> str:
    if b"\0" in body:
        raise Malformed("The body holds a NUL byte, which no text may hold: remove it and send again.")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8 (byte {error.start} is the first that is not).") from error


def _unique(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(f"The JSON names {one_line(twice, 60)!r} twice in one object: it has no single meaning.")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed(f"The JSON holds {name}, which is not a JSON number.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Malformed("The JSON holds a number too large to be kept.")
    return number


def _check(value: Json, max_values: int) -> None:
    """Refuse what a database could not keep, without recursion."""
    waiting: list[tuple[Any, int]] = [(value, 1)]
    seen = 0
    while waiting:
        item, depth = waiting.pop()
        seen += 1
        if depth > MAX_DEPTH:
            raise Malformed(f"The body is nested deeper than {MAX_DEPTH} levels.")
        if seen > max_values:
            raise Malformed(f"The body holds more than {max_values} values.")
        if isinstance(item, str):
            _check_text(item)
        elif isinstance(item, dict):
            waiting.extend((part, depth) for part in item)
            waiting.extend((part, depth + 1) for part in item.values())
        elif isinstance(item, list):
            waiting.extend((part, depth + 1) for part in item)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise Malformed("A text holds a NUL character, which cannot be kept: remove it and send again.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Malformed("A text holds half of a surrogate pair, which is no character.") from error


def _problems(error: ValidationError) -> str:
    lines = [f"{'.'.join(map(str, problem['loc'])) or 'it'}: {problem['msg']}" for problem in error.errors()[:5]]
    return "; ".join(lines) + "."


def _name_of(value: Any) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
