"""What a person may send from the pages of rules and receipts."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.utils.module_loading import import_string

from jobs.lifecycle.slot import SOURCE as SCHEDULE
from jobs.models import Receipt
from jobs.rule_form import RuleForm

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MAX_PASTED = 200_000


class PageForm(RuleForm):
    """A rule on its own page; its secrets and its switch have buttons there."""

    class Meta(RuleForm.Meta):
        exclude = ("budget_microusd", "secret_version", "enabled")  # type: ignore[assignment]  # one more than there
        labels = {
            "slug": "Address",
            "title_template": "Title of the job",
            "brief_template": "Brief of the job",
            "client_from": "Client found from",
            "address": "Listens at the address of",
        }
        help_texts = {
            "slug": "The last part of its address: small letters, digits and dashes; empty: made from the name.",
            "title_template": "Values of the event stand in braces: {summary}, {sender}, {kind}, {text}, its own.",
            "client": "Whom the work is for; empty: our own work.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        present = self.instance.source or self.initial.get("source") or "form"
        sources = sorted({*import_string(settings.SOURCE_REGISTRY), SCHEDULE, present})
        self.fields["source"].widget = forms.Select(choices=[(name, name) for name in sources])
        self.fields["source"].help_text = "Where its events come from."


class Trial(forms.Form):
    """An event to try a rule with: one that came, or one that is pasted."""

    receipt = forms.IntegerField(min_value=1, required=False)
    pasted = forms.CharField(max_length=MAX_PASTED, required=False, strip=False, widget=forms.Textarea)

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("receipt") and not (cleaned.get("pasted") or "").strip():
            raise forms.ValidationError("Choose an event that came, or paste one.")
        return cleaned


def from_receipt(receipt: Receipt, conditions: dict[str, Any]) -> dict[str, Any]:
    """A new rule's first values, such that it meets the receipt and names what the receipt has."""
    named = [name for name, value in receipt.data.items() if _NAME.fullmatch(name) and _is_plain(value)]
    text = "{text}" if "text" in named else "\n".join(f"{name}: {{{name}}}" for name in named) or "{summary}"
    return {
        "name": f"{receipt.kind} from {receipt.sender or receipt.source}"[:120],
        "source": receipt.source,
        "conditions": conditions,
        "title_template": "{summary}",
        "brief_template": text,
        "address": receipt.address,
        "agents": [],
    }


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""
