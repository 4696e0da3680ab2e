"""The fields of a hosted form, as its rule defines them, and what somebody filled in."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import ConfigDict, field_validator, model_validator
from pydantic import Field as Bounded

from integrations import bodies
from integrations.contracts import Frozen, Json
from integrations.words import _, gettext_noop

MAX_FIELDS = 30
MAX_LINE = 300
# What a browser sends beside the fields. The trap has a name that programs like to fill in.
TOKEN, TRAP, CSRF = "form_token", "website", "csrfmiddlewaretoken"
_OURS = {TOKEN, TRAP, CSRF, "files"}
_MOST_NAME = 40


class Field(Frozen):
    """One thing that the page asks for. Without a name, its label makes one."""

    model_config = ConfigDict(title=gettext_noop("Field"))

    label: str = Bounded(
        min_length=1,
        max_length=120,
        title=gettext_noop("Label"),
        description=gettext_noop("What the page asks, such as: Your mail address."),
    )
    kind: Literal["text", "email", "textarea", "select", "file"] = Bounded(
        default="text",
        title=gettext_noop("Kind"),
        json_schema_extra={
            "choices": {
                "text": gettext_noop("one line"),
                "email": gettext_noop("mail address"),
                "textarea": gettext_noop("several lines"),
                "select": gettext_noop("one of a list"),
                "file": gettext_noop("files"),
            }
        },
    )
    options: list[str] = Bounded(
        default_factory=list,
        max_length=50,
        title=gettext_noop("The list to choose from"),
        description=gettext_noop("For “one of a list” alone."),
    )
    required: bool = Bounded(default=False, title=gettext_noop("It has to be filled in"))
    name: str = Bounded(
        default="",
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        title=gettext_noop("Name"),
        description=gettext_noop(
            "What title and brief call it, as in {size}: small letters, digits and _. Empty: made from the label."
        ),
    )

    @model_validator(mode="before")
    @classmethod
    def _is_named(cls, given: Any) -> Any:
        """A name of the label's letters, where none is written."""
        if not isinstance(given, dict) or "name" in given or not isinstance(given.get("label"), str):
            return given
        return {**given, "name": _name(given["label"])}

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.name in _OURS:
            raise ValueError(_("the name {name} is taken; choose another").format(name=self.name))
        if (self.kind == "select") != bool(self.options):
            raise ValueError(_("only “one of a list” has a list to choose from, and it needs one"))
        if len(set(self.options)) < len(self.options) or not all(option.strip() for option in self.options):
            raise ValueError(_("what can be chosen is named once each, and not empty"))
        return self


class Conditions(Frozen):
    """Nothing to meet, the address is the rule's own. With fields, the address is also a page to fill in."""

    model_config = ConfigDict(
        title=gettext_noop("Form"),
        json_schema_extra={
            "about": gettext_noop("A page to fill in that is made here, or a form on your own site."),
            "examples": [
                {},
                {
                    "heading": "Ask us",
                    "thanks": "We answer by tomorrow.",
                    "fields": [
                        {"name": "email", "label": "Your mail address", "kind": "email", "required": True},
                        {"name": "size", "label": "Size", "kind": "select", "options": ["Small", "Large"]},
                        {"name": "message", "label": "What is it about?", "kind": "textarea", "required": True},
                        {"name": "plans", "label": "Your plans", "kind": "file"},
                    ],
                },
            ],
        },
    )

    fields: list[Field] = Bounded(
        default_factory=list,
        max_length=MAX_FIELDS,
        title=gettext_noop("What its page asks for"),
        description=gettext_noop("With a field, its address is a page to fill in. With none, programs post there."),
    )
    heading: str = Bounded(
        default="",
        max_length=120,
        title=gettext_noop("Heading of the page"),
        description=gettext_noop("Empty: the rule's name."),
    )
    intro: str = Bounded(default="", max_length=2_000, title=gettext_noop("What stands above the fields"))
    thanks: str = Bounded(
        default="", max_length=2_000, title=gettext_noop("What is said to whoever has filled it in")
    )

    @property
    def takes_files(self) -> bool:
        """Whether its page has a field for files."""
        return any(field.kind == "file" for field in self.fields)

    @field_validator("fields")
    @classmethod
    def _names_differ(cls, fields: list[Field]) -> list[Field]:
        names = [field.name for field in fields]
        if len(set(names)) < len(names):
            raise ValueError(_("two fields have the same name"))
        return fields


def read(conditions: Json) -> Conditions:
    """The rule's conditions; raises ValueError saying what is wrong with them."""
    return bodies.read_conditions(Conditions, conditions)


def sentence(conditions: Conditions) -> str:
    """The conditions in words."""
    if not conditions.fields:
        return _("Every submission to its own address.")
    labels = [f"“{field.label}”" for field in conditions.fields]
    said = _("Every submission to its own address, whose page asks for {fields}.")
    return said.format(fields=_listed(labels))


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


def _name(label: str) -> str:
    """The label as a name: its letters without their marks, what stands between them as one _."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).lstrip("_0123456789")[:_MOST_NAME].strip("_") or "field"


def _is_address(value: str) -> bool:
    """Whether it looks like an address; only a message that arrives would prove it."""
    name, _, host = value.rpartition("@")
    return bool(name) and "." in host.strip(".") and not any(char.isspace() for char in value)


def _listed(labels: list[str]) -> str:
    glue = _("and")
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} {glue} {labels[-1]}"
