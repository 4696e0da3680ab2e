"""The context of each page, put together from the reads."""

import datetime
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from jobs import nights, queries
from jobs.inbox import forms
from jobs.inbox.reading import pane
from jobs.models import Job, Review
from jobs.states import OPEN_JOB, JobState

# Bars of the night: drawn in a box of this height, in the units of its SVG.
_BAR_HEIGHT = 24
_EFFECTS = {"client_message": "message to the client"}


@dataclass
class Link:
    """One job of a chain and what came of it; `is_here` for the one whose page it is."""

    job: Job
    is_here: bool
    children: list["Link"] = field(default_factory=list)


def desk(
    by: User,
    chosen: Review | None = None,
    *,
    show: str = "",
    refusal: str = "",
    form: forms.Seen | None = None,
) -> dict[str, Any]:
    """The inbox: the list, and one item open. `show` names the sheet that stands open."""
    now = timezone.now()
    rows = queries.open_reviews(now)
    is_picked = chosen is not None
    if chosen is None and rows:
        chosen = queries.review(rows[0].pk)
    place = next((number for number, row in enumerate(rows) if chosen and row.pk == chosen.pk), None)
    return {
        "rows": rows,
        "waiting": len(rows),
        "chosen": chosen,
        "pane": pane(chosen) if chosen else None,
        "is_picked": is_picked,
        "position": None if place is None else place + 1,
        "before": rows[place - 1] if place else None,
        "after": rows[place + 1] if place is not None and place + 1 < len(rows) else None,
        "show": show,
        "refusal": refusal,
        "form": form,
        "snoozes": forms.Snooze.CHOICES,
        "undo_window": settings.UNDO_CLIENT,
        "stamp": stamp(""),
        **_around(by, rows),
    }


def _around(by: User, rows: list[Review]) -> dict[str, Any]:
    now = timezone.now()
    night = nights.last(now)
    return {
        "leaving": queries.undoable(by, now),
        "at_work": queries.at_work(),
        "night": night,
        "bars": _bars(night.hours),
        "snoozed": [] if rows else queries.snoozed_reviews(now),
    }


def nights_page(now: datetime.datetime) -> dict[str, Any]:
    """The last two weeks, a line each."""
    found = nights.recent(timezone.localtime(now).date())
    return {"nights": [(night, _bars(night.hours)) for night in found], "envelope": settings.DAILY_BUDGET}


def night(date: datetime.date, now: datetime.datetime) -> dict[str, Any]:
    """All that is known of the night before this morning."""
    report = nights.report(date, now=now)
    day = datetime.timedelta(days=1)
    return {
        "report": report,
        "night": report.night,
        "bars": _bars(report.night.hours),
        "more_done": report.night.completed - len(report.done),
        "before": date - day,
        "after": date + day if date < timezone.localtime(now).date() else None,
    }


def queue(wanted: str, before: str) -> dict[str, Any]:
    """The jobs of one state, or all that are not finished."""
    counts = queries.job_counts()
    states = [tally.state for tally in counts]
    state = wanted if wanted in states else ""
    page = queries.jobs_in(
        [state] if state else [name for name in states if JobState(name) in OPEN_JOB],
        before=int(before) if before.isdecimal() else None,
    )
    return {
        "counts": counts,
        "state": state,
        "page": page,
        "under_way": sum(tally.number for tally in counts if JobState(tally.state) in OPEN_JOB),
    }


def job(found: Job, *, refusal: str = "") -> dict[str, Any]:
    """One job: what was asked, where it stands, what it made, what it cost, what happened."""
    tasks = list(found.tasks.all())
    events = queries.timeline(found.pk)
    names = {("task", task.pk): f"“{task.title}”" for task in tasks}
    names |= {("delivery", row.pk): f"the {_EFFECTS.get(row.kind, row.kind)}" for row in found.deliveries.all()}
    return {
        "job": found,
        "tasks": tasks,
        "received": queries.received_with(found),
        "runs": found.runs.all(),
        "deliveries": found.deliveries.all(),
        "reviews": found.reviews.all(),
        "events": events,
        "chain": _chain(found),
        "is_over_budget": (found.estimate_microusd or 0) > found.budget_microusd,
        "handed": sum(event.data.get("microusd", 0) for event in events if event.name == "job.followed"),
        "names": names,
        "is_open": found.state in OPEN_JOB,
        "can_retry": found.state == JobState.FAILED,
        "can_cancel": found.state in OPEN_JOB or found.state == JobState.FAILED,
        "refusal": refusal,
        "stamp": stamp(str(found.uid)),
    }


def _chain(found: Job) -> list[Link]:
    """The tree that the job stands in, from the first job on; empty where it stands alone."""
    links = {one.pk: Link(one, is_here=one.pk == found.pk) for one in queries.chain(found)}
    first, *others = links.values()
    for link in others:
        links[link.job.parent_id or first.job.pk].children.append(link)
    return [first] if others else []


def stamp(job_uid: str) -> str:
    """Stays the same while nothing is new on the page of this job; without one, on the inbox."""
    try:
        return queries.stamp_of_job(uuid.UUID(job_uid)) if job_uid else queries.stamp_of_inbox(timezone.now())
    except ValueError:
        return ""


def pulse(job_uid: str) -> dict[str, Any]:
    """How many items wait, and the stamp."""
    return {"waiting": queries.open_count(timezone.now())[0], "stamp": stamp(job_uid)}


def _bars(hours: list[int]) -> list[dict[str, float]]:
    """Each hour's bar: where it stands and how high it is."""
    most = max([*hours, 1])
    bars = []
    for place, number in enumerate(hours):
        height = max(1.5, _BAR_HEIGHT * number / most)
        bars.append({"x": place * 7, "y": _BAR_HEIGHT - height, "height": height, "number": number})
    return bars
