"""What a person may send from the pages of rules and receipts."""

import re
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs.inbox.condition_forms import ConditionsForm, Quiet, rearranged
from jobs.lifecycle import rule as rules
from jobs.models import Receipt, Trigger
from jobs.rule_form import RuleForm

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MAX_PASTED = 200_000


class PageForm(Quiet, RuleForm):
    """A rule on its own page; its secrets and its switch have buttons there.

    Of which source it is was chosen before: the conditions are asked for as that source's model has them. `stated`
    is the form of these; None for a source that there is not.
    """

    conditions = None  # type: ignore[assignment]  # how Django takes a field away

    class Meta(RuleForm.Meta):
        exclude = (  # type: ignore[assignment]  # more than there
            "budget_microusd",
            "daily_microusd",
            "secret_version",
            "enabled",
            "conditions",
        )
        labels = {
            "name": gettext_lazy("Name"),
            "client": gettext_lazy("Client"),
            "priority": gettext_lazy("Urgency"),
            "most_an_hour": gettext_lazy("Jobs an hour"),
            "due_hours": gettext_lazy("To be answered within (hours)"),
            "slug": gettext_lazy("Address"),
            "title_template": gettext_lazy("Title of the job"),
            "brief_template": gettext_lazy("Brief of the job"),
            "client_from": gettext_lazy("Client found by the address in"),
        }
        help_texts = {
            "name": gettext_lazy("What you call it, such as: Enquiry from the website."),
            "slug": gettext_lazy(
                "The last part of its address: small letters, digits and dashes; empty: made from the name."
            ),
            "title_template": gettext_lazy("Values of the event stand in braces, as in {summary}."),
            "brief_template": gettext_lazy("What the agents are to do, with the values of the event in braces."),
            "client": gettext_lazy("Whom the work is for: their tone and recipients count."),
            "client_from": gettext_lazy(
                "The name of the value that holds the sender's mail address, such as email: whoever has it among"
                " their recipients is the client, in place of the one above. Whoever sends the event can claim any"
                " address."
            ),
            "most_an_hour": gettext_lazy("What comes faster waits; empty: the usual number."),
            "due_hours": gettext_lazy(
                "From when its event came: what waits for you is due then, and comes first. Empty: no time."
            ),
        }
        widgets = {"source": forms.HiddenInput, "brief_template": forms.Textarea(attrs={"rows": 6})}

    address = forms.ChoiceField(
        label=gettext_lazy("Where its events are sent to"),
        required=False,
        help_text=gettext_lazy("Several rules may listen at one address; each opens its own job."),
    )

    def __init__(
        self, data: QueryDict | None = None, *, proposed: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        moved = rearranged(data, data.get("do", "")) if data else None
        super().__init__(moved or data, label_suffix="", **kwargs)
        self.is_quiet = moved is not None
        self.source = str((self.data if self.is_bound else self.initial).get("source") or "")
        self.stated = self._conditions(moved or data, proposed)
        self._ask_for_the_address()
        priority, client = self.fields["priority"], self.fields["client"]
        if isinstance(client, forms.ModelChoiceField):
            client.empty_label = _("our own work")
        if isinstance(priority, forms.ChoiceField):
            priority.choices = [(1, _("client work: at once")), (2, _("our own work: in its turn"))]

    @cached_property
    def is_kept(self) -> bool:
        """Whether the rule is to be kept, and can be."""
        return not self.is_quiet and self.data.get("do") != "look" and self.is_valid()

    @property
    def is_wrong(self) -> bool:
        """Whether something is wrong that has to be told."""
        return self.is_bound and not self.is_quiet and not self.is_valid()

    @property
    def sentence(self) -> str:
        """What the conditions read as, where they can be read."""
        if not self.is_bound or self.is_quiet or self.stated is None or not self.stated.is_valid():
            return ""
        return rules.sentence_of(Trigger(source=self.source, conditions=self.stated.stated))

    def is_valid(self) -> bool:
        """Whether the rule and its conditions can be kept."""
        return super().is_valid() and (self.stated is None or self.stated.is_valid())

    def clean(self) -> dict[str, Any]:
        """Take the conditions, if there is nothing wrong with them by themselves; the source has the last word."""
        cleaned = super().clean()
        if self.stated is None:
            self.add_error(None, _("There is no source named “%(name)s”.") % {"name": self.source})
        elif self.stated.is_valid():
            self.instance.conditions = self.stated.stated
            try:
                rules.read_conditions(self.source, self.stated.stated)
            except ValueError as error:
                self.stated.add_error(None, str(error))
        return cleaned

    def _conditions(self, data: QueryDict | None, proposed: dict[str, Any] | None) -> ConditionsForm | None:
        is_same = self.instance.pk and self.instance.source == self.source
        stored = self.instance.conditions if is_same and isinstance(self.instance.conditions, dict) else {}
        try:
            model = rules.model_of(self.source)
        except LookupError:
            return None
        return ConditionsForm(model, stored, data, proposed=proposed, is_quiet=self.is_quiet)

    def _ask_for_the_address(self) -> None:
        """Only where each rule has an address of its own, which others may share."""
        field = self.fields["address"]
        if not rules.is_addressed(Trigger(source=self.source, slug="rule")) or not isinstance(
            field, forms.ChoiceField
        ):
            del self.fields["address"]
            return
        others = Trigger.objects.filter(source=self.source, address="").exclude(pk=self.instance.pk)
        shared = [
            (slug, _("the address of “%(name)s”") % {"name": name})
            for slug, name in others.values_list("slug", "name")
        ]
        present = self.initial.get("address")
        gone = [(present, present)] if present and present not in dict(shared) else []
        field.choices = [("", _("its own address")), *shared, *gone]


class Trial(forms.Form):
    """An event to try a rule with: one that came, or one that is pasted."""

    receipt = forms.IntegerField(min_value=1, required=False)
    pasted = forms.CharField(max_length=MAX_PASTED, required=False, strip=False, widget=forms.Textarea)

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned.get("receipt") and not (cleaned.get("pasted") or "").strip():
            raise forms.ValidationError(_("Choose an event that came, or paste one."))
        return cleaned


def from_receipt(receipt: Receipt) -> dict[str, Any]:
    """A new rule's first values, such that it names what the receipt has; its conditions are proposed elsewhere."""
    named = [name for name, value in receipt.data.items() if _NAME.fullmatch(name) and _is_plain(value)]
    text = "{text}" if "text" in named else "\n".join(f"{name}: {{{name}}}" for name in named) or "{summary}"
    return {
        "name": (
            _("%(kind)s from %(sender)s") % {"kind": receipt.kind, "sender": receipt.sender or receipt.source}
        )[:120],
        "source": receipt.source,
        "title_template": "{summary}",
        "brief_template": text,
        "address": receipt.address,
        "agents": [],
    }


def from_template(source: str, template: Any) -> dict[str, Any]:
    """A new rule's first values, as one that the source brings along has them."""
    same = {name: getattr(template, name) for name in ("title_template", "brief_template", "priority")}
    return {"name": _(template.name), "source": source, "agents": [], **same}


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""
