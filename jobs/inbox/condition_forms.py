"""The conditions of a rule as a form, made from the model of its source alone."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.http import QueryDict
from pydantic import BaseModel, ValidationError

from jobs.inbox import asking

# A page shows no more rows than this, whatever is sent.
MOST_ROWS = 60
_ARRANGING = re.compile(r"(more|up|drop):([a-z_-]+):(\d{1,2})")


class Quiet:
    """A form that was filled in, but is not to be judged yet."""

    is_quiet = False

    @property
    def errors(self) -> ErrorDict:
        """None while it is not to be judged."""
        return ErrorDict() if self.is_quiet else super().errors  # type: ignore[misc]  # a form's


class Rows:
    """A condition that is a list of things with fields of their own: a form each, and an empty one more."""

    def __init__(self, prefix: str, name: str, model: type[BaseModel], info: Any) -> None:
        self.prefix, self.name, self.model, self.info = f"{prefix}-{name}", name, model, info
        self.label = asking.gettext_of(info.title) or name
        self.help = asking.gettext_of(info.description)
        self.title = asking.gettext_of(model.model_config.get("title")) or model.__name__
        self.forms: list[RowForm] = []
        self.problems: list[str] = []

    def fill(self, stored: Any, data: QueryDict | None, *, is_quiet: bool) -> None:
        """A form for each row that is kept, or that was sent."""
        rows = [row for row in stored if isinstance(row, dict)] if isinstance(stored, list) else []
        number = len(rows) + 1 if data is None else _rows_in(data, self.prefix)
        for place in range(number):
            row = rows[place] if data is None and place < len(rows) else {}
            self.forms.append(RowForm(self.model, row, data, prefix=f"{self.prefix}-{place}", is_quiet=is_quiet))

    @property
    def filled(self) -> list["RowForm"]:
        """Those in which something was written."""
        return [form for form in self.forms if form.is_touched]


class ConditionsForm(Quiet, forms.Form):
    """One form for any model. What nobody touched stays exactly as it was kept, however it was written.

    `stored` are the conditions as they are kept, `proposed` what a new rule begins with. Once the form is valid,
    `stated` are those that are to be kept.
    """

    def __init__(
        self,
        model: type[BaseModel],
        stored: Mapping[str, Any],
        data: QueryDict | None = None,
        *,
        proposed: Mapping[str, Any] | None = None,
        prefix: str = "conditions",
        is_quiet: bool = False,
    ) -> None:
        self.model, self.stored, self.is_quiet = model, dict(stored), is_quiet
        self.stated: dict[str, Any] = {}
        values = {**stored, **(proposed or {})}
        self.parts, self.rows = _parts(model, values), _rows(model, prefix)
        shown = {name: value for part in self.parts.values() for name, value in part.shown.items()}
        super().__init__(data, prefix=prefix, initial=shown, label_suffix="")
        for part in self.parts.values():
            self.fields.update(part.fields)
        for name, rows in self.rows.items():
            rows.fill(values.get(name), data, is_quiet=is_quiet)

    @property
    def unknown(self) -> list[str]:
        """What is kept and no condition of this source: it goes when the rule is kept again."""
        return sorted(set(map(str, self.stored)) - set(self.model.model_fields))

    @property
    def example(self) -> dict[str, Any]:
        """Conditions that the source gives as an example; none where it gives none."""
        examples = asking.beside(self.model.model_config.get("json_schema_extra")).get("examples") or [{}]
        return dict(examples[-1])

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """The conditions in the model's order, each with its fields or its rows, without the rare ones."""
        return [self._block(name) for name in self.model.model_fields if not self._is_rare(name)]

    @property
    def rare(self) -> list[dict[str, Any]]:
        """The conditions that few rules have."""
        return [self._block(name) for name in self.model.model_fields if self._is_rare(name)]

    @property
    def has_rare(self) -> bool:
        """Whether something was said with the rare ones, or is wrong there."""
        empty = _parts(self.model, {})
        for part in self.parts.values():
            if not self._is_rare(part.name):
                continue
            if self.errors.keys() & part.fields.keys():
                return True
            said = getattr(self, "cleaned_data", None) if not self.is_quiet else None
            value = part.read(said) if said and part.fields.keys() <= said.keys() else part.as_left()
            if value != empty[part.name].as_left():
                return True
        return False

    def is_valid(self) -> bool:
        """Whether these can be kept, with all rows."""
        return super().is_valid() and not self._is_wrong_in_a_row()

    def clean(self) -> dict[str, Any]:
        """Put together what is to be kept, and have the model look at it."""
        cleaned = super().clean() or self.cleaned_data
        before, empty = _parts(self.model, self.stored), _parts(self.model, {})
        self.stated = {}
        for name, part in self.parts.items():
            if part.fields.keys() <= cleaned.keys():
                self._state(name, part.read(cleaned), before[name].as_left(), empty[name].as_left())
        for name, rows in self.rows.items():
            filled = [form.stated for form in rows.filled if form.is_valid()]
            self._state(name, filled, _rows_as_left(rows.model, self.stored.get(name)), [])
        self.judge()
        return cleaned

    def _block(self, name: str) -> dict[str, Any]:
        if name in self.rows:
            return {"rows": self.rows[name]}
        return {"fields": [self[one] for one in self.parts[name].fields]}

    def _is_rare(self, name: str) -> bool:
        return bool(asking.beside(self.model.model_fields[name].json_schema_extra).get("rare"))

    def _state(self, name: str, value: Any, as_it_was: Any, usual: Any) -> None:
        if value == as_it_was:
            if name in self.stored:
                self.stated[name] = self.stored[name]
        elif value != usual:
            self.stated[name] = value

    def judge(self) -> None:
        """Have the model say what is wrong, and write the rows as it reads them."""
        try:
            judged = self.model.model_validate(self.stated)
        except ValidationError as error:
            problems, known = error.errors(), set(self.errors)
            for problem in problems:
                # What is known to be wrong, or wrong with the whole because of that, is told once.
                if not (known or self._is_wrong_in_a_row()) or (
                    problem["loc"] and not self._is_told(problem, known)
                ):
                    self._tell(problem)
            return
        for name in self.rows:
            if name in self.stated and self.stated[name] != self.stored.get(name):
                self.stated[name] = [
                    one.model_dump(mode="json", exclude_defaults=True) for one in getattr(judged, name)
                ]

    def _is_told(self, problem: Any, known: set[str]) -> bool:
        part = self.parts.get(str(problem["loc"][0]))
        return part is None or bool(known & part.fields.keys())

    def _tell(self, problem: Any) -> None:
        """Put what is wrong where it stands."""
        where: list[Any] = [*problem["loc"], "", "", ""]
        name = where[0]
        if name in self.rows:
            self._tell_row(self.rows[name], problem, *where[1:3])
            return
        part = self.parts.get(name)
        self.add_error(name if part else None, asking.said(problem, part.help if part else ""))

    def _tell_row(self, rows: Rows, problem: Any, place: Any, name: Any) -> None:
        if not isinstance(place, int):
            rows.problems.append(asking.said(problem))
            return
        form = rows.filled[place]
        part = form.parts.get(name)
        form.add_error(name if part else None, asking.said(problem, part.help if part else ""))

    def _is_wrong_in_a_row(self) -> bool:
        return any(rows.problems or any(form.errors for form in rows.filled) for rows in self.rows.values())


class RowForm(ConditionsForm):
    """One of the rows. An empty one is no row; the others are judged with the whole."""

    use_required_attribute = False
    _is_touched = False

    @property
    def is_touched(self) -> bool:
        """Whether anything in it differs from an empty one."""
        return bool(self.errors) or self._is_touched

    def clean(self) -> dict[str, Any]:
        """Nothing is wrong with an empty one."""
        cleaned, empty = super().clean(), _parts(self.model, {})
        written = [part for part in self.parts.values() if not part.fields.keys() <= cleaned.keys()]
        self._is_touched = any(self._has_words(part) for part in written) or any(
            part.read(cleaned) != empty[part.name].as_left() for part in self.parts.values() if part not in written
        )
        if not self._is_touched:
            self.errors.clear()
        return cleaned

    def judge(self) -> None:
        """Not by itself."""

    def _has_words(self, part: asking.Part) -> bool:
        return any(self.data.get(self.add_prefix(name), "").strip() for name in part.fields)


def rearranged(data: QueryDict, do: str) -> QueryDict | None:
    """What was sent, with a row more, one less, or one further up; None if that was not asked for."""
    asked = _ARRANGING.fullmatch(do)
    if not asked:
        return None
    verb, prefix, place = asked[1], asked[2], int(asked[3])
    order: list[int | None] = list(range(_rows_in(data, prefix)))
    if verb == "more":
        order.append(None)
    elif place < len(order):
        moved = order.pop(place)
        if verb == "up":
            order.insert(max(0, place - 1), moved)
    return _in_order(data, prefix, order)


def _in_order(data: QueryDict, prefix: str, order: list[int | None]) -> QueryDict:
    of_a_row = re.compile(rf"{re.escape(prefix)}-(\d+)-(.+)")
    found, rows = data.copy(), dict[int, dict[str, list[Any]]]()
    for name, values in data.lists():
        if match := of_a_row.fullmatch(name):
            rows.setdefault(int(match[1]), {})[match[2]] = values
            del found[name]
    for place, old in enumerate(order):
        for name, values in (rows.get(old, {}) if old is not None else {}).items():
            found.setlist(f"{prefix}-{place}-{name}", values)
    found[f"{prefix}-rows"] = str(len(order))
    return found


def _rows_in(data: QueryDict, prefix: str) -> int:
    number = data.get(f"{prefix}-rows", "")
    return min(int(number), MOST_ROWS) if number.isdecimal() and len(number) < 4 else 0


def _parts(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, asking.Part]:
    return {
        name: asking.part(name, info, values[name] if name in values else asking.usual(info))
        for name, info in model.model_fields.items()
        if asking.row_model(info) is None
    }


def _rows(model: type[BaseModel], prefix: str) -> dict[str, Rows]:
    found = {name: (asking.row_model(info), info) for name, info in model.model_fields.items()}
    return {name: Rows(prefix, name, inner, info) for name, (inner, info) in found.items() if inner}


def _rows_as_left(model: type[BaseModel], stored: Any) -> list[dict[str, Any]] | None:
    """The rows as the form gives them if nobody touches them."""
    if stored is None:
        return []
    if not isinstance(stored, list) or not all(isinstance(row, dict) for row in stored):
        return None
    empty = _parts(model, {})
    rows = []
    for row in stored:
        left = {name: part.as_left() for name, part in _parts(model, row).items()}
        rows.append({name: value for name, value in left.items() if value != empty[name].as_left()})
    return rows
