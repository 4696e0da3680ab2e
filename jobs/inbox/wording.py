"""Rows in words: what the templates call money, times, states and history lines."""

import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from jobs.models import Event

register = template.Library()

# What somebody wrote stands in full where it is decided on.
_REASON_CHARS = 300

KINDS = {
    "message": "Client message",
    "merge": "Pull request",
    "question": "Question",
    "failure": "Failure",
    "alarm": "Alarm",
}
_NAMED = {
    "desk": "Nightdesk",
    "policy": "the policy",
    "sweep": "the sweep",
    "breaker": "Nightdesk",
    "reconciler": "Nightdesk",
    "clock": "the clock",
    "pace": "Nightdesk",
    "default": "the stated default",
    "deliveries": "the sender",
    "orchestrator": "the orchestrator",
}
# One sentence an event. {who} did it; {row} is the thing it happened to, where there is a name for it.
_SENTENCES = {
    "job.opened": "{who} opened the job.",
    "job.missed": "Its slot was missed; it waits for a word.",
    "job.waits": "More came than may begin within an hour: it waits for its turn.",
    "job.planning": "Planning began.",
    "job.planned": "{who} planned it: {steps}.",
    "job.split": "{who} split it into two jobs.",
    "job.followed": "{who} opened a follow-up job, “{title}”, with {money} of this job's budget.",
    "job.not_followed": "{who} wanted a follow-up job, “{title}”. It was not opened: {reason}.",
    "job.replied": "{who} wrote back to a message of this job.",
    "job.asked": "{who} asked a question and waits for the answer.",
    "job.answered": "{who} answered; it is planned again.",
    "job.given_back": "Planning was put back: it goes on later.",
    "job.needs_review": "Nothing more can happen without a person.",
    "job.resumed": "It goes on.",
    "job.completed": "The job is completed.",
    "job.failed": "The job failed.",
    "job.retried": "{who} started what failed again.",
    "job.reprioritised": "{who} made it {title} work.",
    "job.cancelled": "{who} ended the job.",
    "task.started": "Work on {row} began.",
    "task.unblocked": "What {row} waited for is there.",
    "task.given_back": "{row} was put back: it goes on later.",
    "task.needs_review": "{row} is done and waits for a decision.",
    "task.completed": "{row} is completed.",
    "task.failed": "{row} failed.",
    "task.retried": "{who} started {row} again.",
    "task.revising": "{who} sent {row} back with a note.",
    "task.sent_back": "{who} sent {row} back: it fails its rubric.",
    "task.judged": "{row} waits for the next version.",
    "task.held": "{row} waits for the next version.",
    "task.asked": "{who} asked a question about {row} and waits for the answer.",
    "task.answered": "{who} answered; {row} is started again.",
    "task.cancelled": "{row} was called off.",
    "run.succeeded": "{who} finished an attempt.",
    "run.failed": "An attempt failed.",
    "run.abandoned": "An attempt was given up.",
    "run.cancelled": "An attempt was stopped.",
    "review.opened": "It came into the inbox.",
    "review.edited": "{who} edited the message.",
    "review.approved": "{who} approved it.",
    "review.revising": "{who} asked for a revision.",
    "review.declined": "{who} declined it.",
    "review.answered": "{who} decided.",
    "review.undone": "{who} took the approval back.",
    "review.snoozed": "{who} put it off.",
    "review.reopened": "It is open again: its approval does not stand any more.",
    "review.tried": "{who} had it tried at once.",
    "review.superseded": "The item was replaced or is no longer needed.",
    "delivery.held": "{row} is held until somebody approves it.",
    "delivery.released": "{row} was released.",
    "delivery.sending": "{row} is on its way.",
    "delivery.given_back": "{row} was not taken; it is tried again.",
    "delivery.unknown": "Nobody can say yet whether {row} arrived; it is looked up.",
    "delivery.delivered": "{row} is delivered.",
    "delivery.failed": "{row} was refused.",
    "delivery.cancelled": "{row} was called off.",
    "delivery.withdrawn": "A double of {row} was taken away.",
    "delivery.retried": "{who} sent {row} again.",
    "branch.checked": "The check “{title}” of the branch: {reason}.",
    "branch.remarked": "{who} wrote about the branch: “{reason}”.",
    "branch.moved": "{who} pushed to the branch.",
    "branch.merged": "{who} merged the branch.",
    "branch.closed": "{who} closed the pull request without merging it.",
}


@register.filter
def kind_word(kind: str) -> str:
    """A review's kind as people say it."""
    return KINDS.get(kind, kind)


@register.filter
def state_word(state: str) -> str:
    """A state without its underscore; the words themselves are the same everywhere."""
    return str(state).replace("_", " ")


@register.filter
def usd(microusd: int | None) -> str:
    """Micro-USD as money; less than a cent is not nothing."""
    if microusd is None:
        return "unknown"
    return "under $0.01" if 0 < microusd < 5_000 else f"${microusd / 1_000_000:,.2f}"


@register.filter
def short(sha256: str) -> str:
    """The first digits of a sum, enough to tell two apart."""
    return sha256[:12]


@register.filter
def who(actor: str) -> str:
    """An actor of the history as people say it."""
    kind, _, name = actor.partition(":")
    if name:
        return {"agent": f"the {name} agent", "trigger": f"the rule “{name}”"}.get(kind, name)
    return _NAMED.get(actor, actor)


@register.simple_tag
def sentence(event: Event, names: dict[tuple[str, int], str]) -> str:
    """A history line as a sentence; `names` say what tasks and deliveries are called."""
    pattern = _SENTENCES.get(event.name, event.name)
    row = names.get((event.noun, event.row)) or f"the {event.noun}"
    steps = ", ".join(map(str, event.data.get("steps", []))) or "no steps"
    title, reason = event.data.get("title", ""), Truncator(event.data.get("reason", "")).chars(_REASON_CHARS)
    money = usd(event.data.get("microusd"))
    said = pattern.format(who=who(event.actor), row=row, steps=steps, title=title, reason=reason, money=money)
    return said[:1].upper() + said[1:]


@register.filter
def in_words(span: datetime.timedelta) -> str:
    """A span as people say it: 30 seconds, 5 minutes."""
    seconds = int(span.total_seconds())
    return f"{seconds} seconds" if seconds < 120 else f"{seconds // 60} minutes"


@register.filter
def roughly(span: datetime.timedelta) -> str:
    """A span that nobody knows to the minute."""
    minutes = round(span.total_seconds() / 60)
    if minutes < 2:
        return "about a minute" if minutes else "less than a minute"
    return f"about {minutes} minutes" if minutes < 90 else f"about {round(minutes / 60)} hours"


@register.filter
def clock(moment: datetime.datetime | None) -> SafeString | str:
    """A moment as a clock time in the owner's zone, with its date unless it is near, as a <time> element."""
    if moment is None:
        return ""
    local, now = timezone.localtime(moment), timezone.localtime()
    near = abs(local - now) < datetime.timedelta(hours=22)
    words = f"{local:%H:%M}" if near else f"{local.day} {local:%b, %H:%M}"
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), f"{local:%c}", words)


@register.filter
def clock_seconds(moment: datetime.datetime | None) -> SafeString | str:
    """A moment in the next minutes, to the second."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), f"{local:%H:%M:%S}")
