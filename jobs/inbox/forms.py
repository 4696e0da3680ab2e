"""What a person may send back, one form a decision. Each carries the version of what they saw."""

import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

_EVENING, _MORNING = datetime.time(18), datetime.time(7)
MICRO = 1_000_000


class Seen(forms.Form):
    """The version of the item that was on the page; every decision is bound to it."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def words(self) -> str:
        """What the person typed, as it came, so that a refusal can give it back."""
        texts = [self.data.get(name, "") for name in ("text", "note", "reason") if name in self.fields]
        return next((text for text in texts if text.strip()), "")


class Approval(Seen):
    """Yes to exactly the bytes that were shown."""

    digest = forms.CharField(max_length=64, required=False)


class Edit(Seen):
    """The person's own words in place of the agent's."""

    subject = forms.CharField(max_length=200, required=False)
    text = forms.CharField(strip=False, required=False, widget=forms.Textarea)


class Revision(Seen):
    """Back to its agent, with what should be different."""

    note = forms.CharField(max_length=10_000, required=False, widget=forms.Textarea)


class Refusal(Seen):
    """No; a reason is offered, not demanded."""

    reason = forms.CharField(max_length=2_000, required=False)


class Answer(Seen):
    """One of the suggestions, or words of their own."""

    text = forms.CharField(max_length=10_000, required=False, widget=forms.Textarea)


class Retry(Seen):
    """Once more, with more money if some is given (in dollars)."""

    budget = forms.DecimalField(min_value=Decimal("0.01"), max_value=Decimal(10_000), required=False)

    def clean(self) -> dict[str, Any]:
        """The verb's own word: micro-USD, or None for the present budget."""
        cleaned = super().clean() or self.cleaned_data
        dollars = cleaned.pop("budget", None)
        return {**cleaned, "budget_microusd": None if dollars is None else int(dollars * MICRO)}


class Resolution(Seen):
    """Whether a message of unknown fate arrived."""

    arrived = forms.TypedChoiceField(choices=[("yes", "yes"), ("no", "no")], coerce=lambda value: value == "yes")


class Snooze(Seen):
    """Out of sight until a time that has a name."""

    CHOICES = [("2h", "2 hours"), ("evening", "This evening"), ("tomorrow", "Tomorrow"), ("monday", "Monday")]
    until = forms.ChoiceField(choices=CHOICES)

    def clean_until(self) -> datetime.datetime:
        """The moment that the name means for the owner."""
        return moment(self.cleaned_data["until"], timezone.localtime())


def moment(name: str, now: datetime.datetime) -> datetime.datetime:
    """When "2h", "evening", "tomorrow" or "monday" is, seen from `now`: always ahead, in its time zone."""
    if name == "2h":
        return now + datetime.timedelta(hours=2)
    if name == "evening":
        days, at = (0 if now.time() < _EVENING else 1), _EVENING
    else:
        days, at = (1 if name == "tomorrow" else 7 - now.weekday()), _MORNING
    date = now.date() + datetime.timedelta(days=days)
    return datetime.datetime.combine(date, at, tzinfo=now.tzinfo)
