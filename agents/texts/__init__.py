"""The kinds of text as data, kinds.json: a length, a form and a rubric each. A new kind is one line there."""

import json
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

_KINDS = Path(__file__).with_name("kinds.json")


class TextKind(BaseModel):
    """What one kind of text is like."""

    words: int
    form: str
    rubric: list[str]


class _Kinds(BaseModel):
    general: list[str]
    texts: dict[str, TextKind]
    code: list[str]


@cache
def _kinds() -> _Kinds:
    return _Kinds.model_validate(json.loads(_KINDS.read_text(encoding="utf-8")))


NAMES = tuple(_kinds().texts)


def text_kind(name: str) -> TextKind:
    """The kind of that name; raises KeyError."""
    return _kinds().texts[name]


def rubric(name: str = "") -> list[str]:
    """What a work of this kind is judged by: a kind of text, "code", or anything else by the general criteria."""
    if name == "code":
        return list(_kinds().code)
    known = _kinds().texts.get(name)
    return [*_kinds().general, *(known.rubric if known else [])]


def _known(name: str) -> str:
    if name not in NAMES:
        raise ValueError(f"Input should be {', '.join(map(repr, NAMES[:-1]))} or {NAMES[-1]!r}")
    return name


Kind = Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": list(NAMES)})]
