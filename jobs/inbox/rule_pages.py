"""The contexts of the pages of rules and receipts."""

import json
from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.utils.formats import date_format
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from jobs import arrivals, budget, queries, schedules, terms
from jobs.inbox import asking, names, rule_forms
from jobs.lifecycle import intake, pace, slot
from jobs.lifecycle import rule as rules
from jobs.models import Receipt, Trigger
from jobs.states import Outcome

_SHOWN_BYTES = 20_000
_SHOWN_DATA = 40_000


class Refused(Exception):
    """What was asked for cannot be done; the message says why."""


def all_rules() -> dict[str, Any]:
    """The list of rules."""
    rows = [(row, queries.next_slots(row.trigger, 1)) for row in arrivals.rules()]
    return {
        "rules": [
            {"row": row, "sentence": rules.sentence_of(row.trigger), "next_at": next(iter(slots), None)}
            for row, slots in rows
        ]
    }


def rule(trigger: Trigger, **more: Any) -> dict[str, Any]:
    """One rule: what it waits for, what it makes, what came of the last events; and what was just asked for."""
    faults = arrivals.faults_of(trigger)
    return {
        "rule": trigger,
        "source": (chosen_source(trigger.source) or {"title": trigger.source})["title"],
        "agents": [terms.agent(name) for name in trigger.agents],
        "sentence": rules.sentence_of(trigger),
        "address": rules.address_of(trigger),
        "has_secrets": rules.has_secrets(trigger),
        "arrivals": arrivals.arrivals_of(trigger, faults),
        "faults": faults,
        "candidates": arrivals.last_of(trigger.source, _at(trigger)),
        "trial": rule_forms.Trial(),
        "pace": pace.of_rule(trigger),
        "waiting": pace.waiting(trigger.pk),
        "spent_today": budget.spent_by(trigger.pk),
        **_slots(trigger),
        **more,
    }


def _slots(trigger: Trigger) -> dict[str, Any]:
    """Of a schedule, when it comes next on its own wall clock, and what became of its last slots."""
    if trigger.source != schedules.SOURCE:
        return {}
    coming = [date_format(slot, pgettext("date format", "l, j F Y, H:i")) for slot in queries.next_slots(trigger)]
    return {"is_schedule": True, "next_slots": coming, "past_slots": queries.past_slots(trigger)}


def secrets(trigger: Trigger, *, renewed: bool) -> list[str]:
    """The two secrets that a sender may prove itself with from now on. Raises Refused."""
    if not rules.has_secrets(trigger):
        raise Refused(_("This rule has no secrets of its own."))
    if renewed:
        rules.renew_secrets(trigger)
        trigger.refresh_from_db(fields=["secret_version"])
    return intake.secrets_of(trigger)[:2]


def tried(trigger: Trigger, trial: rule_forms.Trial) -> rules.Prospect:
    """What the rule would make of the event that was chosen or pasted. Raises Refused."""
    pk, pasted = trial.cleaned_data["receipt"], trial.cleaned_data["pasted"]
    if pk:
        found = arrivals.receipt(pk)
        if found is None:
            raise Refused(_("There is no such event."))
        return rules.prospect(trigger, found)
    try:
        return rules.prospect(trigger, _trials("read")(trigger, pasted))
    except (LookupError, ValueError) as error:
        raise Refused(str(error)) from error


def test_event(trigger: Trigger) -> Receipt:
    """Send a test event through the rule's own address and return its receipt. Raises Refused.

    To a schedule nothing is sent: its next slot is the event.
    """
    try:
        if trigger.source == schedules.SOURCE:
            return slot.test(trigger)
        heard = _trials("send")(trigger)
    except (LookupError, ValueError) as error:
        raise Refused(str(error)) from error
    found = arrivals.receipt(heard.receipt_id) if heard.receipt_id else None
    if found is None:
        raise Refused(
            _("The test event was answered with %(status)s: %(reason)s")
            % {"status": heard.status, "reason": heard.answer.get("detail", _("no reason"))}
        )
    return found


def tested(trigger: Trigger, receipt_id: str) -> dict[str, Any]:
    """The test event that has this receipt, and what it would have become; nothing for another receipt."""
    found = arrivals.receipt(int(receipt_id)) if receipt_id.isdecimal() and len(receipt_id) < 19 else None
    if found is None or found.outcome != Outcome.TEST:
        return {}
    return {"tested": found, "prospect": rules.prospect(trigger, found)}


def sources() -> list[dict[str, str]]:
    """What a rule can be written for: each source with its name and what it is for."""
    names = sorted({*import_string(settings.SOURCE_REGISTRY), slot.SOURCE})
    return sorted((_source_in_words(name) for name in names), key=lambda one: one["title"])


def chosen_source(name: str) -> dict[str, str] | None:
    """The source of this name in words; None if there is none."""
    return next((one for one in sources() if one["name"] == name), None)


def choosing(trigger: Trigger | None) -> dict[str, Any]:
    """The first step of a rule: where its events come from."""
    return {"sources": sources(), "rule": trigger}


def writing(form: rule_forms.PageForm, trigger: Trigger | None, receipt: Receipt | None) -> dict[str, Any]:
    """A rule being written; `receipt` is the event that it is made for."""
    return {
        "form": form,
        "rule": trigger,
        "receipt": receipt,
        "source": chosen_source(form.source) or {"name": form.source, "title": form.source, "about": ""},
        "sentence": rules.sentence_of(trigger) if trigger and trigger.source == form.source else "",
        "names": names.offered(form, trigger, receipt),
        "templates": [] if trigger or receipt else _templates(form.source),
        "data": _data(receipt) if receipt else "",
    }


def _templates(source: str) -> list[dict[str, str]]:
    try:
        return [{"slug": one.slug, "name": _(one.name)} for one in rules.templates_of(source)]
    except (LookupError, RuntimeError):  # the page says what is wrong with the source
        return []


def new_form(source: str, receipt: Receipt | None, template: str = "") -> rule_forms.PageForm:
    """A new rule as it begins: for events of a source, as its template of this name, or like an event that came."""
    if receipt is None:
        for one in rules.templates_of(source):
            if one.slug == template:
                return rule_forms.PageForm(initial=rule_forms.from_template(source, one), proposed=one.conditions)
        proposed = {"timezone": settings.TIME_ZONE} if source == slot.SOURCE else {}
        return rule_forms.PageForm(initial={"source": source, "agents": []}, proposed=proposed)
    return rule_forms.PageForm(initial=rule_forms.from_receipt(receipt), proposed=_trials("suggest")(receipt))


def _source_in_words(name: str) -> dict[str, str]:
    try:
        told = rules.model_of(name).model_config
    except (LookupError, RuntimeError) as error:  # one that is broken says so
        return {"name": name, "title": name, "about": str(error)}
    about = asking.beside(told.get("json_schema_extra")).get("about")
    return {"name": name, "title": asking.gettext_of(told.get("title")) or name, "about": asking.gettext_of(about)}


def receipts(wanted: str, before: str) -> dict[str, Any]:
    """What came in, newest first."""
    filters = [
        ("", _("all")),
        (Outcome.UNMATCHED, _("met no rule")),
        (Outcome.ANSWERED, _("answers")),
        (Outcome.FAULT, _("faults")),
        (Outcome.IGNORED, _("kept out")),
        (Outcome.TEST, _("tests")),
    ]
    shown = wanted if wanted in {str(name) for name, _ in filters} else ""
    start = int(before) if before.isdecimal() and len(before) < 19 else None
    return {"filters": filters, "shown": shown, "page": arrivals.receipts(shown, before=start)}


def receipt(found: Receipt, **more: Any) -> dict[str, Any]:
    """One receipt: what it says, what it came to, and what the rules of today would make of it."""
    opened = {job.trigger_id for job in found.jobs.all()}
    others = [one for one in rules.for_event(found) if one.pk not in opened and not found.pruned_at]
    return {
        "receipt": found,
        "received": found.artifacts.all(),
        "data": _data(found),
        "raw": bytes(found.body)[:_SHOWN_BYTES].decode("utf-8", errors="replace"),
        "is_cut": len(found.body) > _SHOWN_BYTES,
        "prospects": rules.prospects(found, others),
        "is_test": found.outcome == Outcome.TEST,
        **more,
    }


def _at(trigger: Trigger) -> str:
    """The address that its events carry; empty for a source that has one address for all."""
    return (trigger.address or trigger.slug) if rules.is_addressed(trigger) else ""


def _data(found: Receipt) -> str:
    return json.dumps(found.data, indent=2, ensure_ascii=False)[:_SHOWN_DATA]


def _trials(name: str) -> Callable[..., Any]:
    return cast(Callable[..., Any], import_string(settings.RULE_TRIALS[name]))
