"""What a person may send back, one form a decision. Each carries the version of what they saw."""

import datetime
import re
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# The reasons to say no that have a name, by the kind of item.
REASONS = {
    "message": [
        _("Not needed any more."),
        _("Wrong facts."),
        _("Wrong tone."),
        _("I do it myself."),
    ],
    "merge": [_("Not needed any more."), _("It does not do what was asked."), _("It changes too much.")],
    "question": [_("Not needed any more."), _("I do it myself.")],
    "failure": [_("Not needed any more."), _("I do it myself.")],
}
# What a person writes who has something sent that may have gone before.
AGAIN = "send it again"
AGAIN_WORDS = _("send it again")
# So many notes on passages make one revision; a passage longer than this is no quote.
PASSAGES = 5
_PASSAGE_CHARS = 600
_NOTE_CHARS = 10_000
_ITEM = re.compile(r"(?:^|,)(\d{1,18}):(\d{1,9})(?=,|$)", re.ASCII)
_EVENING, _MORNING = datetime.time(18), datetime.time(7)
MICRO = 1_000_000
# A day has 86,400,000 milliseconds: what is longer was no reading.
_MOST_MS_DIGITS = 8


class Seen(forms.Form):
    """The version of the item that was on the page; every decision is bound to it."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def words(self) -> str:
        """What the person typed, as it came, so that a refusal can give it back."""
        texts = [self.data.get(name, "") for name in ("text", "note", "reason") if name in self.fields]
        return next((text for text in texts if text.strip()), "")


class Approval(Seen):
    """Yes to exactly the bytes that were shown. It is never refused for what the script measured."""

    digest = forms.CharField(max_length=64, required=False)
    again = forms.CharField(max_length=60, required=False)
    looked_ms = forms.CharField(required=False, widget=forms.HiddenInput)
    read_whole = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_again(self) -> bool:
        """Whether the person wrote the words that send what may have gone before."""
        said = " ".join(self.cleaned_data["again"].casefold().split()).strip(".!\"'“”„")
        return said in {AGAIN, str(AGAIN_WORDS).casefold()}

    def clean_looked_ms(self) -> int | None:
        """Milliseconds, or None for what can be none."""
        said = self.cleaned_data["looked_ms"]
        return int(said) if said.isascii() and said.isdecimal() and len(said) <= _MOST_MS_DIGITS else None

    def clean_read_whole(self) -> bool | None:
        """Whether the end had been in view, or None."""
        return {"yes": True, "no": False}.get(self.cleaned_data["read_whole"])


class Edit(Seen):
    """The person's own words in place of the agent's."""

    subject = forms.CharField(max_length=200, required=False)
    text = forms.CharField(strip=False, required=False, widget=forms.Textarea)


class Revision(Seen):
    """Back to its agent, with what should be different."""

    note = forms.CharField(max_length=10_000, required=False, widget=forms.Textarea)

    def clean(self) -> dict[str, Any]:
        """One note of all: those on passages, each with its passage, then what is said of the whole."""
        cleaned = super().clean() or self.cleaned_data
        pairs = zip(self._several("quote"), self._several("remark"), strict=False)
        notes = [f"On “{quote}”: {remark}" if quote else remark for quote, remark in pairs if remark]
        return {**cleaned, "note": "\n\n".join([*notes, cleaned.get("note", "")]).strip()[:_NOTE_CHARS]}

    def _several(self, name: str) -> list[str]:
        values = self.data.getlist(name) if isinstance(self.data, QueryDict) else []
        return [" ".join(value.split())[:_PASSAGE_CHARS] for value in values[:PASSAGES]]


class Refusal(Seen):
    """No; a reason is offered, not demanded: one that has a name (`why`), or words of their own."""

    why = forms.CharField(max_length=200, required=False)
    reason = forms.CharField(max_length=2_000, required=False)

    def clean(self) -> dict[str, Any]:
        """One reason: their own words before a ready one."""
        cleaned = super().clean() or self.cleaned_data
        why = cleaned.pop("why", "")
        return {**cleaned, "reason": cleaned.get("reason") or why}


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

    CHOICES = [
        ("2h", _("2 hours")),
        ("evening", _("This evening")),
        ("tomorrow", _("Tomorrow")),
        ("monday", _("Monday")),
    ]
    until = forms.ChoiceField(choices=CHOICES)

    def clean_until(self) -> datetime.datetime:
        """The moment that the name means for the owner."""
        return moment(self.cleaned_data["until"], timezone.localtime())


class Together(forms.Form):
    """One decision for several items, each as `number:version`; a line of the list may name several."""

    do = forms.ChoiceField(choices=[("approve", "approve"), ("snooze", "snooze")])

    def clean(self) -> dict[str, Any]:
        """`items` as (number, version) pairs, and `until` for those that are put off."""
        cleaned = super().clean() or self.cleaned_data
        told = ",".join(self.data.getlist("item")) if isinstance(self.data, QueryDict) else ""
        items = [(int(pk), int(version)) for pk, version in _ITEM.findall(told)]
        if not items:
            raise forms.ValidationError("nothing is selected")
        return {**cleaned, "items": items, "until": moment("tomorrow", timezone.localtime())}


def snoozes(now: datetime.datetime) -> list[tuple[str, Any, datetime.datetime]]:
    """Each choice of a snooze: its value, what it is called, and when that is."""
    return [(value, label, moment(value, now)) for value, label in Snooze.CHOICES]


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
