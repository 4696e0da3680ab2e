"""The context of each page, put together from the reads."""

import datetime
import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import QueryDict
from django.utils import timezone

from jobs import figures, finding, hours, nights, queries, tally, waiting
from jobs.inbox import forms, job_filters, listing
from jobs.inbox.reading import pane
from jobs.models import Delivery, Review
from jobs.states import OPEN_JOB, JobState

# Bars of the night: drawn in a box of this height, in the units of its SVG.
_BAR_HEIGHT = 24


def desk(
    by: User,
    chosen: Review | None = None,
    *,
    pk: int | None = None,
    show: str = "",
    refusal: str = "",
    form: forms.Seen | None = None,
) -> dict[str, Any]:
    """The inbox: the list, and one item open: `chosen`, that with this pk if there is one, or the first.

    `show` names the sheet that stands open, or the file of a diff.
    """
    now = timezone.now()
    rows = queries.open_reviews(now)
    is_picked = chosen is not None or pk is not None
    chosen = chosen or queries.to_read(pk, rows)
    lines = listing.lines(rows)
    line = listing.line_of(lines, chosen)
    place = lines.index(line) if line else None
    return {
        "lines": lines,
        "line": line,
        "waiting": len(rows),
        "chosen": chosen,
        "pane": pane(chosen) if chosen else None,
        "is_picked": is_picked,
        "position": None if place is None else sum(one.size for one in lines[:place]) + 1,
        "before": lines[place - 1].review if place else None,
        "after": lines[place + 1].review if place is not None and place + 1 < len(lines) else None,
        "show": show,
        # The one file of a long diff that is asked for: what is beside it stays folded, and out of the page.
        "only": show if show.startswith(("file-", "step-")) else "",
        "refusal": refusal,
        "form": form,
        "snoozes": forms.snoozes(timezone.localtime()),
        "reasons": forms.REASONS.get(chosen.kind if chosen else "", ()),
        "undo_window": settings.UNDO_CLIENT,
        "again_words": forms.AGAIN_WORDS,
        **_around(by, now),
        "snoozed": queries.snoozed_reviews(now) if chosen is None else [],
        "next_run": queries.next_run(now) if chosen is None else None,
        "done": queries.lately_done() if chosen is None else [],
    }


def _around(by: User, now: datetime.datetime) -> dict[str, Any]:
    night, most, next_run, stamp = nights.at_a_glance(now)
    leaving = queries.undoable(by, now)
    return {
        "leaving": leaving,
        # What `z` takes back: the last decision, not what leaves last.
        "last_decided": max(leaving, key=_decided_at, default=None),
        "at_work": queries.at_work(),
        "night": night,
        "said": tally.parts(night, most=most, next_run=next_run),
        "bars": _bars(night.hours),
        "stamp": stamp,
    }


def _decided_at(row: Delivery) -> tuple[datetime.datetime, int]:
    decided = row.review.decided_at if row.review else None
    return decided or row.ready_at, row.pk


def nights_page(now: datetime.datetime) -> dict[str, Any]:
    """The last two weeks, a line each."""
    found = nights.recent(hours.here(now).date())
    return {"nights": [(night, _bars(night.hours)) for night in found]}


def night(date: datetime.date, now: datetime.datetime) -> dict[str, Any]:
    """All that is known of the night before this morning."""
    report = nights.report(date, now=now)
    day = datetime.timedelta(days=1)
    return {
        "report": report,
        "waiting": sum(report.kinds.values()),
        "night": report.night,
        "bars": _bars(report.night.hours),
        "more_done": report.night.completed - len(report.done),
        "before": date - day,
        "after": date + day if date < hours.here(now).date() else None,
    }


def queue(asked: QueryDict) -> dict[str, Any]:
    """The jobs of one state, or all that are not finished, narrowed as the address says."""
    now = timezone.now()
    form = job_filters.Filter(asked)
    before = asked.get("before", "")
    wanted = form.wanted(asked.get("state", ""))
    found = finding.page(wanted, before=int(before) if before.isdecimal() else None)
    numbers = figures.figures(now)
    whys = waiting.reasons(found.jobs, now)
    return {
        "form": form,
        "is_asked": "find" in asked,
        "waiting": numbers.waiting,
        "stamp": numbers.stamp,
        "wanted": wanted,
        "state": wanted.state,
        "rows": [(job, whys.get(job.pk) or job.reason) for job in found.jobs],
        "is_partial": found.is_partial,
        "looked_through": finding.LOOKED_THROUGH,
        "older": job_filters.address(wanted, before=found.older) if found.older else "",
        "counts": [(tally, job_filters.address(wanted, state=tally.state)) for tally in numbers.counts],
        "open_address": job_filters.address(wanted, state=""),
        "here": job_filters.address(wanted),
        "under_way": sum(tally.number for tally in numbers.counts if JobState(tally.state) in OPEN_JOB),
        "through": waiting.through(
            tasks_to_do=numbers.tasks_to_do, jobs_to_plan=numbers.jobs_to_plan, processes=numbers.processes
        ),
        "verbs": job_filters.possible(wanted).items() if found.jobs else (),
    }


def many(asked: QueryDict) -> dict[str, Any]:
    """What a verb would be done to: the jobs that the list's filter finds now."""
    wanted = job_filters.Filter(asked).wanted(asked.get("state", ""))
    jobs = finding.at_once(wanted)
    name = asked.get("verb", "")
    return {
        "name": name,
        "verb": job_filters.possible(wanted).get(name),
        "jobs": jobs,
        "is_cut": len(jobs) == finding.AT_ONCE,
        "here": job_filters.address(wanted),
        "wanted": wanted,
    }


def stamp(job_uid: str) -> str:
    """Stays the same while nothing is new on the page of this job; without one, on the inbox."""
    try:
        return figures.stamp_of_job(uuid.UUID(job_uid)) if job_uid else figures.stamp_of_inbox(timezone.now())
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
