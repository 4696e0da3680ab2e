"""Rows in words: what the templates call money, times, states and history lines."""

import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from jobs import amounts, terms
from jobs.inbox.listing import Line
from jobs.models import Event
from jobs.tally import Part

register = template.Library()

# What somebody wrote stands in full where it is decided on.
_REASON_CHARS = 300

_NAMED: dict[str, Any] = {
    "desk": "Nightdesk",
    "policy": _("the policy"),
    "sweep": _("the sweep"),
    "breaker": "Nightdesk",
    "reconciler": "Nightdesk",
    "clock": _("the clock"),
    "pace": "Nightdesk",
    "default": _("the stated default"),
    "deliveries": _("the sender"),
    "orchestrator": _("the orchestrator"),
}
# One sentence an event. {who} did it; {row} is the thing it happened to, where there is a name for it.
_SENTENCES: dict[str, Any] = {
    "job.opened": _("{who} opened the job."),
    "job.missed": _("Its slot was missed; it waits for a word."),
    "job.waits": _("More came than may begin within an hour: it waits for its turn."),
    "job.planning": _("Planning began."),
    "job.planned": _("{who} planned it: {steps}."),
    "job.split": _("{who} split it into two jobs."),
    "job.followed": _("{who} opened a follow-up job, “{title}”, with {money} of this job's budget."),
    "job.not_followed": _("{who} wanted a follow-up job, “{title}”. It was not opened: {reason}."),
    "job.replied": _("{who} wrote back to a message of this job."),
    "job.asked": _("{who} asked a question and waits for the answer."),
    "job.answered": _("{who} answered; it is planned again."),
    "job.given_back": _("Planning was put back: it goes on later."),
    "job.needs_review": _("Nothing more can happen without a person."),
    "job.resumed": _("It goes on."),
    "job.completed": _("The job is completed."),
    "job.failed": _("The job failed."),
    "job.retried": _("{who} started what failed again."),
    "job.repeated": _("{who} ran it again as a job of its own, “{title}”."),
    "job.reprioritised": _("{who} made it {title} work."),
    "job.rescheduled": _("{who} changed when it is due."),
    "job.cancelled": _("{who} ended the job."),
    "task.started": _("Work on {row} began."),
    "task.unblocked": _("What {row} waited for is there."),
    "task.given_back": _("{row} was put back: it goes on later."),
    "task.needs_review": _("{row} is done and waits for a decision."),
    "task.completed": _("{row} is completed."),
    "task.failed": _("{row} failed."),
    "task.retried": _("{who} started {row} again."),
    "task.revising": _("{who} sent {row} back with a note."),
    "task.sent_back": _("{who} sent {row} back: it fails its rubric."),
    "task.judged": _("{row} waits for the next version."),
    "task.held": _("{row} waits for the next version."),
    "task.asked": _("{who} asked a question about {row} and waits for the answer."),
    "task.answered": _("{who} answered; {row} is started again."),
    "task.cancelled": _("{row} was called off."),
    "run.parked": _("A call went into the night lane, at half the price."),
    "run.resumed": _("Its answer came; the attempt goes on."),
    "run.succeeded": _("{who} finished an attempt."),
    "run.failed": _("An attempt failed."),
    "run.abandoned": _("An attempt was given up."),
    "run.cancelled": _("An attempt was stopped."),
    "review.opened": _("It came into the inbox."),
    "review.edited": _("{who} edited the message."),
    "review.approved": _("{who} approved it."),
    "review.revising": _("{who} asked for a revision."),
    "review.declined": _("{who} declined it."),
    "review.answered": _("{who} decided."),
    "review.undone": _("{who} took the approval back."),
    "review.snoozed": _("{who} put it off."),
    "review.reopened": _("It is open again: its approval does not stand any more."),
    "review.tried": _("{who} had it tried at once."),
    "review.superseded": _("The item was replaced or is no longer needed."),
    "delivery.held": _("{row} is held until somebody approves it."),
    "delivery.released": _("{row} was released."),
    "delivery.sending": _("{row} is on its way."),
    "delivery.given_back": _("{row} was not taken; it is tried again."),
    "delivery.unknown": _("Nobody can say yet whether {row} arrived; it is looked up."),
    "delivery.delivered": _("{row} is delivered."),
    "delivery.failed": _("{row} was refused."),
    "delivery.cancelled": _("{row} was called off."),
    "delivery.withdrawn": _("A double of {row} was taken away."),
    "delivery.returned": _("The mail to {title} came back: {reason}."),
    "house.restored": _("A backup was put back: what came after it is not here."),
    "delivery.retried": _("{who} sent {row} again."),
    "branch.checked": _("The check “{title}” of the branch: {reason}."),
    "branch.remarked": _("{who} wrote about the branch: “{reason}”."),
    "branch.moved": _("{who} pushed to the branch."),
    "branch.merged": _("{who} merged the branch."),
    "branch.closed": _("{who} closed the pull request without merging it."),
    "review.readdressed": _("{who} addressed the message anew."),
    "client.added": _("{who} added the client {title}."),
    "client.changed": _("{who} changed the client {title}."),
    "client.forgot": _("{who} had an answer of {title} forgotten."),
    "allowance.changed": _("{who} lets the {title} spend {money}."),
}


@register.filter
def kind_word(kind: str) -> str:
    """A review's kind as people say it."""
    return terms.kind(kind)


@register.filter
def kind_count(number: int, kind: str) -> str:
    """So many reviews of a kind."""
    return terms.counted(kind, number)


@register.filter
def items(lines: list[Line]) -> int:
    """How many items these lines of the list stand for."""
    return sum(line.size for line in lines)


@register.filter
def state_word(state: str) -> str:
    """A state as people say it."""
    return terms.state(str(state))


@register.filter
def agent_word(agent: str) -> str:
    """What an agent does, in a word."""
    return terms.agent(agent)


@register.filter
def part_word(name: str) -> str:
    """What the set-up page looks at."""
    return terms.part(name)


@register.filter
def usd(microusd: int | None) -> str:
    """Micro-USD as money."""
    return amounts.usd(microusd)


@register.filter
def short(sha256: str) -> str:
    """The first digits of a sum, enough to tell two apart."""
    return sha256[:12]


@register.filter
def who(actor: str) -> str:
    """An actor of the history as people say it."""
    kind, _sign, name = actor.partition(":")
    if kind == "agent" and name:
        return gettext("the %(agent)s agent") % {"agent": terms.agent(name)}
    if kind == "trigger" and name:
        return gettext("the rule “%(name)s”") % {"name": name}
    return name or str(_NAMED.get(actor, actor))


@register.simple_tag
def sentence(event: Event, names: dict[tuple[str, int], str]) -> str:
    """A history line as a sentence; `names` say what tasks and deliveries are called."""
    pattern = str(_SENTENCES.get(event.name, event.name))
    row = names.get((event.noun, event.row)) or terms.row(event.noun)
    steps = ", ".join(map(str, event.data.get("steps", []))) or gettext("no steps")
    title, reason = event.data.get("title", ""), Truncator(event.data.get("reason", "")).chars(_REASON_CHARS)
    money = usd(event.data.get("microusd"))
    said = pattern.format(who=who(event.actor), row=row, steps=steps, title=title, reason=reason, money=money)
    return said[:1].upper() + said[1:]


@register.filter
def in_words(span: datetime.timedelta) -> str:
    """A span as people say it: 30 seconds, 5 minutes."""
    seconds = int(span.total_seconds())
    if seconds < 120:
        return ngettext("%(number)d second", "%(number)d seconds", seconds) % {"number": seconds}
    minutes = seconds // 60
    return ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes}


@register.filter
def roughly(span: datetime.timedelta) -> str:
    """A span that nobody knows to the minute."""
    minutes = round(span.total_seconds() / 60)
    if minutes < 2:
        return gettext("about a minute") if minutes else gettext("less than a minute")
    if minutes < 90:
        return gettext("about %(number)d minutes") % {"number": minutes}
    return gettext("about %(number)d hours") % {"number": round(minutes / 60)}


@register.filter
def day(date: datetime.date) -> str:
    """A date in full: Friday, 27 November 2026."""
    return date_format(date, pgettext("date format", "l, j F Y"))


@register.filter
def short_day(date: datetime.date) -> str:
    """A date of about now: 27 November."""
    return date_format(date, pgettext("date format", "j F"))


@register.filter
def clock(moment: datetime.datetime | None) -> SafeString | str:
    """A moment as a clock time in the owner's zone, with its date unless it is near, as a <time> element."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    whole = date_format(local, pgettext("date format", "l, j F Y, H:i"))
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), whole, terms.clock(moment))


@register.filter
def marked(part: Part) -> SafeString:
    """A part of the night's sentence with its numbers in bold, and its time as a <time> element."""
    bold = '<b class="bad">{}</b>' if part.is_bad else "<b>{}</b>"
    words = {
        name: format_html(bold, value if isinstance(value, str) else clock(value))
        for name, value in part.values.items()
    }
    return format_html(part.text, **words)


@register.filter
def clock_seconds(moment: datetime.datetime | None) -> SafeString | str:
    """A moment in the next minutes, to the second."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), f"{local:%H:%M:%S}")
