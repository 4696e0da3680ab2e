"""A rule as its owner writes it: what could not work is refused here, with what to write instead."""

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.text import slugify

from jobs.lifecycle import rule
from jobs.models import Trigger

if TYPE_CHECKING:
    _Form = forms.ModelForm[Trigger]
else:
    _Form = forms.ModelForm

_MICRO = 1_000_000
# The address of the page for a new rule.
_TAKEN = {"new"}


class _Conditions(forms.JSONField):
    """JSON that can be read by whoever mends it."""

    def prepare_value(self, value: Any) -> Any:
        """A line for each condition."""
        bound = isinstance(value, str)
        return value if bound else json.dumps(value, indent=2, ensure_ascii=False)


def _agents() -> list[tuple[str, str]]:
    return [(name, name) for name in import_string(settings.AGENT_REGISTRY)]


class RuleForm(_Form):
    """The budget in dollars, conditions that the source can read, templates that can be filled."""

    budget = forms.DecimalField(
        label="Budget in USD",
        min_value=Decimal("0.01"),
        max_value=Decimal(10_000),
        required=False,
        help_text="For each job; empty: the usual budget.",
    )
    conditions = _Conditions(required=False, widget=forms.Textarea, help_text="A JSON object; {} takes everything.")
    agents = forms.MultipleChoiceField(
        label="Agents that may work on it",
        choices=_agents,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None: all of them.",
    )

    class Meta:
        model = Trigger
        exclude = ("budget_microusd",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False
        if self.instance.budget_microusd is not None:
            self.fields["budget"].initial = Decimal(self.instance.budget_microusd) / _MICRO

    def clean_slug(self) -> str:
        """The last part of the address; made from the name where none was written."""
        slug = self.cleaned_data["slug"] or _free(slugify(self.cleaned_data.get("name", ""))[:55] or "rule")
        if slug in _TAKEN:
            raise forms.ValidationError(f"“{slug}” is the address of a page: choose another.")
        return str(slug)

    def clean_title_template(self) -> str:
        """A title whose braces hold names."""
        return _checked(self.cleaned_data["title_template"])

    def clean_brief_template(self) -> str:
        """A brief whose braces hold names."""
        return _checked(self.cleaned_data["brief_template"])

    def clean(self) -> dict[str, Any]:
        """Whether the source exists and can read the conditions, and the address is another rule's."""
        cleaned = super().clean() or self.cleaned_data
        if "source" in cleaned and "conditions" in cleaned:
            if cleaned["conditions"] is None:
                cleaned["conditions"] = {}
            self._check_conditions(cleaned["source"], cleaned["conditions"])
        if cleaned.get("address"):
            self._check_address(cleaned["address"], cleaned.get("source", ""))
        return cleaned

    def save(self, commit: bool = True) -> Trigger:
        """Keep the budget as micro-USD."""
        dollars = self.cleaned_data.get("budget")
        self.instance.budget_microusd = None if dollars is None else int(dollars * _MICRO)
        return super().save(commit)

    def _check_conditions(self, source: str, conditions: Any) -> None:
        try:
            rule.read_conditions(source, conditions)
        except LookupError as error:
            self.add_error("source", str(error.args[0]))
        except ValueError as error:
            self.add_error("conditions", str(error))

    def _check_address(self, address: str, source: str) -> None:
        others = Trigger.objects.filter(slug=address, source=source, address="").exclude(pk=self.instance.pk)
        if not others.exists():
            self.add_error("address", f"There is no other {source} rule “{address}” with an address of its own.")


def _checked(template: str) -> str:
    try:
        return rule.check_template(template)
    except ValueError as error:
        raise forms.ValidationError(str(error)) from error


def _free(slug: str) -> str:
    """The slug, or the first of its followers that no rule has."""
    taken = set(Trigger.objects.filter(slug__startswith=slug).values_list("slug", flat=True)) | _TAKEN
    return next(
        one for one in (slug, *(f"{slug}-{number}" for number in range(2, len(taken) + 3))) if one not in taken
    )
