"""What the list of jobs is narrowed to, as it stands in the address; and what may be done with all it finds."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrOrPromise

from jobs import queries, terms
from jobs.finding import SINCE, Wanted
from jobs.lifecycle import many
from jobs.states import OPEN_JOB, JobState, Priority

_ANY = _("any")
_PRIORITIES = [
    ("", _ANY),
    (str(Priority.CLIENT), pgettext_lazy("priority", "client")),
    (str(Priority.INTERNAL), pgettext_lazy("priority", "internal")),
]
_SINCE = {"day": _("last day"), "week": _("last week"), "month": _("last month")}


@dataclass(frozen=True)
class Verb:
    """One thing to do with many jobs: on its button, in the question, and done."""

    label: StrOrPromise
    asks: StrOrPromise
    act: Callable[..., None]
    is_final: bool = False


VERBS = {
    "retry": Verb(_("Retry all"), _("Start what failed again of"), many.retry),
    "cancel": Verb(_("End all"), _("End for good"), many.cancel, is_final=True),
    "client": Verb(_("Make client work"), _("Let go before internal work"), many.make_client_work),
    "internal": Verb(_("Make internal work"), _("Let client work go before"), many.make_internal_work),
}


class Filter(forms.Form):
    """Everything is optional; what makes no sense counts as not given."""

    q = forms.CharField(
        max_length=120, required=False, label=_("Words"), widget=forms.TextInput(attrs={"type": "search"})
    )
    client = forms.ChoiceField(required=False, label=_("Client"))
    trigger = forms.ChoiceField(required=False, label=_("Rule"))
    agent = forms.ChoiceField(required=False, label=_("Agent"))
    priority = forms.ChoiceField(required=False, choices=_PRIORITIES, label=_("Urgency"))
    since = forms.ChoiceField(
        required=False, label=_("Since"), choices=[("", _("any time")), *((one, _SINCE[one]) for one in SINCE)]
    )

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        if "find" in data:
            self.fields["q"].widget.attrs["autofocus"] = True
        clients, rules = queries.names()
        self._choose("client", clients)
        self._choose("trigger", rules)
        self._choose("agent", [(name, terms.agent(name)) for name in import_string(settings.AGENT_REGISTRY)])

    def wanted(self, state: str) -> Wanted:
        """The filter, without what could not be read."""
        self.is_valid()
        given = self.cleaned_data
        return Wanted(
            state=state if state in set(JobState) else "",
            client=given.get("client", ""),
            trigger=given.get("trigger", ""),
            agent=given.get("agent", ""),
            priority=int(given["priority"]) if given.get("priority") else None,
            since=given.get("since", ""),
            words=given.get("q", ""),
        )

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", _ANY), *choices]


def address(wanted: Wanted, **changes: object) -> str:
    """The query of a list that is narrowed to this."""
    parts = {("q" if name == "words" else name): value for name, value in asdict(wanted).items()} | changes
    return urlencode({name: value for name, value in parts.items() if value not in {None, ""}})


def possible(wanted: Wanted) -> dict[str, Verb]:
    """What can be done with jobs in the state that the list shows."""
    if wanted.state == JobState.FAILED:
        names = ["retry", "cancel"]
    elif not wanted.state or JobState(wanted.state) in OPEN_JOB:
        names = ["client", "internal", "cancel"]
    else:
        names = []
    return {name: VERBS[name] for name in names}
