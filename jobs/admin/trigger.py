"""Triggers: the owner's rules. A rule that could not work is refused here, with what to write instead."""

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString

from jobs import queries, schedules
from jobs.lifecycle.intake import secrets_of
from jobs.models import Trigger

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Trigger]
    _Form = forms.ModelForm[Trigger]
else:
    _Admin = admin.ModelAdmin
    _Form = forms.ModelForm

_MICRO = 1_000_000
_BRACES = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


class TriggerForm(_Form):
    """A rule as its owner writes it: the budget in dollars, conditions that its source can read."""

    budget = forms.DecimalField(
        label="Budget in USD",
        min_value=Decimal("0.01"),
        max_value=Decimal(10_000),
        required=False,
        help_text="For each job; empty: the usual budget.",
    )

    class Meta:
        model = Trigger
        exclude = ("budget_microusd",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.budget_microusd is not None:
            self.fields["budget"].initial = Decimal(self.instance.budget_microusd) / _MICRO

    def clean_title_template(self) -> str:
        """A title whose braces hold names."""
        return _checked(self.cleaned_data["title_template"])

    def clean_brief_template(self) -> str:
        """A brief whose braces hold names."""
        return _checked(self.cleaned_data["brief_template"])

    def clean(self) -> dict[str, Any]:
        """Whether the source exists and can read the conditions."""
        cleaned = super().clean() or self.cleaned_data
        if "source" in cleaned and "conditions" in cleaned:
            if cleaned["conditions"] is None:
                cleaned["conditions"] = {}
            self._check_conditions(cleaned["source"], cleaned["conditions"])
        return cleaned

    def save(self, commit: bool = True) -> Trigger:
        """Keep the budget as micro-USD."""
        dollars = self.cleaned_data.get("budget")
        self.instance.budget_microusd = None if dollars is None else int(dollars * _MICRO)
        return super().save(commit)

    def _check_conditions(self, source: str, conditions: Any) -> None:
        try:
            read_conditions(source, conditions)
        except LookupError as error:
            self.add_error("source", str(error.args[0]))
        except ValueError as error:
            self.add_error("conditions", str(error))


@admin.register(Trigger)
class TriggerAdmin(_Admin):
    """Editable, with the address and the proof that a sender needs."""

    form = TriggerForm
    list_display = ("name", "source", "enabled", "rule", "client", "priority")
    list_filter = ("source", "enabled")
    list_select_related = ("client",)
    search_fields = ("name", "slug")
    show_full_result_count = False
    readonly_fields = ("rule", "next_slots", "past_slots", "address", "proof", "created_at")

    @admin.display(description="waits for")
    def rule(self, trigger: Trigger) -> str:
        """The conditions as a sentence."""
        try:
            return read_conditions(trigger.source, trigger.conditions)
        except (LookupError, ValueError) as error:
            return f"Cannot be read: {error}"

    @admin.display(description="next slots")
    def next_slots(self, trigger: Trigger) -> SafeString | str:
        """When a schedule comes next, on its own wall clock."""
        slots = queries.next_slots(trigger) if trigger.pk else []
        if not slots:
            is_paused = trigger.source == schedules.SOURCE and not trigger.enabled
            return "None while it is paused." if is_paused else "None."
        rows = ((f"{slot:%a %d %b %Y, %H:%M} {slot.tzinfo}",) for slot in slots)
        return format_html("<table>{}</table>", format_html_join("", "<tr><td>{}</td></tr>", rows))

    @admin.display(description="last slots")
    def past_slots(self, trigger: Trigger) -> SafeString | str:
        """What became of a schedule's last slots."""
        slots = queries.past_slots(trigger) if trigger.pk else []
        if not slots:
            return "None yet."
        rows = ((row.label, row.became) for row in slots)
        return format_html("<table>{}</table>", format_html_join("", "<tr><td>{}</td><td>{}</td></tr>", rows))

    @admin.display(description="address")
    def address(self, trigger: Trigger) -> str:
        """Where a sender posts to."""
        return address_of(trigger) or "None: it is not posted to."

    @admin.display(description="proof")
    def proof(self, trigger: Trigger) -> SafeString | str:
        """What a sender of an addressed source proves itself with."""
        if not trigger.pk or not _address(trigger.source, trigger.slug):
            return "None of its own."
        key, token = secrets_of(trigger)[:2]
        return format_html(
            "Standard Webhooks key <code>{}</code><br>or bearer token <code>{}</code><br>"
            "A higher secret version makes new ones.",
            key,
            token,
        )


def read_conditions(source: str, conditions: Any) -> str:
    """The conditions as a sentence. Raises ValueError if they cannot be read, LookupError for an unknown source."""
    if not isinstance(conditions, dict):
        raise ValueError('Write a JSON object, such as {} or {"label": "agent"}.')
    if source == schedules.SOURCE:
        return str(schedules.read(conditions))
    sentence: str = import_string(settings.SOURCE_LOADER)(source).check_conditions(conditions)
    return sentence


def address_of(trigger: Trigger) -> str:
    """The rule's own address, else that of its source; empty where nothing is posted."""
    return _address(trigger.source, trigger.slug) or _address(trigger.source)


def _address(*parts: str) -> str:
    source, *slug = parts
    try:
        return settings.BASE_URL + reverse(f"hook-{source}", args=slug)
    except NoReverseMatch:
        return ""


def _checked(template: str) -> str:
    for inside in _BRACES.findall(template):
        if not _NAME.fullmatch(inside):
            raise forms.ValidationError(
                "{%(inside)s} is no name: write the name of a value, such as {summary} or {issue.title}.",
                params={"inside": inside},
            )
    return template
