"""Which columns of a data source Nightdesk writes, how they are found there, and what is wrong with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.contracts import Json, TargetClosed
from integrations.words import _

MAX_TEXT = 2_000
_MAX_OPTION = 100


@dataclass(frozen=True)
class Column:
    """One column: the types it may have (the first is made where it is missing), and other names it may have."""

    name: str
    kinds: tuple[str, ...]
    also: tuple[str, ...] = ()
    options: tuple[str, ...] = ()  # that have to be there where the column has a fixed list
    needed: bool = False

    def made(self) -> Json:
        """As it is made."""
        kind = self.kinds[0]
        return {kind: {"options": [{"name": name} for name in self.options]} if kind == "select" else {}}


_NAMED = ("select", "status")
TITLE = Column("Name", ("title",), needed=True)
EXTERNAL_ID = Column("External ID", ("rich_text",), also=("Job ID",), needed=True)
DIGEST = Column("Digest", ("rich_text",), needed=True)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a column. `missing`: it can be made."""

    column: Column
    says: str
    fix: str
    missing: bool


@dataclass(frozen=True)
class Found:
    """A column of ours as it is called there. Written by its id: a new name changes nothing."""

    id: str
    kind: str


class Columns:
    """The columns of one data source that were found among `wanted`, and what is wrong with the others."""

    def __init__(self, source: Json, wanted: Sequence[Column]) -> None:
        self.wanted = wanted
        self.problems: list[Problem] = []
        self._found: dict[str, Found] = {}
        there: Mapping[str, Json] = source["properties"]
        for column in wanted:
            self._look_for(column, there)

    def __contains__(self, name: str) -> bool:
        """Whether the column can be written."""
        return name in self._found

    def check(self) -> None:
        """Raise TargetClosed, naming what is wrong, if one is that no row can do without."""
        if faults := [problem for problem in self.problems if problem.column.needed]:
            says = " ".join(f"{fault.says} {fault.fix}" for fault in faults)
            raise TargetClosed(_("The data source in Notion does not fit. {says}").format(says=says))

    def missing(self) -> Json:
        """What would make the missing columns."""
        return {problem.column.name: problem.column.made() for problem in self.problems if problem.missing}

    def values(self, texts: Mapping[str, str]) -> Json:
        """Column name -> text, as the properties of a row; what has no column is left out."""
        return {
            self._found[name].id: {self._found[name].kind: _value(self._found[name].kind, text)}
            for name, text in texts.items()
            if name in self._found
        }

    def text(self, page: Json, name: str) -> str:
        """What a row has in this column; empty where there is no such column."""
        found = self._found.get(name)
        values = page["properties"].values()
        return next((plain(value) for value in values if found and value["id"] == found.id), "")

    def equals(self, name: str, text: str) -> Json:
        """A filter: the column has this text."""
        found = self._found[name]
        return {"property": found.id, found.kind: {"equals": text}}

    def is_set(self, name: str) -> Json:
        """A filter: the column has any text."""
        found = self._found[name]
        return {"property": found.id, found.kind: {"is_not_empty": True}}

    def differing(self, page: Json, texts: Mapping[str, str]) -> dict[str, str]:
        """Those of the texts that the row does not have."""
        return {name: text for name, text in texts.items() if name in self and not self._has(page, name, text)}

    def _has(self, page: Json, name: str, text: str) -> bool:
        there, kind = self.text(page, name), self._found[name].kind
        if kind == "date" and there and text:
            return datetime.fromisoformat(there) == datetime.fromisoformat(text)
        return there == (_option(text) if kind in _NAMED else text)

    def _look_for(self, column: Column, there: Mapping[str, Json]) -> None:
        found = _named(column, there)
        if found is None:
            kind = _KINDS[column.kinds[0]]
            says, fix = f"It has no column “{column.name}”.", f"Add one of the type {kind}."
            self.problems.append(Problem(column, says, fix, missing=True))
        elif found["type"] not in column.kinds:
            wanted = " or ".join(_KINDS[kind] for kind in column.kinds)
            says = f"Its column “{found['name']}” is of the type {_KINDS.get(found['type'], found['type'])}."
            self.problems.append(Problem(column, says, f"Make it {wanted}, or rename it.", missing=False))
        elif lacks := _lacking(column, found):
            says = f"Its column “{found['name']}” has no option {', '.join(lacks)}."
            self.problems.append(Problem(column, says, "Add it in the column's settings.", missing=False))
        else:
            self._found[column.name] = Found(found["id"], found["type"])


def plain(value: Json) -> str:
    """The text of a property's value: of texts, options, addresses and dates."""
    content: Any = value.get(value["type"])
    if isinstance(content, list):
        return "".join(str(item.get("plain_text", "")) for item in content)
    if isinstance(content, dict):
        return str(content.get("name") or content.get("start") or "")
    return "" if content is None else str(content)


def rich_text(text: str) -> list[Json]:
    """A text in pieces that Notion takes, at most a hundred of them."""
    pieces = [text[at : at + MAX_TEXT] for at in range(0, min(len(text), 100 * MAX_TEXT), MAX_TEXT)]
    return [{"type": "text", "text": {"content": piece}} for piece in pieces]


_KINDS = {
    "title": "title",
    "rich_text": "text",
    "select": "select",
    "status": "status",
    "url": "URL",
    "date": "date",
}


def _named(column: Column, there: Mapping[str, Json]) -> Json | None:
    """The column of this name, whatever its case; the title, of which each data source has one, by its type."""
    if column.kinds == ("title",):
        return next((found for found in there.values() if found["type"] == "title"), None)
    by_name = {found["name"].strip().casefold(): found for found in there.values()}
    names = [name.casefold() for name in (column.name, *column.also)]
    return next((by_name[name] for name in names if name in by_name), None)


def _lacking(column: Column, found: Json) -> list[str]:
    """Options that have to be there: a select takes new ones, a status does not."""
    if found["type"] != "status":
        return []
    has = {option["name"] for option in found["status"]["options"]}
    return [name for name in column.options if name not in has]


def _value(kind: str, text: str) -> Any:
    if kind in {"title", "rich_text"}:
        return rich_text(text)
    if not text:
        return None
    if kind in _NAMED:
        return {"name": _option(text)}
    return {"start": text} if kind == "date" else text[:MAX_TEXT]


def _option(text: str) -> str:
    """An option's name: without commas, which Notion does not take, and not too long."""
    return " ".join(text.replace(",", " ").split())[:_MAX_OPTION]
