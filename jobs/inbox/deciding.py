"""The one way from a posted form to a verb: bound to what was seen, and nothing that was typed is lost."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs import queries
from jobs.inbox import forms
from jobs.lifecycle import together as many_reviews
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
        raise Refused(_("Nothing was done: %(problems)s") % {"problems": " ".join(problems)}, form)
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


def together(form: forms.Together, *, by: User) -> str:
    """Do what the form says with every item that it names, and say what became of them."""
    if not form.is_valid():
        return _("Nothing was done: select what you mean first.")
    there = {row.pk: row for row in queries.open_reviews(timezone.now())}
    wanted = form.cleaned_data["items"]
    items = [(there[pk], version) for pk, version in wanted if pk in there]
    if form.cleaned_data["do"] == "approve":
        outcome = many_reviews.approve(items, by=by)
    else:
        outcome = many_reviews.snooze(items, by=by, until=form.cleaned_data["until"])
    left = len(wanted) - outcome.done
    done = ngettext("Done for %(number)d item.", "Done for %(number)d items.", outcome.done)
    rest = ngettext(
        "%(number)d was left: it is decided by itself.", "%(number)d were left: each is decided by itself.", left
    )
    return done % {"number": outcome.done} + (f" {rest % {'number': left}}" if left else "")


def told(label: str, outcome: Outcome) -> str:
    """What became of a verb for many jobs."""
    said = ngettext("%(verb)s: done for %(number)d job.", "%(verb)s: done for %(number)d jobs.", outcome.done)
    said %= {"verb": label, "number": outcome.done}
    if outcome.refused:
        left = ", ".join(job.title for job in outcome.refused[:3])
        others = _("%(number)d had moved on meanwhile and were left as they are: %(titles)s.")
        said += " " + others % {"number": len(outcome.refused), "titles": left}
    return said


def go_on(request: HttpRequest, following: Review | None, said: str) -> HttpResponse:
    """To the next item, saying what was done; an approval that can be taken back says so itself."""
    if said:
        messages.success(request, said)
    return redirect("inbox:item", pk=following.pk) if following else redirect("inbox:inbox")
