"""Strict reading of a body: JSON with one meaning that every database can keep, or a problem that says why not."""

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from jobs.api.problems import Problem

MAX_BYTES = 1_000_000
MAX_DEPTH = 32


class StrictJSON(BaseParser):
    """An object in UTF-8: no NaN, no NUL, no half characters, no name twice, at most MAX_DEPTH levels."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The object. Raises ParseError, or Problem for a body over MAX_BYTES."""
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise Problem("too-large", f"At most {MAX_BYTES} bytes are taken.")
        try:
            value = json.loads(
                body.decode(), object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite
            )
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is no JSON that can be kept: {error}") from error
        if not isinstance(value, dict):
            raise ParseError("Send a JSON object.")
        _check(value)
        return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _check(value: dict[str, Any]) -> None:
    """Refuse what a database could not keep. A loop, so that no depth is too deep for the check itself."""
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ParseError(f"The body is nested deeper than {MAX_DEPTH} levels.")
        if isinstance(item, str) and not _can_be_kept(item):
            raise ParseError("A text holds NUL or half of a surrogate pair, which is no character.")
        if isinstance(item, dict):
            waiting.extend((name, depth) for name in item)
            waiting.extend((inner, depth + 1) for inner in item.values())
        elif isinstance(item, list):
            waiting.extend((inner, depth + 1) for inner in item)


def _can_be_kept(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
