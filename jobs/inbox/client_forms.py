"""A client as their owner writes them down: what could not work is refused, with what to write instead."""

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from jobs.lifecycle import client as verbs
from jobs.models import Client

if TYPE_CHECKING:
    _Form = forms.ModelForm[Client]
else:
    _Form = forms.ModelForm

# No message takes more.
MOST_RECIPIENTS = 50
# The address of the page for a new client.
_TAKEN = {"new"}


class ClientForm(_Form):
    """A line for each recipient. `seen` is what the form was filled from, so that nobody writes over another."""

    recipients = forms.CharField(
        label=gettext_lazy("Recipients"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One mail address a line. They are the only addresses that a message for this client can go to."
        ),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Client
        fields = ("name", "recipients", "slack_channel", "tone", "house_style", "notes")
        labels = {
            "name": gettext_lazy("Name"),
            "slack_channel": gettext_lazy("Slack channel"),
            "tone": gettext_lazy("Tone"),
            "house_style": gettext_lazy("House style"),
            "notes": gettext_lazy("What every agent should know"),
        }
        help_texts = {
            "slack_channel": gettext_lazy(
                "The id of a channel that you share with them, such as C0123ABCD. With one, messages go there in "
                "place of mail, as soon as Slack is connected."
            ),
            "tone": gettext_lazy("How messages sound, such as: warm, brief, first name."),
            "house_style": gettext_lazy("Words to use and to avoid, spelling, form of address."),
            "notes": gettext_lazy("Who they are, what they sell, what is agreed. No passwords: agents read it."),
        }
        widgets = {"house_style": forms.Textarea(attrs={"rows": 4}), "notes": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        if self.instance.pk:
            self.initial["recipients"] = "\n".join(self.instance.recipients)
            self.initial["seen"] = verbs.seen(self.instance)

    def clean_name(self) -> str:
        """A name that makes an address of its own."""
        name: str = self.cleaned_data["name"]
        if self.instance.pk:
            return name
        slug = self.slug(name)
        if not slug:
            raise ValidationError(_("Write a name with a letter or a digit in it."))
        if slug in _TAKEN or Client.objects.filter(slug=slug).exists():
            raise ValidationError(_("There is a client at the address “%s” already.") % slug)
        return name

    def clean_recipients(self) -> list[str]:
        """Plain addresses, each once; every line that is none is named."""
        lines = [_bare(line.strip()) for line in re.split(r"[\n\r,;]", self.cleaned_data["recipients"])]
        addresses = list({line.casefold(): line for line in lines if line}.values())
        if wrong := [line for line in addresses if not _is_address(line)]:
            said = ", ".join(_("“%(title)s”") % {"title": line[:80]} for line in wrong[:5])
            wrong_words = ngettext(
                "%s is no mail address. Write one a line, such as marta@example.com.",
                "%s are no mail addresses. Write one a line, such as marta@example.com.",
                len(wrong),
            )
            raise ValidationError(wrong_words % said)
        if len(addresses) > MOST_RECIPIENTS:
            raise ValidationError(_("A message takes at most %d recipients.") % MOST_RECIPIENTS)
        return addresses

    @staticmethod
    def slug(name: str) -> str:
        """The last part of the address that a client of this name gets."""
        return slugify(name)[:60]

    @property
    def way(self) -> tuple[str, list[str]]:
        """Where messages will go once it is kept."""
        columns = self.cleaned_data
        return Client(recipients=columns["recipients"], slack_channel=columns["slack_channel"]).way

    def columns(self) -> dict[str, Any]:
        """What the verb is given."""
        return {name: self.cleaned_data[name] for name in verbs.COLUMNS}


def _bare(text: str) -> str:
    """The address alone, as a mail program copies it: Marta <marta@example.com>."""
    named = re.fullmatch(r"[^<>]*<([^<>]+)>", text)
    return named[1].strip() if named else text


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
