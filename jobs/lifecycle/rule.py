"""What a rule says: its conditions in words, its address, whether an event meets it and what would come of that."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import F
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from pydantic import BaseModel

from jobs import schedules
from jobs.lifecycle import intake
from jobs.models import Client, Receipt, Trigger

_BRACES = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")

Event = intake.Inbound | Receipt


@dataclass(frozen=True)
class Prospect:
    """What a rule would make of an event: a job, or `reason` why not."""

    trigger: Trigger
    title: str = ""
    brief: str = ""
    client: Client | None = None
    reason: str = ""


def read_conditions(source: str, conditions: Any) -> str:
    """The conditions as a sentence. Raises ValueError if they cannot be read, LookupError for an unknown source."""
    if not isinstance(conditions, dict):
        raise ValueError(_('Write a JSON object, such as {} or {"label": "agent"}.'))
    if source == schedules.SOURCE:
        return str(schedules.read(conditions))
    sentence: str = _source(source).check_conditions(conditions)
    return sentence


def model_of(source: str) -> type[BaseModel]:
    """What a rule may ask of the source's events. Raises LookupError for an unknown source."""
    if source == schedules.SOURCE:
        return schedules.Conditions
    model: type[BaseModel] = _source(source).conditions
    return model


def templates_of(source: str) -> Sequence[Any]:
    """Rules of the source to begin with, each with a slug, a name and a Trigger's fields; few sources have any."""
    return () if source == schedules.SOURCE else getattr(_source(source), "rule_templates", ())


def sentence_of(trigger: Trigger) -> str:
    """What the rule waits for, or why that cannot be read."""
    try:
        said = read_conditions(trigger.source, trigger.conditions)
    except (LookupError, ValueError) as error:
        return _("Cannot be read: %(error)s") % {"error": error}
    return said[:1].upper() + said[1:]


def check_template(template: str) -> str:
    """The template; raises ValueError if its braces hold anything but names."""
    for inside in _BRACES.findall(template):
        if not _NAME.fullmatch(inside):
            raise ValueError(
                _("{%(inside)s} is no name: write the name of a value, such as {summary} or {issue.title}.")
                % {"inside": inside}
            )
    return template


def is_name(text: str) -> bool:
    """Whether a template can name it."""
    return bool(_NAME.fullmatch(text))


def address_of(trigger: Trigger) -> str:
    """The rule's own address or the one that it shares, else that of its source; empty where nothing is posted."""
    return _address(trigger.source, trigger.address or trigger.slug) or _address(trigger.source)


def is_addressed(trigger: Trigger) -> bool:
    """Whether the source has an address for each rule, rather than one for all."""
    return bool(_address(trigger.source, trigger.slug))


def has_secrets(trigger: Trigger) -> bool:
    """Whether senders prove themselves with secrets of this rule."""
    return bool(trigger.pk and not trigger.address and is_addressed(trigger))


def for_event(event: Event) -> list[Trigger]:
    """The enabled rules that may be for the event: those of its address, else those of its source."""
    return intake.candidates(event.source, slug=event.address or None)


def meets(trigger: Trigger, event: Event) -> bool:
    """Whether the event meets the rule's conditions. Raises ValueError, or LookupError for an unknown source."""
    if trigger.source != event.source:
        return False
    if trigger.source == schedules.SOURCE:
        return event.sender == trigger.slug
    return bool(_source(trigger.source).matches(event, trigger.conditions))


def prospect(trigger: Trigger, event: Event) -> Prospect:
    """What the rule would make of the event, whether it is enabled or not. Opens nothing."""
    try:
        if not meets(trigger, event):
            said = _("The event does not meet the rule, which waits for: %(what)s")
            return Prospect(trigger, reason=said % {"what": _waits(trigger)})
        wanted = intake.want(trigger, event)
    except (LookupError, ValueError) as error:
        return Prospect(trigger, reason=str(error))
    client = Client.objects.filter(pk=wanted.client_id).first() if wanted.client_id else None
    return Prospect(trigger, wanted.title or wanted.brief.splitlines()[0], wanted.brief, client)


def prospects(event: Event, triggers: Sequence[Trigger]) -> list[Prospect]:
    """What each of the rules would make of the event."""
    return [prospect(trigger, event) for trigger in triggers]


def set_enabled(trigger: Trigger, *, enabled: bool) -> None:
    """Switch the rule on or off; what it has opened goes on. A schedule has no slot while it is off."""
    row = Trigger.objects.get(pk=trigger.pk)
    row.enabled = enabled
    row.save(update_fields=["enabled"])


def renew_secrets(trigger: Trigger) -> None:
    """Make new secrets: from now on the old ones prove nothing."""
    Trigger.objects.filter(pk=trigger.pk).update(secret_version=F("secret_version") + 1)


def _waits(trigger: Trigger) -> str:
    said = sentence_of(trigger)
    return said[:1].lower() + said[1:]


def _source(name: str) -> Any:
    return import_string(settings.SOURCE_LOADER)(name, settings.SOURCES.get(name))


def _address(*parts: str) -> str:
    source, *slug = parts
    try:
        return settings.BASE_URL + reverse(f"hook-{source}", args=slug)
    except NoReverseMatch:
        return ""
