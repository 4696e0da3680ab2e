"""A rule as its owner writes it: what could not work is refused here, with what to write instead."""

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import terms
from jobs.lifecycle import envelope, rule
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
    return [(name, terms.agent(name)) for name in import_string(settings.AGENT_REGISTRY)]


class RuleForm(_Form):
    """The budget in dollars, conditions that the source can read, templates that can be filled."""

    budget = forms.DecimalField(
        label=gettext_lazy("Budget in USD"),
        min_value=Decimal("0.01"),
        max_value=Decimal(10_000),
        required=False,
        help_text=gettext_lazy("For each job; empty: the usual budget."),
    )
    conditions = _Conditions(
        label=gettext_lazy("Conditions"),
        required=False,
        widget=forms.Textarea,
        help_text=gettext_lazy("A JSON object; {} takes everything."),
    )
    daily = forms.DecimalField(
        label=gettext_lazy("Budget of a day in USD"),
        min_value=Decimal("0.01"),
        max_value=Decimal(100_000),
        required=False,
        help_text=gettext_lazy(
            "For all its jobs together, with what follows from them; empty: no limit of its own."
        ),
    )
    agents = forms.MultipleChoiceField(
        label=gettext_lazy("Agents that may work on it"),
        choices=_agents,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None: all of them."),
    )

    class Meta:
        model = Trigger
        exclude = ("budget_microusd", "daily_microusd")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False
        for name, microusd in (("budget", self.instance.budget_microusd), ("daily", self.instance.daily_microusd)):
            if microusd is not None:
                self.fields[name].initial = Decimal(microusd) / _MICRO

    def clean_slug(self) -> str:
        """The last part of the address; made from the name where none was written."""
        slug = self.cleaned_data["slug"] or _free(slugify(self.cleaned_data.get("name", ""))[:55] or "rule")
        if slug in _TAKEN:
            raise forms.ValidationError(_("“%(slug)s” is the address of a page: choose another.") % {"slug": slug})
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
        """Keep the budgets as micro-USD; where a day may spend more than before, what waited for that goes on."""
        before = self.instance.daily_microusd if self.instance.pk else None
        self.instance.budget_microusd = self._microusd("budget")
        after = self.instance.daily_microusd = self._microusd("daily")
        kept = super().save(commit)
        if before is not None and (after is None or after > before):
            transaction.on_commit(lambda: envelope.rule_may_spend_more(kept, by="owner"))
        return kept

    def _microusd(self, name: str) -> int | None:
        dollars = self.cleaned_data.get(name)
        return None if dollars is None else int(dollars * _MICRO)

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
            wrong = _("There is no other %(source)s rule “%(address)s” with an address of its own.")
            self.add_error("address", wrong % {"source": source, "address": address})


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
