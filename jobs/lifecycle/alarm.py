"""The alarms, in words. Of a schedule: a slot that was missed, a run that made nothing, a run that hangs.

Of a target: it is down, and what goes there waits; something is there that does not fit to what is known here.
Of a mail: it came back. Of a place that work comes from: it stays away. Of an event in a file: it cannot be read.
Of money: what the day or the night may spend is used up.
Of any rule: more came than its pace lets in.
"""

import datetime
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from jobs import schedules
from jobs.models import Delivery, Job, Review, Trigger
from jobs.states import JobState

SILENT, EMPTY, HANGING = "silent", "empty", "hanging"
DOWN, FOUND, SPENT, FLOOD, RETURNED, AWAY = "down", "found", "spent", "flood", "returned", "away"
UNREAD = "unread"
# What a person can do about an alarm beside knowing of it: run the slot, run it again, or again in place of this;
# try at once whether a target is back; let a flood in, whatever it costs.
RUN, AGAIN, INSTEAD, TRY, LET_IN = "run", "again", "instead", "try", "let_in"

_ABSENT = gettext_lazy(
    "Nightdesk did not look at the clock at that time: manage.py doctor says whether all of it runs."
)


def is_slot(job: Job) -> bool:
    """Whether the job is the run of a schedule's slot."""
    return "slot" in job.data and job.trigger is not None and job.trigger.source == schedules.SOURCE


def silent(
    trigger: Trigger,
    missed: list[datetime.datetime],
    *,
    late: datetime.timedelta,
    left: str = "",
) -> dict[str, Any]:
    """Slots without a Receipt; the last of them was opened so late, or left for the reason given."""
    slot = missed[-1]
    name = _name(trigger, slot)
    title = _("%(name)s: the slot was missed") % {"name": name}
    cause = _("Nobody opened it at its time. It was opened %(span)s late, and runs.") % {
        "span": schedules.span(late)
    }
    if left:
        cause = _("Nobody opened it at its time. It was not run: %(reason)s.") % {"reason": left}
    if len(missed) > 1:
        title = _("%(name)s: this slot and %(number)d before it were missed")
        title %= {"name": name, "number": len(missed) - 1}
        first = schedules.label(missed[0], trigger.conditions)
        cause = " ".join([_("The first was %(slot)s.") % {"slot": first}, cause])
    return _columns(SILENT, trigger, slot, title, cause, str(_ABSENT), held=bool(left))


def empty(job: Job) -> dict[str, Any]:
    """A run that completed without an artifact and without a delivery."""
    trigger, slot = _of(job)
    title = _("%(name)s: the run made nothing") % {"name": _name(trigger, slot)}
    cause = _("It completed, and left neither a file nor a delivery behind.")
    return _columns(
        EMPTY, trigger, slot, title, cause, _("Let the rule's brief say what should come out each time.")
    )


def hanging(job: Job, *, lasts: datetime.timedelta, usual: datetime.timedelta | None) -> dict[str, Any]:
    """A run that has been at work for far longer than usual."""
    trigger, slot = _of(job)
    title = _("%(name)s: the run hangs") % {"name": _name(trigger, slot)}
    known = _("It has not ended by its next slot.")
    if usual is not None:
        known = _("Usual is %(span)s.") % {"span": schedules.span(usual)}
    cause = _("It has been open for %(span)s without an end. %(known)s")
    cause %= {"span": schedules.span(lasts), "known": known}
    fix = _("Its timeline says what it waits for. A day's budget that is used up goes on by itself tomorrow.")
    return _columns(HANGING, trigger, slot, title, cause, fix)


def down(target: str, reason: str) -> dict[str, Any]:
    """A target that takes nothing at present."""
    fix = _(
        "Nothing is lost: all of it is kept in its order, and goes out by itself once it works again. Now and then "
        "one delivery tries. If it lasts, manage.py doctor --only %(name)s says what to mend."
    ) % {"name": target.partition(":")[0]}
    payload = {"alarm": DOWN, "target": target, "cause": reason, "fix": fix}
    return {
        "title": _("%(target)s is down: what goes there waits") % {"target": target},
        "consequence": reason,
        "payload": payload,
    }


def found(target: str, odd: list[dict[str, str]]) -> dict[str, Any]:
    """Effects at a target that do not fit to our rows, each with what is odd about it."""
    words = {"target": target, "number": len(odd)}
    cause = ngettext(
        "%(target)s holds an effect with our mark that the deliveries here do not account for.",
        "%(target)s holds %(number)d effects with our mark that the deliveries here do not account for.",
        len(odd),
    )
    cause %= words
    fix = _("Look at each of them there, and take away what should not be. Nothing was changed or sent again.")
    payload = {"alarm": FOUND, "target": target, "cause": cause, "fix": fix, "found": odd}
    title = ngettext(
        "%(target)s: an effect nobody accounts for", "%(target)s: %(number)d effects nobody accounts for", len(odd)
    )
    return {"title": title % words, "consequence": cause, "payload": payload}


def away(place: str, *, reason: str, since: datetime.datetime) -> dict[str, Any]:
    """A place that work comes from, and that cannot be reached."""
    words = {"place": place, "since": f"{timezone.localtime(since):%H:%M}", "reason": reason}
    cause = _("It could not be reached since %(since)s. %(reason)s") % words
    fix = _("Nothing is lost: what waits there is taken in once it is back. manage.py doctor says what to mend.")
    payload = {"alarm": AWAY, "place": place, "cause": cause, "fix": fix}
    return {
        "title": _("The %(place)s cannot be read") % words,
        "consequence": cause[:300],
        "payload": payload,
    }


def unread(path: Path, *, arrived_at: datetime.datetime, reason: str) -> dict[str, Any]:
    """An event that was accepted and kept in a file, and that cannot be taken in from there."""
    words = {"time": f"{timezone.localtime(arrived_at):%Y-%m-%d %H:%M}", "reason": reason, "file": path}
    cause = _("It came at %(time)s, while the database was busy, and was kept in a file. %(reason)s") % words
    fix = _("It is still there, and opened nothing: %(file)s. Look at it, and ask its sender to send it again.")
    payload = {"alarm": UNREAD, "file": path.name, "cause": cause, "fix": fix % words}
    return {
        "title": _("An event that was accepted cannot be taken in"),
        "consequence": cause[:300],
        "payload": payload,
    }


def returned(delivery: Delivery, *, recipient: str, why: str) -> dict[str, Any]:
    """A message to a client that a mail server could not deliver."""
    words = {
        "who": recipient or ", ".join(delivery.fields.get("to", [])),
        "subject": delivery.fields.get("subject", ""),
        "why": why or _("no reason is given"),
    }
    cause = _("The mail “%(subject)s” to %(who)s came back: %(why)s") % words
    fix = _("Correct the address on the client's page, then have the message made anew; or reach them another way.")
    payload = {"alarm": RETURNED, "delivery": delivery.pk, "cause": cause, "fix": fix}
    title = _("A mail to %(who)s came back") % words
    return {"title": title[:200], "consequence": cause[:300], "payload": payload}


def complained(delivery: Delivery, *, recipient: str, why: str) -> dict[str, Any]:
    """A message to a client that arrived, and that its reader called spam."""
    words = {"who": recipient or ", ".join(delivery.fields.get("to", [])), "why": why}
    cause = _("%(who)s called the mail “%(subject)s” spam. %(why)s")
    cause = (cause % (words | {"subject": delivery.fields.get("subject", "")})).strip()
    fix = _("Ask them in another way whether they want mail from you; most providers send them none any more.")
    payload = {"alarm": RETURNED, "delivery": delivery.pk, "cause": cause, "fix": fix}
    title = _("%(who)s called a mail spam") % words
    return {"title": title[:200], "consequence": cause[:300], "payload": payload}


def own_mail_returned(delivery: Delivery, *, recipient: str, why: str) -> dict[str, Any]:
    """The desk's own mail, a digest or an alarm, that did not reach its owner."""
    words = {"who": recipient or delivery.target, "why": why or _("no reason is given")}
    cause = _("Nightdesk's own mail to %(who)s came back: %(why)s") % words
    fix = _(
        "Mend the address in OWNER_MAIL, or the mailbox. Until this is noted, no other that comes back is told."
    )
    payload = {"alarm": RETURNED, "target": delivery.target, "cause": cause, "fix": fix}
    title = _("Nightdesk's own mail to %(who)s came back") % words
    return {"title": title[:200], "consequence": cause[:300], "payload": payload}


def spent(scope: str, *, cause: str, until: datetime.datetime) -> dict[str, Any]:
    """An envelope that the next call does not fit into."""
    goes_on = _("Nothing is lost: what waits goes on by itself at %(at)s.") % {"at": f"{until:%H:%M}"}
    more = _("Raise it on the page of costs to go on now.")
    fix = f"{goes_on} {more}"
    payload = {"alarm": SPENT, "scope": scope, "cause": cause, "fix": fix}
    title = _("Today's money is used up: work waits")
    if scope == "night":
        title = _("Tonight's money is used up: work waits")
    return {"title": title, "consequence": cause, "payload": payload}


def rule_spent(trigger: Trigger, *, cause: str, until: datetime.datetime) -> dict[str, Any]:
    """The envelope of a rule that the next call of one of its jobs does not fit into."""
    payload = {"alarm": SPENT, "scope": "rule", "trigger": trigger.pk, "rule_name": trigger.name, "cause": cause}
    payload["fix"] = _(
        "Nothing is lost: its jobs that wait go on by themselves at %(time)s. "
        "Raise it on the page of the rule to go on now."
    ) % {"time": f"{until:%H:%M}"}
    title = _("%(rule)s: its money of today is used up, its work waits") % {"rule": trigger.name}
    return {"title": title[:200], "consequence": cause, "payload": payload}


def flood(trigger: Trigger, number: int, reason: str) -> dict[str, Any]:
    """More jobs of a rule than may begin within an hour."""
    cause = ngettext(
        "%(number)s job waits. The oldest: %(reason)s", "%(number)s jobs wait. The oldest: %(reason)s", number
    )
    cause %= {"number": number_format(number, force_grouping=True), "reason": reason}
    fix = _(
        "Nothing is lost: they begin by themselves, as many an hour as that. If all are wanted now, let them in. "
        "If none is, end them on the rule's page; its number can be changed there too."
    )
    payload = {"alarm": FLOOD, "trigger": trigger.pk, "paced": trigger.slug, "rule_name": trigger.name}
    title = _("%(name)s: more came than may begin within an hour") % {"name": trigger.name}
    return {"title": title, "consequence": cause, "payload": {**payload, "cause": cause, "fix": fix}}


def remedy(review: Review) -> str:
    """What can be run because of an alarm; empty where nothing can."""
    which, state = review.payload.get("alarm"), review.job.state if review.job else None
    if which in {DOWN, FLOOD}:
        return TRY if which == DOWN else LET_IN
    if which == SILENT and review.payload.get("held") and state == JobState.NEEDS_CLARIFICATION:
        return RUN
    if which == HANGING and state in {JobState.PENDING, JobState.IN_PROGRESS}:
        return INSTEAD
    return AGAIN if which == EMPTY else ""


def _of(job: Job) -> tuple[Trigger, datetime.datetime]:
    if job.trigger is None:
        raise ValueError(f"job {job.pk} is no run of a schedule")
    return job.trigger, datetime.datetime.fromisoformat(job.data["slot"])


def _name(trigger: Trigger, slot: datetime.datetime) -> str:
    return f"{trigger.name}, {schedules.label(slot, trigger.conditions)}"


def _columns(
    which: str, trigger: Trigger, slot: datetime.datetime, title: str, cause: str, fix: str, **more: Any
) -> dict[str, Any]:
    """What a Review of this alarm holds."""
    payload = {
        "alarm": which,
        "rule": trigger.slug,
        "rule_name": trigger.name,
        "trigger": trigger.pk,
        "slot": slot.isoformat(),
        "label": schedules.label(slot, trigger.conditions),
        "cause": cause,
        "fix": fix,
        **more,
    }
    return {"title": title, "consequence": cause, "payload": payload}
