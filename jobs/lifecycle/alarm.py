"""The alarms, in words. Of a schedule: a slot that was missed, a run that made nothing, a run that hangs.

Of a target: it is down, and what goes there waits; something is there that does not fit to what is known here.
Of any rule: more came than its pace lets in.
"""

import datetime
from typing import Any

from jobs import schedules
from jobs.models import Job, Review, Trigger
from jobs.states import JobState

SILENT, EMPTY, HANGING, DOWN, FOUND, FLOOD = "silent", "empty", "hanging", "down", "found", "flood"
# What a person can do about an alarm beside knowing of it: run the slot, run it again, or again in place of this;
# try at once whether a target is back; let a flood in, whatever it costs.
RUN, AGAIN, INSTEAD, TRY, LET_IN = "run", "again", "instead", "try", "let_in"

_ABSENT = "Nightdesk did not look at the clock at that time: manage.py doctor says whether all of it runs."


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
    title = f"{name}: the slot was missed"
    cause = f"Nobody opened it at its time. It was opened {schedules.span(late)} late, and runs."
    if left:
        cause = f"Nobody opened it at its time. It was not run: {left}."
    if len(missed) > 1:
        title = f"{name}: this slot and {len(missed) - 1} before it were missed"
        cause = f"The first was {schedules.label(missed[0], trigger.conditions)}. {cause}"
    return _columns(SILENT, trigger, slot, title, cause, _ABSENT, held=bool(left))


def empty(job: Job) -> dict[str, Any]:
    """A run that completed without an artifact and without a delivery."""
    trigger, slot = _of(job)
    title = f"{_name(trigger, slot)}: the run made nothing"
    cause = "It completed, and left neither a file nor a delivery behind."
    return _columns(EMPTY, trigger, slot, title, cause, "Let the rule's brief say what should come out each time.")


def hanging(job: Job, *, lasts: datetime.timedelta, usual: datetime.timedelta | None) -> dict[str, Any]:
    """A run that has been at work for far longer than usual."""
    trigger, slot = _of(job)
    title = f"{_name(trigger, slot)}: the run hangs"
    known = f"Usual is {schedules.span(usual)}." if usual is not None else "It has not ended by its next slot."
    cause = f"It has been open for {schedules.span(lasts)} without an end. {known}"
    fix = "Its timeline says what it waits for. A day's budget that is used up goes on by itself tomorrow."
    return _columns(HANGING, trigger, slot, title, cause, fix)


def down(target: str, reason: str) -> dict[str, Any]:
    """A target that takes nothing at present."""
    fix = (
        "Nothing is lost: all of it is kept in its order, and goes out by itself once it works again. Now and then "
        f"one delivery tries. If it lasts, manage.py doctor --only {target.partition(':')[0]} says what to mend."
    )
    payload = {"alarm": DOWN, "target": target, "cause": reason, "fix": fix}
    return {"title": f"{target} is down: what goes there waits", "consequence": reason, "payload": payload}


def found(target: str, odd: list[dict[str, str]]) -> dict[str, Any]:
    """Effects at a target that do not fit to our rows, each with what is odd about it."""
    number = f"{len(odd)} effects" if len(odd) > 1 else "an effect"
    cause = f"{target} holds {number} with our mark that the deliveries here do not account for."
    fix = "Look at each of them there, and take away what should not be. Nothing was changed or sent again."
    payload = {"alarm": FOUND, "target": target, "cause": cause, "fix": fix, "found": odd}
    return {"title": f"{target}: {number} nobody accounts for", "consequence": cause, "payload": payload}


def flood(trigger: Trigger, number: int, reason: str) -> dict[str, Any]:
    """More jobs of a rule than may begin within an hour."""
    cause = f"{number:,} job{'s wait' if number > 1 else ' waits'}. The oldest: {reason}"
    fix = (
        "Nothing is lost: they begin by themselves, as many an hour as that. If all are wanted now, let them in. "
        "If none is, end them on the rule's page; its number can be changed there too."
    )
    payload = {"alarm": FLOOD, "trigger": trigger.pk, "paced": trigger.slug, "rule_name": trigger.name}
    title = f"{trigger.name}: more came than may begin within an hour"
    return {"title": title, "consequence": cause, "payload": {**payload, "cause": cause, "fix": fix}}


def remedy(review: Review) -> str:
    """What can be run because of an alarm; empty where nothing can."""
    which, job = review.payload.get("alarm"), review.job
    if which in {DOWN, FLOOD}:
        return TRY if which == DOWN else LET_IN
    if which == SILENT and review.payload.get("held") and job.state == JobState.NEEDS_CLARIFICATION:
        return RUN
    if which == HANGING and job.state in {JobState.PENDING, JobState.IN_PROGRESS}:
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
