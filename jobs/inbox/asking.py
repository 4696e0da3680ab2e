"""What a model asks for, as fields of a page. Any model of pydantic's will do: none is known here by name.

A field's title and description are its label and its help. What more a page should know stands in its
`json_schema_extra`: "choices" are the values that it may have, or that are usual, with their words; what is "rare"
stands behind the others.
"""

import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

# A text that may be longer than this has more than one line.
_ONE_LINE = 300
# What a model says in its own English, in words that say what to do. What it says in ours is left as it is.
_SAID: Mapping[str, Any] = {
    "missing": gettext_lazy("Please fill this in."),
    "string_too_short": gettext_lazy("Please fill this in."),
    "too_short": gettext_lazy("Name at least %(min_length)s."),
    "too_long": gettext_lazy("Name at most %(max_length)s."),
    "string_too_long": gettext_lazy("Write at most %(max_length)s characters."),
    "literal_error": gettext_lazy("“%(input)s” cannot be chosen here."),
    "string_type": gettext_lazy("“%(input)s” cannot be used. %(help)s"),
    "list_type": gettext_lazy("“%(input)s” cannot be used. %(help)s"),
    "string_pattern_mismatch": gettext_lazy("“%(input)s” cannot be used. %(help)s"),
}
_ONE_A_LINE = gettext_lazy("One a line.")
_OPTIONAL = {"": None, "true": True, "false": False}


class Lines(forms.CharField):
    """A list of texts, one a line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """A line for each."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Every line that is not empty."""
        text = super().to_python(self.prepare_value(value)) or ""
        return [line.strip() for line in text.splitlines() if line.strip()]


class Part:
    """One condition on a page. `fields` are what a person fills in, and `shown` what these begin with."""

    def __init__(self, name: str, info: FieldInfo, value: Any) -> None:
        self.name, self.info = name, info
        self.label, self.help = gettext_of(info.title) or name, gettext_of(info.description)
        self.is_needed = info.is_required() or any(getattr(one, "min_length", 0) for one in info.metadata)
        self.fields = self._fields(value)
        self.shown = self._shown(value)

    def read(self, given: Mapping[str, Any]) -> Any:
        """The condition as it was filled in."""
        return given[self.name]

    def as_left(self) -> Any:
        """The condition as `read` gives it if nobody touches the fields; None where they cannot show it."""
        try:
            return self.read({name: field.to_python(self.shown[name]) for name, field in self.fields.items()})
        except (ValidationError, TypeError, KeyError):
            return None

    def _fields(self, value: Any) -> dict[str, forms.Field]:
        raise NotImplementedError

    def _shown(self, value: Any) -> dict[str, Any]:
        return {self.name: value}

    def _said(self) -> dict[str, Any]:
        return {"label": self.label, "help_text": self.help, "required": self.is_needed}


class _Text(Part):
    def read(self, given: Mapping[str, Any]) -> Any:
        """The text, its lines ended as everywhere here."""
        return given[self.name].replace("\r\n", "\n")

    def _fields(self, value: Any) -> dict[str, forms.Field]:
        most = next((one.max_length for one in self.info.metadata if hasattr(one, "max_length")), None)
        widget = forms.Textarea(attrs={"rows": 3}) if most and most > _ONE_LINE else forms.TextInput
        return {self.name: forms.CharField(max_length=most, widget=widget, **self._said())}


class _Number(Part):
    def read(self, given: Mapping[str, Any]) -> Any:
        """The number; left empty it is the usual one."""
        return usual(self.info) if given[self.name] is None else given[self.name]

    def _fields(self, value: Any) -> dict[str, forms.Field]:
        least = next((one.ge for one in self.info.metadata if hasattr(one, "ge")), None)
        most = next((one.le for one in self.info.metadata if hasattr(one, "le")), None)
        return {self.name: forms.IntegerField(min_value=least, max_value=most, **self._said())}


class _Switch(Part):
    def _fields(self, value: Any) -> dict[str, forms.Field]:
        return {self.name: forms.BooleanField(**self._said() | {"required": False})}


class _Either(Part):
    """Yes, no, or no matter."""

    def read(self, given: Mapping[str, Any]) -> Any:
        """None if it does not matter."""
        return _OPTIONAL[given[self.name]]

    def _fields(self, value: Any) -> dict[str, forms.Field]:
        words = choices(self.info) or [("", _("no matter")), ("true", _("yes")), ("false", _("no"))]
        return {self.name: forms.ChoiceField(choices=words, **self._said() | {"required": False})}

    def _shown(self, value: Any) -> dict[str, Any]:
        return {self.name: "" if value is None else str(value).lower()}


class _Choice(Part):
    """One of what there is; what it is at present can always be left so."""

    def read(self, given: Mapping[str, Any]) -> Any:
        """What was chosen, else what is usual."""
        return given[self.name] or usual(self.info)

    def _fields(self, value: Any) -> dict[str, forms.Field]:
        words = choices(self.info)
        present = [(value, value)] if isinstance(value, str) and value and value not in dict(words) else []
        return {self.name: forms.ChoiceField(choices=[*present, *words], **self._said())}


class _Several(Part):
    """Some of what there is."""

    def read(self, given: Mapping[str, Any]) -> Any:
        """In the order in which they are offered."""
        places = {one: place for place, (one, _words) in enumerate(choices(self.info))}
        return sorted(given[self.name], key=lambda one: places.get(one, len(places)))

    def _fields(self, value: Any) -> dict[str, forms.Field]:
        boxes = forms.CheckboxSelectMultiple
        return {self.name: forms.MultipleChoiceField(choices=choices(self.info), widget=boxes, **self._said())}

    def _shown(self, value: Any) -> dict[str, Any]:
        return {self.name: _listed(value)}


class _Lines(Part):
    def _fields(self, value: Any) -> dict[str, forms.Field]:
        told = self._said()
        return {self.name: Lines(**told | {"help_text": f"{_ONE_A_LINE} {self.help}".strip()})}

    def _shown(self, value: Any) -> dict[str, Any]:
        return {self.name: _listed(value)}


class _Usual(Part):
    """What is usual, to be ticked, and lines for everything else."""

    def read(self, given: Mapping[str, Any]) -> Any:
        """What was ticked in the order in which it is offered, then the others."""
        places = {one: place for place, (one, _words) in enumerate(choices(self.info))}
        ticked = sorted(given[self.name], key=lambda one: places.get(one, len(places)))
        return ticked + [one for one in given[self._more] if one not in ticked]

    @property
    def _more(self) -> str:
        return f"{self.name}_more"

    def _fields(self, value: Any) -> dict[str, forms.Field]:
        ticked = forms.MultipleChoiceField(
            label=self.label, choices=choices(self.info), widget=forms.CheckboxSelectMultiple, required=False
        )
        others = Lines(label=_("Others"), help_text=f"{_ONE_A_LINE} {self.help}".strip(), required=False)
        return {self.name: ticked, self._more: others}

    def _shown(self, value: Any) -> dict[str, Any]:
        given, known = _listed(value), dict(choices(self.info))
        return {
            self.name: [one for one in given if one in known],
            self._more: [one for one in given if one not in known],
        }


def part(name: str, info: FieldInfo, value: Any) -> Part:
    """The condition of this name as fields that begin with this value. Raises TypeError for an unknown type."""
    kind, origin = _bare(info.annotation), get_origin(_bare(info.annotation))
    if origin is list:
        inner = _bare(get_args(kind)[0])
        if get_origin(inner) is Literal:
            return _Several(name, info, value)
        if inner is str:
            return _Usual(name, info, value) if choices(info) else _Lines(name, info, value)
    elif origin is Literal or (kind is str and choices(info)):
        return _Choice(name, info, value)
    elif origin in {Union, types.UnionType} and set(get_args(kind)) == {bool, type(None)}:
        return _Either(name, info, value)
    elif made := {str: _Text, bool: _Switch, int: _Number}.get(kind):
        return made(name, info, value)
    raise TypeError(f"A page cannot ask for {name}: {info.annotation}")


def row_model(info: FieldInfo) -> type[BaseModel] | None:
    """The model of each row, if the condition is a list of such."""
    kind = _bare(info.annotation)
    inner = _bare(get_args(kind)[0]) if get_origin(kind) is list else None
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def choices(info: FieldInfo) -> list[tuple[str, str]]:
    """The values that it may have, or that are usual, with their words."""
    known, kind = beside(info.json_schema_extra).get("choices"), _innermost(info.annotation)
    if isinstance(known, Mapping):
        return [(str(value), gettext_of(words)) for value, words in known.items()]
    if known is None and get_origin(kind) is Literal:
        return [(str(value), str(value).replace("_", " ")) for value in get_args(kind)]
    return [(str(value), str(value)) for value in known or ()]


def usual(info: FieldInfo) -> Any:
    """What it is where nothing is said; None where something has to be."""
    value = info.get_default(call_default_factory=True)
    return None if value is PydanticUndefined else value


def beside(given: Any) -> Mapping[str, Any]:
    """What a model or a field of it says beside its types."""
    if callable(given):
        found: dict[str, Any] = {}
        given(found)
        return found
    return given or {}


def said(problem: Mapping[str, Any], help_text: str = "") -> str:
    """What a model says is wrong, as a sentence that a person understands."""
    known = _SAID.get(problem["type"])
    if known is None:
        words = str(problem["msg"]).removeprefix("Value error, ")
        return f"{words[:1].upper()}{words[1:]}" + ("" if words.endswith((".", "?", "!")) else ".")
    filled = {**problem.get("ctx", {}), "input": problem.get("input"), "help": help_text}
    return str(known % filled).strip()


def gettext_of(words: Any) -> str:
    """Words that were marked where they stand, in the reader's language."""
    return _(words) if isinstance(words, str) and words else str(words or "")


def _listed(value: Any) -> list[str]:
    """A single value is a list of one."""
    return [str(one) for one in (value if isinstance(value, list) else [] if value is None else [value])]


def _bare(annotation: Any) -> Any:
    return _bare(get_args(annotation)[0]) if get_origin(annotation) is Annotated else annotation


def _innermost(annotation: Any) -> Any:
    kind = _bare(annotation)
    return _innermost(get_args(kind)[0]) if get_origin(kind) is list else kind
