"""What the list of jobs is narrowed to, as it stands in the address; and what may be done with all it finds."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.module_loading import import_string

from jobs import queries
from jobs.finding import SINCE, Wanted
from jobs.lifecycle import many
from jobs.states import OPEN_JOB, JobState, Priority

_PRIORITIES = [("", "any"), (str(Priority.CLIENT), "client"), (str(Priority.INTERNAL), "internal")]


@dataclass(frozen=True)
class Verb:
    """One thing to do with many jobs: on its button, in the question, and done."""

    label: str
    asks: str
    act: Callable[..., None]
    is_final: bool = False


VERBS = {
    "retry": Verb("Retry all", "Start what failed again of", many.retry),
    "cancel": Verb("End all", "End for good", many.cancel, is_final=True),
    "client": Verb("Make client work", "Let go before internal work", many.make_client_work),
    "internal": Verb("Make internal work", "Let client work go before", many.make_internal_work),
}


class Filter(forms.Form):
    """Everything is optional; what makes no sense counts as not given."""

    q = forms.CharField(
        max_length=120, required=False, label="Words", widget=forms.TextInput(attrs={"type": "search"})
    )
    client = forms.ChoiceField(required=False)
    trigger = forms.ChoiceField(required=False, label="Rule")
    agent = forms.ChoiceField(required=False)
    priority = forms.ChoiceField(required=False, choices=_PRIORITIES, label="Urgency")
    since = forms.ChoiceField(required=False, choices=[("", "any time"), *((one, f"last {one}") for one in SINCE)])

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        clients, rules = queries.names()
        self._choose("client", clients)
        self._choose("trigger", rules)
        self._choose("agent", [(name, name) for name in import_string(settings.AGENT_REGISTRY)])

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
            field.choices = [("", "any"), *choices]


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
