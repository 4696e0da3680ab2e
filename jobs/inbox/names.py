"""What a rule's title and brief may name, as far as that is known before an event has come."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from jobs import arrivals
from jobs.inbox.rule_forms import PageForm
from jobs.lifecycle import rule as rules
from jobs.lifecycle import slot
from jobs.models import Receipt, Trigger

# Strangers choose the names of what they send.
MOST = 40
_MOST_CHARS = 60
_DEPTH = 3


@dataclass(frozen=True)
class Name:
    """A name, and what it stood for in an event that came; empty where none has."""

    name: str
    example: str = ""

    @property
    def braced(self) -> str:
        """As a template has it."""
        return f"{{{self.name}}}"


def offered(form: PageForm, trigger: Trigger | None, receipt: Receipt | None) -> list[Name]:
    """What every event has, what this event or the last one had, and what one would have by the conditions."""
    if form.source == slot.SOURCE:
        return [Name(name) for name in ("summary", *slot.NAMES)]
    came = receipt or _last(form.source, trigger)
    known = {"summary": came.summary, "sender": came.sender, "kind": came.kind} if came else {}
    found = {name: known.get(name, "") for name in ("summary", "sender", "kind")}
    for name, value in _plain(came.data if came else {}):
        found.setdefault(name, value)
    for name, _value in _plain(import_string(settings.RULE_TRIALS["names"])(form.source, _stated(form, trigger))):
        found.setdefault(name, "")
    return [Name(name, _short(value)) for name, value in list(found.items())[:MOST] if rules.is_name(name)]


def _stated(form: PageForm, trigger: Trigger | None) -> Any:
    """The conditions as they were filled in, else as they are kept, else such as the source gives as an example."""
    if form.stated is None:
        return {}
    if form.stated.is_bound and not form.is_quiet and form.stated.is_valid():
        return form.stated.stated
    if trigger and trigger.source == form.source:
        return trigger.conditions
    return form.stated.example


def _last(source: str, trigger: Trigger | None) -> Receipt | None:
    at = (trigger.address or trigger.slug) if trigger and rules.is_addressed(trigger) else ""
    is_asked = trigger is not None or not rules.is_addressed(Trigger(source=source, slug="rule"))
    return next(iter(arrivals.last_of(source, at)), None) if is_asked else None


def _plain(data: Any, before: str = "", depth: int = _DEPTH) -> Iterator[tuple[str, Any]]:
    """The values of an event by the names that templates have for them."""
    for name, value in data.items() if isinstance(data, Mapping) else ():
        if isinstance(value, Mapping):
            yield from _plain(value, f"{before}{name}.", depth - 1) if depth else ()
        else:
            yield f"{before}{name}", value


def _short(value: Any) -> str:
    text = " ".join((", ".join(map(str, value)) if isinstance(value, list) else str(value)).split())
    return text if len(text) <= _MOST_CHARS else f"{text[: _MOST_CHARS - 1]}…"
