"""What a person may send to open a job: a new one, or one that was there with other words."""

import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from jobs import queries
from jobs.inbox.forms import MICRO
from jobs.states import Priority

# As long as what the API takes.
MOST_CHARS = 100_000


class Again(forms.Form):
    """The words of a job that is run again. Empty ones stay as they were."""

    title = forms.CharField(max_length=200, required=False)
    brief = forms.CharField(max_length=MOST_CHARS, widget=forms.Textarea)

    def clean_title(self) -> str:
        """On one line."""
        return " ".join(self.cleaned_data["title"].split())


class Due(forms.Form):
    """Until when what a job asks is to be decided; nothing: no time is set."""

    due_at = forms.DateTimeField(
        label=_("Due"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}), required=False
    )

    def clean_due_at(self) -> datetime.datetime | None:
        """A time that has passed is a mistake."""
        return _to_come(self.cleaned_data["due_at"])


class New(forms.Form):
    """A job as its owner asks for it: only what should come out has to be said."""

    brief = forms.CharField(
        label=_("What should come out"),
        max_length=MOST_CHARS,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("A sentence or more: what for, how long, what makes it good. Agents read only this."),
    )
    client = forms.ChoiceField(
        label=_("Client"),
        required=False,
        help_text=_("Whom it is for: their tone and recipients count. Without one it is our own work."),
    )
    title = forms.CharField(
        label=_("Title"), max_length=200, required=False, help_text=_("Empty: the first line of the above.")
    )
    priority = forms.TypedChoiceField(
        label=_("Urgency"),
        choices=[
            ("", _("as usual: work for clients first")),
            (str(Priority.CLIENT), pgettext_lazy("priority", "client")),
            (str(Priority.INTERNAL), pgettext_lazy("priority", "internal")),
        ],
        coerce=int,
        empty_value=None,
        required=False,
    )
    budget = forms.DecimalField(
        label=_("Budget in USD"),
        min_value=Decimal("0.01"),
        max_value=Decimal(10_000),
        required=False,
        help_text=_("Empty: the usual budget."),
    )
    due_at = forms.DateTimeField(
        label=_("Due"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        required=False,
        help_text=_("Until when you want to decide what it asks; that comes first in the inbox. Empty: no time."),
    )

    def __init__(self, data: QueryDict | None, *, client: str) -> None:
        super().__init__(data, initial={"client": client}, label_suffix="")
        clients, _rules = queries.names()
        choices = self.fields["client"]
        if isinstance(choices, forms.ChoiceField):
            choices.choices = [("", _("our own work")), *clients]

    def clean_due_at(self) -> datetime.datetime | None:
        """A time that has passed is a mistake."""
        return _to_come(self.cleaned_data["due_at"])

    def wanted(self) -> dict[str, Any]:
        """What the verb is given, the client by its slug."""
        given = dict(self.cleaned_data)
        dollars = given.pop("budget")
        return {**given, "budget_microusd": None if dollars is None else int(dollars * MICRO)}


def _to_come(due_at: datetime.datetime | None) -> datetime.datetime | None:
    if due_at and due_at <= timezone.now():
        raise forms.ValidationError(_("This time has passed: name one that is still to come."))
    return due_at
