"""What a person may ask of the page of costs: a span of days, and another budget."""

import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import hours
from jobs.inbox.forms import MICRO

# Longer spans are many rows to add up, and no question of a morning.
MOST_DAYS = 92
USUAL_DAYS = 7
MOST_USD = Decimal(10_000)


class Span(forms.Form):
    """The first and the last date; what makes no sense counts as not given."""

    begins = forms.DateField(
        required=False,
        label=gettext_lazy("From"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    ends = forms.DateField(
        required=False, label=gettext_lazy("To"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )

    def dates(self) -> tuple[datetime.date, datetime.date]:
        """The span, not beyond today and at most MOST_DAYS long."""
        self.is_valid()
        today = hours.here().date()
        ends = min(self.cleaned_data.get("ends") or today, today)
        begins = self.cleaned_data.get("begins") or ends - datetime.timedelta(days=USUAL_DAYS - 1)
        return max(min(begins, ends), ends - datetime.timedelta(days=MOST_DAYS - 1)), ends


def span(asked: QueryDict) -> tuple[Span, datetime.date, datetime.date]:
    """The form as the address fills it, and its dates; the form shows the dates that count."""
    begins, ends = Span(asked).dates()
    return Span({"begins": begins, "ends": ends}, auto_id="span-%s"), begins, ends


class Budget(forms.Form):
    """What the day or the night may spend, in dollars; with "usual" what the environment says."""

    usd = forms.DecimalField(min_value=Decimal(0), max_value=MOST_USD, decimal_places=2, required=False)
    version = forms.IntegerField(min_value=0)
    do = forms.ChoiceField(choices=[("keep", ""), ("usual", "")])

    def clean(self) -> dict[str, Any]:
        """The verb's own words: micro-USD or None, and the version that was seen."""
        cleaned = super().clean() or self.cleaned_data
        dollars, is_usual = cleaned.pop("usd", None), cleaned.pop("do", "") == "usual"
        if dollars is None and not is_usual and "usd" not in self.errors:
            raise forms.ValidationError(_("Write an amount in dollars, such as 25 or 7.50."))
        return {**cleaned, "microusd": None if is_usual or dollars is None else int(dollars * MICRO)}

    def refusal(self) -> str:
        """Why it cannot be kept."""
        return " ".join(str(problem) for problems in self.errors.values() for problem in problems)
