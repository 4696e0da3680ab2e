"""The fields of a hosted form, as its rule defines them, and what somebody filled in."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field as Bounded
from pydantic import model_validator

from integrations import bodies
from integrations.contracts import Frozen, Json

MAX_FIELDS = 30
MAX_LINE = 300
# What a browser sends beside the fields. The trap has a name that programs like to fill in.
TOKEN, TRAP, CSRF = "form_token", "website", "csrfmiddlewaretoken"
_OURS = {TOKEN, TRAP, CSRF, "files"}


class Field(Frozen):
    """One thing that the page asks for."""

    name: str = Bounded(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    label: str = Bounded(min_length=1, max_length=120)
    kind: Literal["text", "email", "textarea", "select", "file"] = "text"
    required: bool = False
    options: list[str] = Bounded(default_factory=list, max_length=50)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.name in _OURS:
            raise ValueError(f"the name {self.name} is taken; choose another")
        if (self.kind == "select") != bool(self.options):
            raise ValueError("options belong to a field of kind select, which needs some")
        if len(set(self.options)) < len(self.options) or not all(option.strip() for option in self.options):
            raise ValueError("options differ and are not empty")
        return self


class Conditions(Frozen):
    """Nothing to meet, the address is the rule's own. With fields, the address is also a page to fill in."""

    fields: list[Field] = Bounded(default_factory=list, max_length=MAX_FIELDS)
    heading: str = Bounded(default="", max_length=120)
    intro: str = Bounded(default="", max_length=2_000)
    thanks: str = Bounded(default="", max_length=2_000)

    @property
    def takes_files(self) -> bool:
        """Whether its page has a field for files."""
        return any(field.kind == "file" for field in self.fields)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names):
            raise ValueError("two fields have the same name")
        return self


def read(conditions: Json) -> Conditions:
    """The rule's conditions; raises ValueError saying what is wrong with them."""
    return bodies.read_conditions(Conditions, conditions)


def sentence(conditions: Conditions) -> str:
    """The conditions in words."""
    if not conditions.fields:
        return "Every submission to its own address."
    labels = [f"“{field.label}”" for field in conditions.fields]
    return f"Every submission to its own address, whose page asks for {_listed(labels)}."


def cleaned(fields: list[Field], given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What was filled in, and what is wrong with it: both by the field's name. Names of no field are dropped.

    A field for files is filled in with their names.
    """
    values: dict[str, str] = {}
    problems: dict[str, str] = {}
    for field in fields:
        value = given.get(field.name, "").replace("\r\n", "\n").strip()
        values[field.name] = value
        if problem := _problem(field, value):
            problems[field.name] = problem
    return values, problems


def in_words(asked: list[Field], values: Mapping[str, str]) -> str:
    """What was filled in, as people read it: each label with its answer."""
    answers = [(field, values.get(field.name, "")) for field in asked]
    lines = [f"{field.label}:{chr(10) if chr(10) in said else ' '}{said}" for field, said in answers if said]
    return bodies.bounded("\n".join(lines))


def _problem(field: Field, value: str) -> str:
    most = bodies.MAX_TEXT_CHARS if field.kind in {"textarea", "file"} else MAX_LINE
    if not value:
        filled = "Please choose a file." if field.kind == "file" else "Please fill this in."
        return filled if field.required else ""
    if "\0" in value:
        return "This holds a character that cannot be kept."
    if len(value) > most:
        return f"This is too long: {most:,} characters at most."
    if field.kind != "textarea" and "\n" in value:
        return "This is one line."
    if field.kind == "email" and not _is_address(value):
        return "This is no mail address."
    if field.kind == "select" and value not in field.options:
        return "Please choose one of the list."
    return ""


def _is_address(value: str) -> bool:
    """Whether it looks like an address; only a message that arrives would prove it."""
    name, _, host = value.rpartition("@")
    return bool(name) and "." in host.strip(".") and not any(char.isspace() for char in value)


def _listed(labels: list[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
