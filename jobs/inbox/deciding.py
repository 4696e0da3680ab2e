"""The one way from a posted form to a verb: bound to what was seen, and nothing that was typed is lost."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from jobs import queries
from jobs.inbox import forms
from jobs.lifecycle.many import Outcome
from jobs.lifecycle.moves import IllegalMove, LostRace
from jobs.lifecycle.review import NotAllowed, Stale
from jobs.models import Review

# A verb's own no, each with a message for a person; anything else is a fault.
REFUSALS = (Stale, NotAllowed, LostRace, IllegalMove)


class Refused(Exception):
    """The verb said no, or the form is not whole; nothing was done. Holds what the person typed."""

    def __init__(self, message: str, form: forms.Seen) -> None:
        super().__init__(message)
        self.form = form


def decide(review: Review, form: forms.Seen, verb: Callable[..., Any], *, by: User) -> Any:
    """Call the verb with what the form says; return what it returns. Raises Refused."""
    if not form.is_valid():
        problems = [str(problem) for problems in form.errors.values() for problem in problems]
        raise Refused(f"Nothing was done: {' '.join(problems)}", form)
    try:
        return verb(review, by=by, **form.cleaned_data)
    except REFUSALS as refusal:
        raise Refused(str(refusal), form) from refusal


def next_after(review: Review) -> Review | None:
    """The item that comes after this one in the list, else the first of the others; None if there is none."""
    rows = queries.open_reviews(timezone.now())
    ids = [row.pk for row in rows]
    others = [row for row in rows if row.pk != review.pk]
    if not others:
        return None
    place = ids.index(review.pk) if review.pk in ids else len(others)
    return others[place % len(others)]


def told(label: str, outcome: Outcome) -> str:
    """What became of a verb for many jobs."""
    said = f"{label.removesuffix(' all')}: done for {outcome.done} job{'' if outcome.done == 1 else 's'}."
    if outcome.refused:
        left = ", ".join(job.title for job in outcome.refused[:3])
        said += f" {len(outcome.refused)} had moved on meanwhile and were left as they are: {left}."
    return said


def go_on(request: HttpRequest, following: Review | None, said: str) -> HttpResponse:
    """To the next item, saying what was done; an approval that can be taken back says so itself."""
    if said:
        messages.success(request, said)
    return redirect("inbox:item", pk=following.pk) if following else redirect("inbox:inbox")
