"""A value for any JSON schema, made from a seed: equal seeds give equal values.

It keeps to the schema's own constraints and to those that the SDK's `transform_schema` wrote into descriptions.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any

from agents.contracts import Json

Sentence = Callable[[str, int], str]

# Where nothing is proposed; a proposed null is something.
_NOTHING: Any = object()
_DEPTH = 4
_LONGEST = 200
_HINT = re.compile(
    r"\b(minLength|maxLength|minimum|maximum|exclusiveMinimum|exclusiveMaximum|minItems|maxItems|multipleOf)"
    r": (-?\d+(?:\.\d+)?)"
)
_FORMATS = {
    "date": "2026-11-23",
    "date-time": "2026-11-23T08:00:00Z",
    "time": "08:00:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "hostname": "example.com",
    "uri": "https://example.com/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_CANDIDATES = (
    "a",
    "abc",
    "Abc",
    "ABC",
    "1",
    "123",
    "a1",
    "a-b",
    "A-1",
    "2026-11-23",
    "v1",
    "v1.0.0",
    "main",
    "#112233",
)


def fill(schema: Json, *, seed: str, sentence: Sentence | None = None, proposed: Any = None) -> Any:
    """A value that fits `schema`; `sentence(property, number)` writes the free texts.

    Of `proposed` everything is kept that fits: properties that the schema does not know are left out, those that it
    misses are made, texts and lists are cut. A form that holds itself ends after some levels.
    """
    return _Filler(schema, seed, sentence or _plain_sentence).value(
        schema, "", 0, _NOTHING if proposed is None else proposed
    )


def constraint(schema: Json, name: str) -> float | None:
    """A constraint of the schema itself, or the one that its description ends with; None if there is neither."""
    if isinstance(schema.get(name), int | float):
        return float(schema[name])
    hints = dict(_HINT.findall(schema.get("description", "")))
    return float(hints[name]) if name in hints else None


def _plain_sentence(name: str, number: int) -> str:
    return f"{name or 'text'} {number % 1000}"


def _kind(schema: Json) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    return str(kind or ("object" if "properties" in schema else "string"))


def _is_kind(value: Any, kind: str) -> bool:
    if value is None or isinstance(value, bool):
        return kind == ("null" if value is None else "boolean")
    kinds: dict[str, type | tuple[type, ...]] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
    }
    return kind in kinds and isinstance(value, kinds[kind])


def _in_range(schema: Json, amount: float | None) -> bool:
    if amount is None:
        return False
    low, high = constraint(schema, "minimum"), constraint(schema, "maximum")
    return (low is None or amount >= low) and (high is None or amount <= high)


class _Filler:
    def __init__(self, root: Json, seed: str, sentence: Sentence) -> None:
        self._defs: dict[str, Json] = root.get("$defs", {})
        self._seed = seed
        self._sentence = sentence

    def value(self, schema: Json, path: str, depth: int, proposed: Any) -> Any:
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            choices = schema["enum"]
            return proposed if proposed in choices else choices[self._number(path) % len(choices)]
        for key in ("anyOf", "oneOf", "allOf"):
            if schema.get(key):
                return self.value(self._variant(schema[key], depth, proposed), path, depth, proposed)
        return self._of_kind(schema, path, depth, proposed)

    def _of_kind(self, schema: Json, path: str, depth: int, proposed: Any) -> Any:
        kind = _kind(schema)
        if not _is_kind(proposed, kind):
            proposed = None
        if kind == "object":
            return self._object(schema, path, depth, proposed or {})
        if kind == "array":
            return self._array(schema, path, depth, proposed)
        if kind == "string":
            return self._text(schema, path, proposed)
        if kind == "boolean" and proposed is None:
            return bool(self._number(path) & 1)
        if kind in {"integer", "number"} and not _in_range(schema, proposed):
            return self._amount(schema, path, whole=kind == "integer")
        return proposed

    def _resolved(self, schema: Json) -> Json:
        for _ in range(_DEPTH):
            if "$ref" not in schema:
                break
            schema = self._defs.get(str(schema["$ref"]).rpartition("/")[2], {})
        return schema

    def _variant(self, variants: list[Json], depth: int, proposed: Any) -> Json:
        """What is proposed, else the first that isn't null; deep down null, so that a form in itself ends."""
        resolved = [self._resolved(variant) for variant in variants]
        meant = [variant for variant in resolved if self._is_meant(variant, proposed)]
        if meant:
            return meant[0]
        null = next((variant for variant in resolved if variant.get("type") == "null"), None)
        if null is not None and depth > _DEPTH:
            return null
        return next((variant for variant in resolved if variant.get("type") != "null"), resolved[0])

    def _is_meant(self, variant: Json, proposed: Any) -> bool:
        """Whether the proposed value is of this variant, told by its kind and by the constants inside."""
        if not _is_kind(proposed, _kind(variant)):
            return False
        names = variant.get("properties", {}) if isinstance(proposed, dict) else {}
        inner = {name: self._resolved(schema) for name, schema in names.items()}
        return all(schema["const"] == proposed.get(name) for name, schema in inner.items() if "const" in schema)

    def _object(self, schema: Json, path: str, depth: int, proposed: Json) -> Json:
        names = schema.get("properties", {})
        wanted = names
        if proposed or depth > _DEPTH:
            # What may be left out and was left out stays out: its default is better than anything made up.
            wanted = [name for name in names if name in proposed or name in schema.get("required", [])]
        if depth > 2 * _DEPTH and not proposed:
            return {}
        return {
            name: self.value(names[name], f"{path}.{name}", depth + 1, proposed.get(name, _NOTHING))
            for name in wanted
        }

    def _array(self, schema: Json, path: str, depth: int, proposed: list[Any] | None) -> list[Any]:
        least = int(constraint(schema, "minItems") or 0)
        most = constraint(schema, "maxItems")
        size = max(least, min(2, int(most)) if most is not None else 1)
        if proposed is not None:
            size = max(least, len(proposed) if most is None else min(len(proposed), int(most)))
        elif depth > _DEPTH:
            size = min(least, 1) if depth <= 2 * _DEPTH else 0
        items = schema.get("items") or {"type": "string"}
        given = dict(enumerate(proposed or []))
        return [
            self.value(items, f"{path}[{index}]", depth + 1, given.get(index, _NOTHING)) for index in range(size)
        ]

    def _amount(self, schema: Json, path: str, *, whole: bool) -> float:
        low = constraint(schema, "minimum")
        above = constraint(schema, "exclusiveMinimum")
        if low is None:
            low = above + 1 if above is not None else 1
        high = constraint(schema, "maximum")
        below = constraint(schema, "exclusiveMaximum")
        if high is None and below is not None:
            high = below - 1
        if not whole and high is not None and low > high:
            return ((above or 0.0) + (below or high)) / 2
        step = constraint(schema, "multipleOf") or 1
        amount = -(-low // step) * step + step * (self._number(path) % 3)
        if high is not None and amount > high:
            amount = min(max(low, high // step * step), high)
        return int(amount) if whole else amount

    def _text(self, schema: Json, path: str, proposed: str | None) -> str:
        if schema.get("format") in _FORMATS and proposed is None:
            return _FORMATS[schema["format"]]
        if "pattern" in schema and not re.search(schema["pattern"], proposed or ""):
            return next((text for text in _CANDIDATES if re.search(schema["pattern"], text)), _CANDIDATES[0])
        most = constraint(schema, "maxLength")
        if proposed is None:
            name = re.sub(r"\[\d+\]$", "", path).rpartition(".")[2]
            proposed = self._sentence(name, self._number(path))[:_LONGEST]
        text = proposed if most is None else proposed[: int(most)]
        return text.ljust(int(constraint(schema, "minLength") or 0), ".")

    def _number(self, path: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{self._seed}|{path}".encode()).digest()[:4], "big")
